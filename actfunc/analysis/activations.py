"""What flows forward: the distribution of each layer's values before and after its activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from actfunc import mlp


class LayerActivations(NamedTuple):
    """The values of one hidden layer, (batch, out) each: before and after the activation."""

    pre: Tensor
    post: Tensor


def distribution(
    params: mlp.Params, activation: Callable[[Tensor], Tensor], images: Tensor
) -> tuple[LayerActivations, ...]:
    """Each hidden layer's values over a batch of float images, from the input to the logits."""
    trace = mlp.trace(params, images, activation)
    return tuple(
        LayerActivations(pre, post)
        for pre, post in zip(trace.pre_activations, trace.activations, strict=False)
    )
