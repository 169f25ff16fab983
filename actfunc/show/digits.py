"""A number beside its error, with the digits that the error leaves it."""

from __future__ import annotations

import math

SIGNIFICANT = 3


def with_error(value: float, error: float) -> str:
    """`345 ± 2`, `-2.1 ± 0.1`; the number alone, in three digits, where its error shows in none of
    them or is not known."""
    shown = f"{value:.{SIGNIFICANT}g}"
    if not (math.isfinite(value) and math.isfinite(error)) or error == 0:
        return shown
    size = math.floor(math.log10(abs(value))) if value else None
    # of the error as it is shown: 0.096 is 0.1
    place = math.floor(math.log10(float(f"{error:.1g}")))
    if size is not None and place <= size - SIGNIFICANT:
        return shown
    largest = place if size is None else max(size, place)
    if -SIGNIFICANT <= largest < SIGNIFICANT + 2:
        decimals = max(0, -place)
        return f"{value:.{decimals}f} ± {float(f'{error:.1g}'):.{decimals}f}"
    return f"{value:.{max(0, largest - place)}e} ± {error:.0e}"
