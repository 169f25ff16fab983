"""Self-gated activations whose gate is composed of several functions."""

from __future__ import annotations

from actfunc.activation import Activation

RECORDS: tuple[Activation, ...] = ()
