"""Odd functions without a bound: logarithm, root and exponential with a sign."""

from __future__ import annotations

from actfunc.activation import Activation

RECORDS: tuple[Activation, ...] = ()
