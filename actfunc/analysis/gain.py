"""Which gain an activation needs, so that signals reach through depth; and what torch says."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.analysis.gaussian import moments
from actfunc.analysis.signal import CriticalLine, critical_line, variance_map
from actfunc.errors import UnknownNameError, UsageError
from actfunc.training import initialisation

RECOMMENDED = "recommended"
"""In place of an initialisation's spec: what `recommend` gives for the activation."""

_VARIANCES = 10 ** (torch.arange(-30, 31, dtype=torch.float64, device="cpu") / 10)
"""Of the fixed points a pair is looked for at: ten a decade, 1 among them."""

_SHRINKS = 0.95
"""A deviation is halved in 14 layers."""

_ROUNDING = 1e-6
"""Of a growth: well above that of a quadrature."""


class Gain(NamedTuple):
    """Weights of standard deviation weight/√in and biases of standard deviation bias.

    weight, bias:  the recommended pair
    variance:      of the pre-activations that it keeps
    forward:       the gain that keeps variance 1 forward with zero biases, 1/√E[φ²]
    backward:      the gain that keeps mean squared gradients at variance 1, 1/√E[φ′²]
    critical:      whether the recommended pair keeps gradients as well
    growth:        by which a deviation from that variance grows a layer; above 1, networks of
                   finite width wander off
    """

    weight: Tensor
    bias: Tensor
    variance: Tensor
    forward: Tensor
    backward: Tensor
    critical: Tensor
    growth: Tensor

    @property
    def unstable(self) -> bool:
        """Whether deviations from the variance grow, by more than rounding says."""
        return float(self.growth) > 1 + _ROUNDING

    @property
    def spec(self) -> str:
        """The recommended pair as `Settings.init` is written."""
        return f"gaussian:gain={float(self.weight)!r},bias={float(self.bias)!r}"


def recommend(activation: Activation | Function) -> Gain:
    """The pair that keeps both values and gradients in depth, as near to variance 1 as it can be.

    On the critical line gradients are kept by σ_w = 1/√E[φ′²], and biases make up the variance
    that this leaves short (Schoenholz et al. 2017, arXiv:1611.01232; Hayou et al. 2019,
    arXiv:1902.06853). Its point of variance 1 is taken where deviations from it do not grow, else
    the nearest where they shrink by a twentieth a layer, else the one where they shrink fastest.
    Without any it is the point of variance 1 all the same, or where there is none either, the gain
    that keeps that variance with zero biases while gradients shrink.
    Raises UsageError where E[φ²] is not finite or zero.
    """
    found = moments(activation, 1.0)
    if not (0 < float(found.square) < math.inf):
        raise UsageError(
            f"no gain keeps the variance: E[φ²] is {float(found.square):.3g}",
            "the activation must be finite and not zero over Gaussian inputs of variance 1",
        )
    line = critical_line(activation, _VARIANCES)
    good = line.bias.isfinite() & (line.gain > 0) & line.gain.isfinite()
    at = int(_VARIANCES.log().abs().argmin())
    critical = bool(good[at])
    if not (critical and float(line.growth[at]) <= 1 + _ROUNDING):
        steady = good & (line.growth < 1 - _ROUNDING) & _comes_back(activation, line)
        if steady.any():
            at, critical = _nearest(line, steady), True
    forward = found.square.rsqrt()
    return Gain(
        weight=line.gain[at] if critical else forward,
        bias=line.bias[at] if critical else torch.zeros_like(forward),
        variance=_VARIANCES[at],
        forward=forward,
        backward=found.slope.rsqrt(),
        critical=torch.tensor(critical, device="cpu"),
        growth=line.growth[at] if critical else forward**2 * found.growth,
    )


def _comes_back(activation: Activation | Function, line: CriticalLine) -> Tensor:
    # half and twice the variance are nearer to it one layer on: no other fixed point is close
    kept = torch.ones_like(line.variance, dtype=torch.bool)
    for factor in (0.5, 2.0):
        moved = variance_map(activation, factor * line.variance, line.gain, line.bias)
        ratio = moved / line.variance
        kept &= (ratio > 0.5) & (ratio < 2)
    return kept


def _nearest(line: CriticalLine, steady: Tensor) -> int:
    fast = steady & (line.growth <= _SHRINKS)
    if fast.any():
        return int(line.variance.log().abs().where(fast, math.inf).argmin())
    return int(line.growth.where(steady, math.inf).argmin())


def spec_for(init: str, activation: Activation | Function) -> str:
    """What an initialisation is for an activation: RECOMMENDED its pair, any other spec itself."""
    return recommend(activation).spec if canonical_init(init) == RECOMMENDED else init


def canonical_init(init: str) -> str:
    """The one spec of an initialisation, RECOMMENDED as it is.

    Raises UnknownNameError (with the nearest names) or UsageError.
    """
    if init == RECOMMENDED:
        return init
    try:
        return initialisation.canonical(init)
    except UnknownNameError:
        known = (*initialisation.INITIALISATIONS.names(), RECOMMENDED)
        hint = f"accepted: {', '.join(known)}"
        name = init.partition(":")[0]
        raise UnknownNameError.among("initialisation", name, known, hint) from None


def torch_gain(activation: Activation) -> float | None:
    """torch.nn.init.calculate_gain's for the same function, None where torch has none."""
    if activation.place:
        return None
    match activation.name:
        case "identity":
            return torch.nn.init.calculate_gain("linear")
        case "leaky_relu":
            return torch.nn.init.calculate_gain("leaky_relu", activation.params["negative_slope"])
        case "sigmoid" | "tanh" | "relu" | "selu" as name:
            return torch.nn.init.calculate_gain(name)
        case _:
            return None
