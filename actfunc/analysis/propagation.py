"""What theory says of a deep network's variance and gradient, and what real networks do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import mlp
from actfunc.activation import Activation, Function
from actfunc.analysis.gaussian import moments
from actfunc.generator import seeded
from actfunc.number import whole
from actfunc.torch_private import outside_inference_mode


class Propagation(NamedTuple):
    """By affine layer, from the input on, (layer) each.

    variance:  mean square of the pre-activations
    gradient:  mean square of the gradient for them, the last layer's being 1
    """

    variance: Tensor
    gradient: Tensor


class Measured(NamedTuple):
    """Means over networks, their standard errors, and each network's own, (network, layer)."""

    mean: Propagation
    error: Propagation
    each: Propagation


class Agreement(NamedTuple):
    """How far measured networks are from the prediction, by layer, (layer) each.

    off:     mean/predicted - 1
    errors:  the same in standard errors of the mean
    """

    off: Propagation
    errors: Propagation


def predict(
    activation: Activation | Function,
    gain: float,
    bias: float = 0.0,
    *,
    depth: int = 30,
    variance: float = 1.0,
) -> Propagation:
    """What mean-field theory says of `depth` equally wide layers, the first of that variance."""
    depth = whole("depth", depth)
    variances, slopes = [torch.tensor(variance, dtype=torch.float64, device="cpu")], []
    for _ in range(depth - 1):
        found = moments(activation, variances[-1])
        variances.append(gain**2 * found.square + bias**2)
        slopes.append(gain**2 * found.slope)
    factors = torch.stack([*slopes, torch.ones((), dtype=torch.float64, device="cpu")])
    return Propagation(torch.stack(variances), factors.flip(0).cumprod(0).flip(0))


def measure(
    activation: Callable[[Tensor], Tensor],
    gain: float,
    bias: float = 0.0,
    *,
    variance: float = 1.0,
    width: int = 1024,
    depth: int = 30,
    networks: int = 10,
    examples: int = 32,
    seed: int = 0,
    on_network: Callable[[int, int], None] | None = None,
) -> Measured:
    """The same of real networks, drawn by `mlp.init` from seed, seed + 1, …

    Inputs are Gaussian, scaled so that the first layer has that variance (or `bias`², where that
    is more), and each example's gradient for the last layer is drawn from N(0, 1). float32.
    `on_network(done, networks)` is called after each. The standard errors are over networks:
    examples in one share its weights.
    """
    width, depth, examples = (
        whole(name, value)
        for name, value in {"width": width, "depth": depth, "examples": examples}.items()
    )
    networks = whole("networks", networks)
    gain, bias = mlp.checked_spread(gain, bias)
    scale = math.sqrt(max(variance - bias**2, 0.0)) / gain
    draws = []
    for index in range(networks):
        generator = seeded(seed, index)
        params = mlp.init([width] * (depth + 1), gain=gain, bias=bias, generator=generator)
        images = scale * torch.randn(
            examples, width, generator=generator, dtype=torch.float32, device="cpu"
        )
        signal = torch.randn(
            examples, width, generator=generator, dtype=torch.float32, device="cpu"
        )
        draws.append(propagate(params, activation, images, signal))
        if on_network is not None:
            on_network(index + 1, networks)
    return measured(Propagation(*(torch.stack(parts) for parts in zip(*draws, strict=True))))


def measured(each: Propagation) -> Measured:
    """The means and standard errors of networks (network, layer)."""
    return Measured(
        Propagation(*(part.mean(0) for part in each)),
        Propagation(*(part.std(0) / math.sqrt(len(part)) for part in each)),
        each,
    )


def agreement(found: Measured, predicted: Propagation) -> Agreement:
    """How the networks' means compare with the prediction."""
    off = [mean / theory - 1 for mean, theory in zip(found.mean, predicted, strict=True)]
    spread = [error / theory for error, theory in zip(found.error, predicted, strict=True)]
    return Agreement(
        Propagation(*off), Propagation(*(o / s for o, s in zip(off, spread, strict=True)))
    )


@outside_inference_mode
def propagate(
    params: mlp.Params, activation: Callable[[Tensor], Tensor], images: Tensor, signal: Tensor
) -> Propagation:
    """One network's, for images (example, in) and last-layer gradients `signal` (example, out)."""

    def forward(taps: mlp.Taps) -> tuple[Tensor, tuple[Tensor, ...]]:
        trace = mlp.trace(params, images, activation, taps)
        return trace.logits, trace.pre_activations

    zero = mlp.zero_taps(params, len(images))
    _, back, values = torch.func.vjp(  # type: ignore[misc]  # its type forgets the aux
        forward, zero, has_aux=True
    )
    [signals] = back(signal)
    return Propagation(*(_mean_squares(part) for part in (values, signals)))


def _mean_squares(layers: tuple[Tensor, ...]) -> Tensor:
    # in float64: the squares of a vanishing signal would be 0 in float32
    return torch.stack([layer.detach().double().square().mean() for layer in layers])
