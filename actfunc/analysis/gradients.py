"""How gradients flow: what each layer's weights and each example's signal receive from the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from actfunc import mlp
from actfunc.analysis.per_example import examples, mean
from actfunc.data import intake
from actfunc.given import taken


class LayerGradient(NamedTuple):
    """What one layer receives.

    signal:  gradient with respect to the pre-activations, (batch, out), an example a row
    weight:  gradient with respect to the weight, (out, in)
    bias:    gradient with respect to the bias, (out)
    """

    signal: Tensor
    weight: Tensor
    bias: Tensor


def backpropagate(
    params: mlp.Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
) -> tuple[LayerGradient, ...]:
    """The gradients of the mean cross-entropy of a batch, layer by layer from the input.

    images, labels: see `data.intake`; activation: see `given.taken`; UsageError for what is none.
    The weight's gradient is the signal's outer product with what the layer read, so no hook is
    needed and no second pass.
    """
    images, labels = intake.taken_batch(params, images, labels)
    return tuple(
        LayerGradient(layer.signal / labels.shape[-1], *mean(*layer))
        for layer in examples(params, taken(activation), images, labels)
    )
