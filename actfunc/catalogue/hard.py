"""Hard activations: the straight pieces that stand in for a smooth function, and end in corners."""

from __future__ import annotations

from actfunc.activation import Activation

RECORDS: tuple[Activation, ...] = ()
