"""What flows forward: the distribution of each layer's values before and after its activation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from actfunc import mlp
from actfunc.analysis.rank import Rank, rank
from actfunc.analysis.summary import TensorSummary, summarise
from actfunc.data import intake
from actfunc.given import taken

NEAR_ZERO = 0.01
"""The size under which a value counts as next to nothing, where nothing is said."""


class LayerActivations(NamedTuple):
    """The values of one hidden layer, (batch, out) each: before and after the activation."""

    pre: Tensor
    post: Tensor


class LayerFigures(NamedTuple):
    """The values of one hidden layer in figures.

    pre, post:  moments, quantiles and share of exact zeros, before and after the activation
    near_zero:  the share of the values after it that are under a bound in size, without axes
    rank:       in how many directions the values after it vary from example to example
    """

    pre: TensorSummary
    post: TensorSummary
    near_zero: Tensor
    rank: Rank


def distribution(
    params: mlp.Params, activation: Callable[[Tensor], Tensor], images: Tensor
) -> tuple[LayerActivations, ...]:
    """Each hidden layer's values over a batch of images, from the input to the logits.

    images: see `data.intake`; activation: see `given.taken`. Raises UsageError.
    """
    trace = mlp.trace(params, intake.taken_pixels(params, images), taken(activation))
    return tuple(
        LayerActivations(pre, post)
        for pre, post in zip(trace.pre_activations, trace.activations, strict=False)
    )


def figures(
    layers: Sequence[LayerActivations], near_zero: float = NEAR_ZERO
) -> tuple[LayerFigures, ...]:
    """The figures of each hidden layer's values; near_zero: the bound of that share."""
    return tuple(
        LayerFigures(
            summarise(pre),
            summarise(post),
            (post.abs() < near_zero).double().mean().to(post.dtype),
            rank(post),
        )
        for pre, post in layers
    )
