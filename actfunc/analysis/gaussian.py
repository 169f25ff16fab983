"""Averages over Gaussian inputs by quadrature, split where the function or a derivative jumps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.given import record_of

# in standard deviations: at 38 the density is 1e-314, so that nothing that float64 can hold is
# lost behind it, neither of exponentials, whose squares weigh most where the density is small
_TAIL = torch.arange(11.0, 39.0, 3.0, dtype=torch.float64, device="cpu")
_MIDDLE = torch.arange(-8.0, 8.5, 0.5, dtype=torch.float64, device="cpu")
_IN_DEVIATIONS = torch.cat([-_TAIL.flip(0), _MIDDLE, _TAIL])
_REACH = float(_TAIL[-1])
# in inputs: what bends near 0 does so in a part of a standard deviation where the variance is wide
_BENDS = 2.0 ** torch.arange(-6, 6, dtype=torch.float64, device="cpu")
_IN_INPUTS = torch.cat([-_BENDS.flip(0), torch.zeros(1, dtype=torch.float64, device="cpu"), _BENDS])
_RULE = tuple(map(torch.from_numpy, np.polynomial.legendre.leggauss(32)))
"""Gauss and Legendre's: places in [-1, 1] and their weights."""

_NEAR_POLE = tuple(2.0**-k for k in range(60))


class Moments(NamedTuple):
    """Averages over inputs x of mean 0 and a variance v; each has the shape of v.

    mean:    E[φ(x)]
    square:  E[φ(x)²], the catalogue of published figures calls it q
    slope:   E[φ′(x)²], called χ; without what a jump of φ would add to it
    growth:  dE[φ(x)²]/dv
    """

    mean: Tensor
    square: Tensor
    slope: Tensor
    growth: Tensor


def moments(
    activation: Activation | Function, variance: Tensor | float, *, split: int = 2
) -> Moments:
    """The averages at pre-activations of the given variance (any shape), in float64.

    Gauss and Legendre's rule of 32 nodes on panels between the joints, half a standard deviation
    wide and narrower near 0; each panel is cut into `split`. The growth is E[φ²·(z² - 1)] / 2v
    with z = x/√v, which holds where φ jumps as well. A slope whose square has no integral, as that
    of √|x|, gives an infinite one.
    """
    record = record_of(activation)
    variance = as_variance(variance)
    x, z, root = nodes(variance, edges=edges(record), split=split)
    # a panel between two joints at one place has no width, and an infinite slope there no say
    value, slope = (torch.where(root > 0, part(x) * root, 0.0) for part in (record.f, record.df))
    square = value.square()
    return Moments(
        mean=(value * root).sum(-1),
        square=square.sum(-1),
        slope=slope.square().sum(-1) + _without_integral(record).to(variance.device),
        growth=(square * (z.square() - 1)).sum(-1) / (2 * variance),
    )


def as_variance(variance: Tensor | float) -> Tensor:
    """A variance, or several, in float64: on their own device, numbers on the CPU."""
    device = variance.device if isinstance(variance, Tensor) else "cpu"
    return torch.as_tensor(variance, dtype=torch.float64, device=device)


def moments_error(activation: Activation | Function, variance: Tensor | float) -> Moments:
    """How far `moments` moves when every panel is cut in two: the quadrature's own error."""
    coarse, fine = (moments(activation, variance, split=split) for split in (1, 2))
    # infinite less infinite is no error
    return Moments(
        *(torch.where(a == b, 0.0, (a - b).abs()) for a, b in zip(coarse, fine, strict=True))
    )


def edges(record: Activation) -> tuple[float, ...]:
    """Where the panels must end for this activation: its joints, and ever closer to its poles."""
    near = (pole + side * step for pole in record.poles for step in _NEAR_POLE for side in (-1, 1))
    return (*record.joint_points, *record.poles, *near)


def nodes(
    variance: Tensor, *, edges: Sequence[float] = (), split: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """Where to evaluate, as inputs x and in deviations z, and the square roots of the weights.

    Shapes (..., node) for a `variance` of shape (...). A sum of squares is taken of values times
    the root: the weight of a far node and the square of a value may both overflow.
    """
    deviation = variance.clamp(min=1e-300).sqrt().unsqueeze(-1)
    points = torch.cat([_IN_INPUTS, torch.tensor(edges, dtype=torch.float64, device="cpu")]).to(
        variance.device
    )
    moved = (points / deviation).clamp(-_REACH, _REACH)
    fixed = _IN_DEVIATIONS.to(variance.device).expand(*moved.shape[:-1], -1)
    # z stands still while gradients for the variance pass through x: a root of width 0 has none
    ends = torch.cat([fixed, moved], -1).sort(-1).values.detach()
    parts = torch.arange(split, dtype=torch.float64, device=variance.device) / split
    width = ends.diff(dim=-1).unsqueeze(-1)
    starts = (ends[..., :-1, None] + width * parts).flatten(-2)
    half = (width / (2 * split)).expand(*width.shape[:-1], split).flatten(-2).unsqueeze(-1)
    places, weights = (part.to(variance.device) for part in _RULE)
    z = (starts.unsqueeze(-1) + half * (1 + places)).flatten(-2)
    density = torch.exp(-z.square() / 4) / (2 * math.pi) ** 0.25
    return deviation * z, z, (half * weights).flatten(-2).sqrt() * density


def _without_integral(record: Activation) -> Tensor:
    """Infinite where a pole of the slope is too strong for its square to have an integral, else 0.

    Next to the pole the slope is a power of the distance d: d·φ′² must fall with d.
    """
    most = torch.zeros((), dtype=torch.float64, device="cpu")
    for pole in record.poles:
        for side in (-1.0, 1.0):
            d = torch.tensor([2.0**-20, 2.0**-30], dtype=torch.float64, device="cpu")
            far, close = (d * record.df(pole + side * d).square()).unbind()
            most = torch.where(close > far / 2, math.inf, most)
    return most
