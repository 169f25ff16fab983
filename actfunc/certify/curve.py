"""The error of an activation over the whole grid, for a figure."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.certificate import on_grid
from actfunc.certify.check import BOUNDS, word
from actfunc.formulas.formula import parse


class Curve(NamedTuple):
    """Errors in the design's measure. x: (point,), ascending; errors: (order, point), float64."""

    name: str
    dtype: str
    x: Tensor
    errors: Tensor
    bounds: tuple[float, ...]


def curve(activation: Activation, dtype: torch.dtype, formula: str | None = None) -> Curve:
    """The error of value, first and second derivative at every point of the grid."""
    text = activation.formula if formula is None else formula
    found = on_grid(activation, parse(text, tuple(activation.params)), dtype)
    return Curve(activation.spec, word(dtype), found.x, found.errors, BOUNDS)
