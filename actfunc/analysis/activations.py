"""What flows forward: the distribution of each layer's values before and after its activation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from actfunc.analysis.inside import given_to, inside, pixels, read_images
from actfunc.analysis.rank import Rank, rank
from actfunc.analysis.summary import TensorSummary, summarise
from actfunc.networks.network import Network, Params

NEAR_ZERO = 0.01
"""The size under which a value counts as next to nothing, where nothing is said."""


class LayerActivations(NamedTuple):
    """The values of one hidden layer, (example, unit) each: before and after the activation."""

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
    params: Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    network: Network | None = None,
) -> tuple[LayerActivations, ...]:
    """Each hidden layer's values over a batch of images, from the input to the logits.

    images: see `data.intake`; activation: see `given.taken`, or `networks.OWN`. Raises UsageError.
    network: what the parameters are of, any; a layer is a place where it calls its activation, and
    positions and tokens are examples of a channel's or feature's values. Without one they are a
    multilayer perceptron's.
    """
    inputs = pixels(params, read_images(params, images, network))
    return tuple(
        LayerActivations(layer.pre, layer.post)
        for layer in inside(params, given_to(activation), inputs, network)
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
