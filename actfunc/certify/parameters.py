"""The derivative with respect to a parameter, as a learnable leaf gets it, against the formula."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import Point, word
from actfunc.certify.formula import Formula
from actfunc.certify.oracle import truth

DIGITS_LOST = 2.0**10
"""How many units of rounding of |∂f/∂p| + |f| + 1 the derivative by a parameter may be off. It is
autograd's, made from f as written, and is added up over a batch: it is judged on that scale."""

REACH, POINTS = 30.0, 601


class Parameter(NamedTuple):
    """∂f/∂p at points of [-30, 30], the joints and the ends of the dtype.

    worst: the largest deviation, `ulp` in units of what is allowed; above 1 it does not hold.
    """

    name: str
    dtype: str
    points: int
    worst: Point
    held: bool


def parameters(
    activation: Activation, formula: Formula, dtype: torch.dtype
) -> tuple[Parameter, ...]:
    """Every parameter of the activation, in the order of the record."""
    info = torch.finfo(dtype)
    x = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64).to(dtype)
    spots = [*activation.joint_points, 0.0, info.max / 8, info.min / 8, 1e3, -1e3]
    x = torch.cat([x, torch.tensor(spots, dtype=dtype)])
    x = x[~torch.isin(x, torch.tensor(activation.poles, dtype=dtype))]
    return tuple(_judge(activation, formula, x, name) for name in activation.params)


def slope_by(activation: Activation, name: str, x: Tensor) -> Tensor:
    """∂f/∂name at each point of x, by plain backward through the lifted function."""
    leaf = torch.full_like(x, activation.params[name]).requires_grad_()
    y = activation(x, order=2, **{name: leaf})
    if not y.requires_grad:  # where a jump is, say: that has no slope
        return torch.zeros_like(x)
    (got,) = torch.autograd.grad(y.sum(), leaf, allow_unused=True)
    return torch.zeros_like(x) if got is None else got


def _judge(activation: Activation, formula: Formula, x: Tensor, name: str) -> Parameter:
    setting = float(torch.tensor(activation.params[name], dtype=x.dtype))
    true = truth(formula, x, {**activation.params, name: setting}, wrt=name)
    got = slope_by(activation, name, x)
    largest = torch.finfo(x.dtype).max
    value, wanted = (part.clamp(-largest, largest) for part in true.hi[:2])
    scale = wanted.abs() + value.abs() + 1
    off = (got.double().clamp(-largest, largest) - wanted).abs() / scale
    off = off / (DIGITS_LOST * torch.finfo(x.dtype).eps)
    off = torch.where(got.isnan() | ~true.known, torch.inf, off)
    at = int(off.argmax())
    worst = Point.of((x, got, true.hi[1], off), at)
    return Parameter(name, word(x.dtype), len(x), worst, worst.ulp <= 1)
