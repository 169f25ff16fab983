"""The certificate that the package keeps of a record, in one line."""

from __future__ import annotations

from functools import cache
from typing import Any

from actfunc.certify import kept


def certified(spec: str) -> str:
    """How far off the record is at its worst, and by which torch; empty where nothing is kept."""
    made, certificates = _kept()
    if spec not in certificates:
        return ""
    worst = [
        (float(ulp), dtype)
        for dtype, orders in certificates[spec]["worst"].items()
        for ulp, _, _ in orders.values()
        if dtype in ("float64", "float32")
    ]
    verdict = "held" if certificates[spec]["held"] else "NOT HELD"
    ulp, dtype = max(worst)
    return f"{verdict}, worst {ulp:.2f} ulp ({dtype}); torch {made['torch'].partition('+')[0]}"


@cache
def _kept() -> tuple[dict[str, Any], kept.Kept]:
    return kept.load()
