"""How far a signal carries: its variance forward and its gradient backward, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vjp

from actfunc import number
from actfunc.generator import seeded
from actfunc.given import first_order
from actfunc.torch_private import outside_inference_mode
from actfunc.training import initialisation

HOLDS_WITHIN = 1.0
"""Decades that a size may change through the whole depth and still hold: a factor of 10."""


class Stack(NamedTuple):
    """A stack of equal layers and what is sent through it.

    weights: (layer, width, width); biases: (layer, width); inputs: (width, example), what the
    first layer reads; signal: (width, example), the gradient that arrives at the last layer.
    """

    weights: Tensor
    biases: Tensor
    inputs: Tensor
    signal: Tensor


class Carried(NamedTuple):
    """Of each layer's pre-activations, decimal logarithms, (layer) each.

    variance: the mean square, over neurons and examples; as weights have mean 0, so have the
              pre-activations, and it is their variance over initialisations
    gradient: the norm of the gradient with respect to them, relative to the last layer's

    A vanished or overflowed one is ∓inf: beyond what a float64 holds. Where the pre-activations
    have overflowed a gradient means nothing and is NaN; it is then relative to the last layer
    that has not.
    """

    variance: Tensor
    gradient: Tensor


class Course(NamedTuple):
    """A size through the layers over several initialisations, in decades.

    mean, standard_error: (layer); the error is NaN from one initialisation
    rate:                 the slope in decades a layer, least squares over the layers that are
                          finite; NaN where fewer than two are. Forward from layer to layer for
                          the variance, backward for the gradient: negative means vanishing
    rate_error:           its standard error over the initialisations
    factor, factor_error: the same as a factor a layer, 10^rate, and its standard error
    verdict:              vanishes, explodes or holds
    """

    mean: Tensor
    standard_error: Tensor
    rate: float
    rate_error: float
    factor: float
    factor_error: float
    verdict: str


def draw(
    depth: int,
    width: int,
    *,
    init: str = "linear",
    seed: int = 0,
    examples: int = 16,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Stack:
    """A random stack. Inputs and the last gradient are standard normal, drawn on the CPU.

    init: how weights and biases are drawn, as of `Settings`: `linear`, `gaussian:gain=1.41`.
    """
    depth, width = number.whole("depth", depth), number.whole("width", width)
    examples = number.whole("examples", examples)
    generator = seeded(seed)
    params = initialisation.named(init)((width,) * (depth + 1), generator)
    weights, biases = map(torch.stack, zip(*params, strict=True))
    inputs, signal = torch.randn(2, width, examples, generator=generator, dtype=dtype, device="cpu")
    return Stack(*(part.to(device, dtype) for part in (weights, biases, inputs, signal)))


@outside_inference_mode
def carry(activation: Callable[[Tensor], Tensor], stack: Stack) -> Carried:
    """Send the inputs forward and the gradient back through a stack.

    The gradient is scaled to norm 1 in every layer and the logarithms add up, so that it never
    underflows; squares are taken of what has been divided by its largest value.
    """
    phi = first_order(activation)
    pre_activations, read = [], stack.inputs
    for weight, bias in zip(stack.weights, stack.biases, strict=True):
        pre_activations.append(weight @ read + bias[:, None])
        read = phi(pre_activations[-1])
    variance = [2 * _log_rms(z) for z in pre_activations]
    signal = stack.signal / stack.signal.norm()
    far = torch.zeros_like(variance[0])
    gradient = [_unless_overflowed(variance[-1], far)]
    for layer in range(len(variance) - 2, -1, -1):
        z, weight = pre_activations[layer], stack.weights[layer + 1]
        back = vjp(phi, z)[1](weight.mT @ signal)[0]
        norm = _log_rms(back) + 0.5 * math.log10(back.numel())
        # from the last layer that has not overflowed on it starts anew
        begins = variance[layer + 1] == math.inf
        # the direction of an infinite gradient is lost, and it stays infinite
        far = torch.where(begins, 0.0, torch.where(far == math.inf, far, far + norm))
        alive = norm.isfinite() & ~begins
        fresh = torch.where(begins, stack.signal / stack.signal.norm(), torch.zeros_like(back))
        unit = back / torch.where(alive, back.abs().amax(), 1.0)  # its norm may overflow
        signal = torch.where(alive, unit / torch.where(alive, unit.norm(), 1.0), fresh)
        gradient.append(_unless_overflowed(variance[layer], far))
    return Carried(torch.stack(variance), torch.stack(gradient[::-1]))


def course_of_variance(carried: Sequence[Carried]) -> Course:
    """The variance's course over initialisations; holds within twice HOLDS_WITHIN, as it is the
    square of a size."""
    return _course(torch.stack([one.variance for one in carried]), 2 * HOLDS_WITHIN)


def course_of_gradient(carried: Sequence[Carried]) -> Course:
    """The gradient norm's course over initialisations, from the last layer back to the first."""
    found = torch.stack([one.gradient for one in carried])
    course = _course(found.flip(-1), HOLDS_WITHIN)
    return course._replace(mean=course.mean.flip(0), standard_error=course.standard_error.flip(0))


def _course(decades: Tensor, bound: float) -> Course:
    """decades: (initialisation, layer), in the order in which the signal goes.

    What counts is the change that the rate makes over the whole depth, not the rate: a loss of a
    hundredth a layer is nothing in ten layers. Something infinite decides at once.
    """
    layers = decades.shape[1]
    mean = decades.mean(dim=0)
    error = _error(decades)
    usable = decades.isfinite().all(dim=0)
    rate = rate_error = math.nan
    if usable.sum() >= 2:
        x = torch.arange(layers, dtype=decades.dtype, device=decades.device)[usable]
        x = x - x.mean()
        slopes = (decades[:, usable] * x).sum(dim=1) / x.square().sum()
        rate, rate_error = float(slopes.mean()), float(_error(slopes))
    change = rate * (layers - 1) if layers > 1 else 0.0
    if (decades == math.inf).any() or change > bound:
        verdict = "explodes"
    elif (decades == -math.inf).any() or change < -bound:
        verdict = "vanishes"
    else:
        verdict = "holds"
    factor = float(
        torch.tensor(10.0, dtype=torch.float64, device="cpu") ** rate
    )  # infinite past 10^308
    return Course(
        mean, error, rate, rate_error, factor, math.log(10) * factor * rate_error, verdict
    )


def _error(values: Tensor) -> Tensor:
    count = len(values)
    if count < 2:
        return torch.full_like(values[0], math.nan)
    return values.std(dim=0) / math.sqrt(count)


def _log_rms(values: Tensor) -> Tensor:
    """log₁₀ of the root mean square, without a square that under- or overflows; NaN is +inf, as
    it comes of an overflow only."""
    largest = values.abs().amax()
    scaled = values / torch.where(largest > 0, largest, 1.0)
    found = largest.log10() + 0.5 * scaled.square().mean().log10()
    found = torch.where(largest > 0, found, -math.inf)
    return torch.where(values.isfinite().all(), found, math.inf)


def _unless_overflowed(variance: Tensor, value: Tensor) -> Tensor:
    return torch.where(variance == math.inf, math.nan, value)
