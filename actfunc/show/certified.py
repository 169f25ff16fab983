"""The certificate that the package keeps of a record, in one line."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from actfunc.activation import Activation
from actfunc.certify import kept
from actfunc.formulas.record import worst_of

EPS = (2.0**-52, 2.0**-23)


def digits(record: Activation) -> str:
    """How many digits of a formula are right, where it was asked when it was first met."""
    words = []
    for name, eps, ulps in zip(("float64", "float32"), EPS, worst_of(record), strict=True):
        right = [max(0.0, -math.log10(max(ulp, 0.5) * eps)) for ulp in ulps]
        words.append(f"{', '.join(f'{each:.1f}' for each in right)} in {name}")
    return f"{'; '.join(words)} (f, f′, f″, at the worst of some hundred points)"


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
