"""Numbers as people bring them, of any kind that is one: Python's, NumPy's, a tensor without axes.

True and False are no numbers, nor is text; a whole number is not a float that happens to be one.
"""

from __future__ import annotations

import math
import numbers
from decimal import Decimal
from typing import Any

from actfunc.errors import UsageError

LARGEST = 2**31 - 1
"""Of the whole numbers that count something."""

LARGEST_SEED = 2**63 - 1
"""A seed is a number of 64 bits with a sign, as tensors have them."""


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


def seed(name: str, value: Any) -> int:
    """A seed, as `whole`: 0 or more."""
    return whole(name, value, 0, LARGEST_SEED)


def real(name: str, value: Any) -> float:
    """A finite number as a float. Raises UsageError with the name and the value."""
    found = as_number(value)
    try:
        number = math.nan if found is None else float(found)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UsageError(f"{name} must be a finite number, got {shown(value)}")
    return number


def shown(value: Any) -> str:
    """A value in a line, as Python writes it."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # of an int of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:80]}…"
