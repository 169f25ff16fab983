"""Each example's own gradient, never formed: a layer's is the outer product of two vectors.

Norms and squares of outer products are products of those of the vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.data import intake
from actfunc.given import first_order, taken, value_of
from actfunc.torch_private import outside_inference_mode


class LayerExamples(NamedTuple):
    """Each example's gradient for one layer, as the two vectors it is made of.

    signal:  gradient of the example's loss with respect to the pre-activations, (…, batch, out)
    read:    what the layer read, (…, batch, in)

    The weight's gradient of example n is the outer product of signal[n] and read[n], (out, in);
    the bias's is signal[n].
    """

    signal: Tensor
    read: Tensor


class Norms(NamedTuple):
    """Norms of each example's gradient, (…, batch, layer) each."""

    weight: Tensor
    bias: Tensor

    @property
    def layer(self) -> Tensor:
        """Of weight and bias together, (…, batch, layer)."""
        return torch.hypot(self.weight, self.bias)

    @property
    def whole(self) -> Tensor:
        """Of the whole network's gradient, (…, batch)."""
        return _norm(self.layer)


class GradientMoments(NamedTuple):
    """Over the examples, for every weight and bias of one layer: shaped like the layer.

    mean:    of the gradient: the gradient of the mean loss
    square:  of the gradient's square, the second moment
    """

    mean: mlp.Layer
    square: mlp.Layer

    @property
    def variance(self) -> mlp.Layer:
        """Mean squared distance from the mean (it divides by n), square − mean².

        The difference loses digits where all examples agree; it is never below 0.
        """
        return mlp.Layer(
            *(torch.addcmul(s, m, m, value=-1).clamp_(min=0) for m, s in zip(*self, strict=True))
        )

    @property
    def signal_to_noise(self) -> mlp.Layer:
        """|mean| / standard deviation (Rainforth et al. 2018); 0 where the gradient is 0."""
        return mlp.Layer(
            *(
                m.abs() / v.sqrt().where(m != 0, 1)
                for m, v in zip(self.mean, self.variance, strict=True)
            )
        )


class PerExample(NamedTuple):
    """What a batch tells of its examples' gradients: `Norms`, and `GradientMoments` a layer."""

    norms: Norms
    layers: tuple[GradientMoments, ...]


def per_example(
    params: mlp.Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
) -> PerExample:
    """Norms, second moments and variances of the gradients of each example's cross-entropy.

    images, labels: see `data.intake`; activation: see `given.taken`; UsageError for what is none.
    A stack of networks gives a stack of everything. As `vmap(grad(loss))` gives them, at about the
    cost of one gradient.
    """
    images, labels = intake.taken_batch(params, images, labels)
    found = examples(params, taken(activation), images, labels)
    return PerExample(norms(found), moments(found))


def examples(
    params: mlp.Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
) -> tuple[LayerExamples, ...]:
    """Each example's gradient of its own cross-entropy, layer by layer from the input.

    images: float (batch, 28, 28) or (batch, pixel); labels: (batch) int64; `per_example` looks at
    them and at the activation, and nobody here. Backpropagation written out, as an example's signal
    depends on its own loss alone; by first derivatives only, so not for differentiating again.
    """
    trace = mlp.trace(params, images, value_of(activation))
    right = F.one_hot(labels, trace.logits.shape[-1])
    signals = [trace.logits.softmax(-1) - right]
    for layer, z in zip(params[:0:-1], trace.pre_activations[-2::-1], strict=True):
        signals.append(backward(activation, z, signals[-1] @ layer.weight))
    return tuple(map(LayerExamples, reversed(signals), trace.inputs))


@outside_inference_mode
def backward(activation: Callable[[Tensor], Tensor], z: Tensor, gradient: Tensor) -> Tensor:
    """The gradient with respect to the pre-activations of that with respect to their values."""
    if isinstance(activation, Activation) and not activation.steep:
        # the lift and torch's transforms would take half as long again as the matrix products
        return gradient * activation.df(z)
    # where a slope is infinite the lift knows that 0 times it is 0
    pulled: Tensor = torch.func.vjp(first_order(activation), z)[1](gradient)[0]
    return pulled


def norms(found: Sequence[LayerExamples]) -> Norms:
    """Norms of the examples' gradients: |s aᵀ| = |s| |a|."""
    bias = [_norm(layer.signal) for layer in found]
    weight = [b * _norm(layer.read) for b, layer in zip(bias, found, strict=True)]
    return Norms(torch.stack(weight, -1), torch.stack(bias, -1))


def moments(found: Sequence[LayerExamples]) -> tuple[GradientMoments, ...]:
    """Mean and mean square over the examples of every weight's and bias's gradient.

    The squares of an outer product are the outer product of the squares. A gradient under 1e-19
    has a square that float32 does not hold in full: take float64 for a network where they vanish.
    """
    return tuple(
        GradientMoments(mean(signal, read), mean(signal.square(), read.square()))
        for signal, read in found
    )


def mean(signal: Tensor, read: Tensor) -> mlp.Layer:
    """The mean over the examples of the outer products, and of the signals."""
    scaled = signal / signal.shape[-2]
    return mlp.Layer(scaled.mT @ read, scaled.sum(-2))


def _norm(x: Tensor) -> Tensor:
    # the squares of a vanishing signal would be 0 in float32
    return torch.linalg.vector_norm(x, dim=-1, dtype=torch.float64).to(x.dtype)
