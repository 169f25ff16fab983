"""Periodic activations: sines and cosines, alone or times x."""

from __future__ import annotations

from actfunc.activation import Activation

RECORDS: tuple[Activation, ...] = ()
