"""Shrinkage: what is small becomes nothing, what is large passes."""

from __future__ import annotations

from actfunc.activation import Activation

RECORDS: tuple[Activation, ...] = ()
