"""The error of an activation over the whole grid, for a figure."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import BOUNDS, measured, word
from actfunc.certify.formula import parse
from actfunc.certify.grids import grid
from actfunc.certify.oracle import truth


class Curve(NamedTuple):
    """Errors in the design's measure. x: (point,), ascending; errors: (order, point), float64."""

    name: str
    dtype: str
    x: Tensor
    errors: Tensor
    bounds: tuple[float, ...]


def curve(activation: Activation, dtype: torch.dtype, formula: str | None = None) -> Curve:
    """The error of value, first and second derivative at every point of the grid."""
    x = grid(activation, dtype)
    text = activation.formula if formula is None else formula
    true = truth(parse(text, tuple(activation.params)), x, activation.params)
    siblings = (activation.f, activation.df, activation.d2f)
    errors = measured([sibling(x).detach() for sibling in siblings], true, x)
    return Curve(activation.spec, word(dtype), x, errors, BOUNDS)
