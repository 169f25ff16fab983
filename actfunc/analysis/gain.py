"""Which gain an activation needs, so that signals reach through depth; and what torch says."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.analysis.gaussian import moments
from actfunc.analysis.signal import critical_line
from actfunc.errors import UsageError


class Gain(NamedTuple):
    """Weights of standard deviation weight/√in and biases of standard deviation bias.

    weight, bias:  the recommended pair
    forward:       the gain that keeps variance 1 forward with zero biases, 1/√E[φ²]
    backward:      the gain that keeps mean squared gradients at variance 1, 1/√E[φ′²]
    critical:      whether the recommended pair keeps both; then `weight` is `backward`
    growth:        by which a deviation from variance 1 grows a layer; above 1, networks of finite
                   width wander off
    """

    weight: Tensor
    bias: Tensor
    forward: Tensor
    backward: Tensor
    critical: Tensor
    growth: Tensor

    @property
    def unstable(self) -> bool:
        """Whether deviations from variance 1 grow, by more than rounding says."""
        return float(self.growth) > 1 + 1e-6


def recommend(activation: Activation | Function) -> Gain:
    """The gain, and the biases that belong to it, that keep pre-activations at variance 1.

    Critical where it can be: gradients are kept by 1/√E[φ′²], and biases make up the variance
    that this leaves short, σ_b² = 1 - E[φ²]/E[φ′²] (Schoenholz et al. 2017, arXiv:1611.01232;
    Hayou et al. 2019, arXiv:1902.06853). Where E[φ²] is the larger there is no such bias, and the
    gain is the forward one with zero biases: values are kept and gradients shrink.
    Raises UsageError where E[φ²] is not finite or zero.
    """
    found = moments(activation, 1.0)
    if not (0 < float(found.square) < math.inf):
        raise UsageError(
            f"no gain keeps the variance: E[φ²] is {float(found.square):.3g}",
            "the activation must be finite and not zero over Gaussian inputs of variance 1",
        )
    line = critical_line(activation, torch.ones((), dtype=torch.float64))
    forward = found.square.rsqrt()
    critical = line.bias.isfinite() & (line.gain > 0) & line.gain.isfinite()
    weight = torch.where(critical, line.gain, forward)
    return Gain(
        weight=weight,
        bias=torch.where(critical, line.bias, 0.0),
        forward=forward,
        backward=line.gain,
        critical=critical,
        growth=weight**2 * found.growth,
    )


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
