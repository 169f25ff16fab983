"""Records as plain data that JSON can hold."""

from __future__ import annotations

import math
from typing import Any


def as_plain(value: Any) -> Any:
    """NamedTuples as dicts, tuples as lists, numbers beyond JSON as the words inf, -inf and nan."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: as_plain(item) for key, item in value._asdict().items()}
    if isinstance(value, (tuple, list)):
        return [as_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
