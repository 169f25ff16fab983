"""Optimisers as pairs of pure functions over parameter pytrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc import tree
from actfunc.mlp import Params


class Optimizer(NamedTuple):
    """init(params) -> state; update(grads, state, params, learning_rate) -> (params, state).

    The state is a pytree of tensors; the learning rate is a tensor, so that changing it neither
    recompiles nor breaks `vmap` over it.
    """

    init: Callable[[Params], Any]
    update: Callable[[Params, Any, Params, Tensor], tuple[Params, Any]]


class Momentum(NamedTuple):
    """The running sum of gradients, shaped like the parameters."""

    velocity: Params


def sgd(momentum: float = 0.9) -> Optimizer:
    """Stochastic gradient descent with momentum, as torch.optim.SGD computes it."""

    def init(params: Params) -> Momentum:
        return Momentum(tree.map(torch.zeros_like, params))

    def update(
        grads: Params, state: Momentum, params: Params, learning_rate: Tensor
    ) -> tuple[Params, Momentum]:
        velocity = tree.map(lambda v, g: momentum * v + g, state.velocity, grads)
        params = tree.map(lambda p, v: p - learning_rate * v, params, velocity)
        return params, Momentum(velocity)

    return Optimizer(init, update)
