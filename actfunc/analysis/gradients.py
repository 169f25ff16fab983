"""How gradients flow: what each layer's weights and each example's signal receive from the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from einops import einsum, reduce
from torch import Tensor
from torch.nn import functional as F

from actfunc import mlp


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

    images: float (batch, 28, 28) or (batch, pixel); labels: (batch). One gradient with respect to
    taps gives every layer's signal, and the weight's gradient is the signal's outer product with
    what the layer read, so no hook is needed and no second pass.
    """

    def loss(taps: mlp.Taps) -> tuple[Tensor, tuple[Tensor, ...]]:
        trace = mlp.trace(params, images, activation, taps)
        return F.cross_entropy(trace.logits, labels), trace.inputs

    taps = mlp.zero_taps(params, len(labels))
    signals, inputs = torch.func.grad(loss, has_aux=True)(taps)
    return tuple(
        LayerGradient(
            signal,
            einsum(signal, read, "batch out, batch feature -> out feature"),
            reduce(signal, "batch out -> out", "sum"),
        )
        for signal, read in zip(signals, inputs, strict=True)
    )
