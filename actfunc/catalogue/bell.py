"""Bells and valleys: even functions with one extremum."""

from __future__ import annotations

from actfunc.activation import Activation

RECORDS: tuple[Activation, ...] = ()
