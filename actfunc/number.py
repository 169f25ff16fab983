"""Numbers as people bring them, of any kind that is one: Python's, NumPy's, a tensor without axes.

True and False are no numbers, nor is text; a whole number is not a float that happens to be one.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from actfunc.errors import UsageError

LARGEST = 2**31 - 1
"""Of the whole numbers that count something."""

LARGEST_SEED = 2**63 - 1
"""A seed is a number of 64 bits with a sign, as a tensor holds it."""

SMALLEST, GREATEST = 2.0**-126, 2.0**127 * (2 - 2.0**-23)
"""Of float32's normal numbers, in which networks are trained."""


def as_number(value: Any) -> int | float | None:
    """The number that a value is: an int where it is whole by its kind, else a float; None of what
    is none, or no number of the line, or too large for a float."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # NumPy's, and tensors
        value = value.item()
    if isinstance(value, bool):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    if not isinstance(value, (numbers.Real, Decimal)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):  # of Decimal("sNaN"), of 10**999 / 3
        return None


def whole(name: str, value: Any, least: int = 1, most: int = LARGEST) -> int:
    """A whole number from `least` to `most`. Raises UsageError with the name and the value."""
    found = as_number(value)
    if not isinstance(found, int) or found < least:
        raise UsageError(f"{name} must be a whole number, {least} or more, got {shown(value)}")
    if found > most:
        raise UsageError(f"{name} must be a whole number, {most} or less, got {shown(value)}")
    return found


def seed(value: Any, name: str = "seed") -> int:
    """A seed, as `whole`: 0 or more."""
    return whole(name, value, 0, LARGEST_SEED)


def real(name: str, value: Any, words: str, holds: Callable[[float], bool]) -> float:
    """A number that `holds`, as a float; words: which those are, "a positive number".

    Raises UsageError with the name and the value. NaN is never one.
    """
    found = as_number(value)
    try:
        number = math.nan if found is None else float(found)
    except OverflowError:  # an int of hundreds of digits
        number = math.nan
    if math.isnan(number) or not holds(number):
        raise UsageError(f"{name} must be {words}, got {shown(value)}")
    return number + 0.0  # of the two zeros that without a sign


def positive(name: str, value: Any) -> float:
    """A number above 0 of those that float32 has in full, as `real`."""
    words = "a number above 0 that float32 holds in full"
    return real(name, value, words, lambda number: SMALLEST <= number <= GREATEST)


def not_negative(name: str, value: Any) -> float:
    """A number of float32's from 0 on, as `real`."""
    words = "a finite number that float32 holds, 0 or more"
    return real(name, value, words, lambda number: 0 <= number <= GREATEST)


def flag(name: str, value: Any) -> bool:
    """True or False, also NumPy's. Raises UsageError with the name and the value."""
    found = value.item() if getattr(value, "ndim", None) == 0 else value
    if not isinstance(found, bool):
        raise UsageError(f"{name} must be True or False, got {shown(value)}")
    return found


def shown(value: Any) -> str:
    """A value in a line, as Python writes it."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # of an int of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:80]}…"
