"""Records as plain data that JSON can hold."""

from __future__ import annotations

import math
from typing import Any


def as_plain(value: Any) -> Any:
    """NamedTuples as dicts, tuples as lists, numbers beyond JSON as the words inf, -inf and nan.

    A field that has a default and stands at it is left out.
    """
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        silent = getattr(value, "_field_defaults", {})
        return {
            key: as_plain(item)
            for key, item in value._asdict().items()
            if key not in silent or item != silent[key]
        }
    if isinstance(value, (tuple, list)):
        return [as_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
