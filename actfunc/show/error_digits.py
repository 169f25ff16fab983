"""Numbers of certificates as text: errors and points in few characters, values in all theirs."""

from __future__ import annotations

import math


def ulps(ulp: float) -> str:
    """An error in at most five characters: 0.52, 364, 2e11, inf."""
    if ulp >= 1e4:
        return exponential(ulp)
    return f"{ulp:.2f}" if ulp < 100 else f"{ulp:.0f}"


def place(x: float) -> str:
    """A point in at most seven characters: -0.958, 364, 2e-11."""
    if x == 0 or 0.01 <= abs(x) < 1e4:
        return f"{x:.0f}" if abs(x) >= 100 else f"{x:.3g}"
    return exponential(x)


def exponential(number: float) -> str:
    """A number by one digit and its power of ten: 2e-11; what is not finite by its name."""
    if not math.isfinite(number):
        return str(number)
    digits, _, exponent = f"{number:.0e}".partition("e")
    return f"{digits}e{int(exponent)}"


def numbers(dtype: str, *values: float | None) -> list[str]:
    """Values with all the digits that tell them from their neighbours; None is left empty."""
    digits = 17 if dtype == "float64" else 9
    return ["" if value is None else f"{value:.{digits}g}" for value in values]
