"""Gated pairs: a value times what an activation makes of a second input, the gate.

To add one, write it into `RECORDS`. Tests and certificates take it from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from torch import Tensor, exp, tanh, where
from torch.special import erfc, erfcx

from actfunc.activation import Activation
from actfunc.catalogue import polynomial, rectified, sigmoidal
from actfunc.catalogue.logistic import within_reach
from actfunc.catalogue.named import ByName
from actfunc.gated import GatedPair, PairFunction
from actfunc.numerics.floats import finite, lowest

Decaying: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor | None]]
"""A function as a factor and an exponent, factor·e^exponent; no exponent where nothing decays."""


class Gate(NamedTuple):
    """A gate with its two derivatives.

    A closed gate is kept as an exponent: as a number it would be subnormal or zero before a large
    value, which the product with it is not, has its say.
    """

    value: Decaying
    slope: Decaying
    curvature: Decaying


def _pair(
    name: str,
    formula: str,
    gate: Gate | Activation,
    source: str,
    aliases: tuple[str, ...] = (),
    *,
    value: str = "identity",
) -> GatedPair:
    """value(x)·gate(gate) with its partials: products of the two sides' own derivatives."""
    left = _ELEMENTWISE[value]
    joints = gate.joint_points if isinstance(gate, Activation) else ()
    right = _plain(gate) if isinstance(gate, Activation) else gate

    def partial(by_x: int, by_gate: int) -> PairFunction:
        side = (left.f, left.df, left.d2f)[by_x]

        def sibling(x: Tensor, gate: Tensor) -> Tensor:
            if by_x or by_gate:  # derivatives at infinity are those at the largest number
                x, gate = finite(x), finite(gate)
            factor, exponent = right[by_gate](gate)
            if exponent is None:
                return side(x) * factor
            half, value = exp(0.5 * exponent), side(x)
            # far out half of the exponent at a time; elsewhere one rounding of it is less
            near = value * (factor * exp(exponent))
            return where(exponent > FAR, near, value * half * factor * half)

        return sibling

    orders = (0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)
    f, fx, fg, fxx, fxg, fgg = (partial(*order) for order in orders)
    return GatedPair(name, formula, f, fx, fg, fxx, fxg, fgg, joints, source, aliases)


def _plain(record: Activation) -> Gate:
    def as_factor(function: Callable[[Tensor], Tensor]) -> Decaying:
        return lambda g: (function(g), None)

    return Gate(*map(as_factor, (record.f, record.df, record.d2f)))


def _falling(g: Tensor) -> Tensor:
    # the exponent of e^g on the left, 0 on the right
    return g.clamp(max=0.0)


def _squared(e: Tensor) -> Tensor:
    # (1 + e)², in which the rounding of 1 + e would count twice
    return 1 + e * (2 + e)


def _silu_slope(g: Tensor) -> tuple[Tensor, Tensor]:
    g, e = within_reach(g), exp(-g.abs())
    return where(g > 0, 1 + e * (1 + g), e + 1 + g) / (1 + e) ** 2, _falling(g)


def _silu_curvature(g: Tensor) -> tuple[Tensor, Tensor]:
    a, e = within_reach(g).abs(), exp(-g.abs())
    return (2 - a + e * (2 + a)) / (1 + e) ** 3, -a


FAR = -40.0
"""The exponent from which on e^exponent may be too small by itself."""

CLOSED = -5.0
"""Below, the normal distribution is e^(-g²/2) times something; above, erfc has all its digits."""


def _gelu_exponent(g: Tensor) -> Tensor:
    left = within_reach(g)
    return where(g > CLOSED, 0.0, -0.5 * left * left)


def _normal_cdf(g: Tensor) -> Tensor:
    z = -g * math.sqrt(0.5)
    return 0.5 * where(g > CLOSED, erfc(z), erfcx(z.clamp(min=0.0)))


def _gelu_slope(g: Tensor) -> tuple[Tensor, Tensor]:
    g = within_reach(g)
    density = where(g > CLOSED, exp(-0.5 * g * g), 1.0) / math.sqrt(2 * math.pi)
    return _normal_cdf(g) + g * density, _gelu_exponent(g)


def _gelu_curvature(g: Tensor) -> tuple[Tensor, Tensor]:
    g = within_reach(g)
    return (2 - g * g) / math.sqrt(2 * math.pi), -0.5 * g * g


SIGMOID = Gate(
    lambda g: (1 / (1 + exp(-g.abs())), _falling(g)),
    lambda g: (1 / _squared(exp(-g.abs())), -g.abs()),
    lambda g: (-tanh(0.5 * g) / _squared(exp(-g.abs())), -g.abs()),
)
SILU = Gate(
    lambda g: (lowest(g) / (1 + exp(-g.abs())), _falling(g)),
    _silu_slope,
    _silu_curvature,
)
GELU = Gate(
    lambda g: (lowest(g) * _normal_cdf(lowest(g)), _gelu_exponent(g)),
    _gelu_slope,
    _gelu_curvature,
)

_ELEMENTWISE = {
    record.name: record
    for family in (polynomial, rectified, sigmoidal)
    for record in family.RECORDS
}
_DAUPHIN = "Dauphin et al. 2017, arXiv:1612.08083"
_SHAZEER = "Shazeer 2020, GLU variants improve transformer, arXiv:2002.05202"
_OORD = "van den Oord et al. 2016, Conditional image generation with PixelCNN, arXiv:1606.05328"
_GELU = "x * gate * erfc(-gate / sqrt(2)) / 2"

RECORDS = (
    _pair("glu", "x / (1 + exp(-gate))", SIGMOID, _DAUPHIN, ("gated_linear_unit",)),
    _pair("bilinear", "x * gate", _ELEMENTWISE["identity"], _SHAZEER, ("bilinear_glu",)),
    _pair("reglu", "x * gate if gate > 0 else 0", _ELEMENTWISE["relu"], _SHAZEER, ("relu_glu",)),
    _pair("geglu", _GELU, GELU, _SHAZEER, ("gelu_glu",)),
    _pair("swiglu", "x * gate / (1 + exp(-gate))", SILU, _SHAZEER, ("silu_glu", "swish_glu")),
    _pair("gtu", "tanh(x) / (1 + exp(-gate))", SIGMOID, _OORD, ("gated_tanh",), value="tanh"),
)

PAIRS: ByName[GatedPair] = ByName("gated pair", RECORDS)
