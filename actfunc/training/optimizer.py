"""Optimisers as pairs of pure functions over parameter pytrees, and by their names."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc import number, tree
from actfunc.errors import UsageError
from actfunc.makers import Makers
from actfunc.mlp import Params


class Optimizer(NamedTuple):
    """init(params) -> state; update(grads, state, params, learning_rate) -> (params, state).

    The state is a pytree of tensors, which tells what the optimiser keeps for each parameter. The
    learning rate is a 0-dimensional tensor, so that changing it neither recompiles nor breaks
    `vmap` over it. Nothing is changed in place; parameters and state keep their dtypes.
    """

    init: Callable[[Params], Any]
    update: Callable[[Params, Any, Params, Tensor], tuple[Params, Any]]


class Momentum(NamedTuple):
    """The running sum of gradients, shaped like the parameters; empty without momentum."""

    velocity: Params


def sgd(momentum: float = 0.9, nesterov: bool = False, weight_decay: float = 0.0) -> Optimizer:
    """Stochastic gradient descent, as torch.optim.SGD computes it.

    momentum in [0, 1), and above 0 for Nesterov's; weight_decay from 0 on, added to the gradient.
    Raises UsageError for other values.
    """
    momentum, weight_decay = _below_one("momentum", momentum), _decay(weight_decay)
    nesterov = number.flag("nesterov", nesterov)
    if nesterov and not momentum:
        raise UsageError(f"nesterov needs a momentum above 0, got momentum {momentum!r}")

    def init(params: Params) -> Momentum:
        return Momentum(tree.map(torch.zeros_like, params) if momentum else ())

    def update(
        grads: Params, state: Momentum, params: Params, learning_rate: Tensor
    ) -> tuple[Params, Momentum]:
        if weight_decay:
            grads = tree.map(lambda g, p: g + weight_decay * p, grads, params)
        direction = grads
        if momentum:
            state = Momentum(tree.map(lambda v, g: momentum * v + g, state.velocity, grads))
            direction = state.velocity
        if nesterov:
            direction = tree.map(lambda g, v: g + momentum * v, grads, state.velocity)
        return tree.map(lambda p, d: _like(p, p - learning_rate * d), params, direction), state

    return Optimizer(init, update)


class AdamState(NamedTuple):
    """Running means of the gradients and of their squares, shaped like the parameters.

    steps:  updates so far, int64, 0-dimensional.
    """

    mean: Params
    square: Params
    steps: Tensor


def adam(
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0
) -> Optimizer:
    """Adam (Kingma & Ba 2015), as torch.optim.Adam computes it.

    beta1, beta2 in [0, 1); eps above 0; weight_decay from 0 on, added to the gradient. Raises
    UsageError for other values.
    """
    beta1, beta2 = _below_one("beta1", beta1), _below_one("beta2", beta2)
    eps, weight_decay = number.positive("eps", eps), _decay(weight_decay)

    def init(params: Params) -> AdamState:
        zeros = tree.map(torch.zeros_like, params)
        # from a parameter, so that it is on its device and one a member under vmap
        steps = tree.leaves(params)[0].new_zeros((), dtype=torch.int64)
        return AdamState(zeros, tree.map(torch.zeros_like, params), steps)

    def update(
        grads: Params, state: AdamState, params: Params, learning_rate: Tensor
    ) -> tuple[Params, AdamState]:
        if weight_decay:
            grads = tree.map(lambda g, p: g + weight_decay * p, grads, params)
        mean = tree.map(lambda m, g: torch.lerp(m, g, 1 - beta1), state.mean, grads)
        square = tree.map(lambda s, g: beta2 * s + (1 - beta2) * g * g, state.square, grads)
        state = AdamState(mean, square, state.steps + 1)
        kinds = (leaf.dtype for leaf in tree.leaves(params))
        steps = state.steps.to(reduce(torch.promote_types, kinds, torch.float32))
        size = learning_rate / _correction(beta1, steps)
        root = _correction(beta2, steps).sqrt()

        def moved(p: Tensor, m: Tensor, s: Tensor) -> Tensor:
            return _like(p, p - size * m / (s.sqrt() / root + eps))

        return tree.map(moved, params, mean, square), state

    return Optimizer(init, update)


def adamw(
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.01
) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), as torch.optim.AdamW.

    Settings as `adam`'s, but the decay, times the learning rate, is taken off the parameters.
    """
    weight_decay = _decay(weight_decay)
    plain = adam(beta1, beta2, eps)

    def update(
        grads: Params, state: AdamState, params: Params, learning_rate: Tensor
    ) -> tuple[Params, AdamState]:
        kept = 1 - learning_rate * weight_decay
        params = tree.map(lambda p: _like(p, p * kept), params)
        return plain.update(grads, state, params, learning_rate)

    return Optimizer(plain.init, update)


OPTIMIZERS = Makers("optimizer", sgd, adam, adamw)


def named(spec: str) -> Optimizer:
    """The optimiser of that name and settings: `adam`, `sgd:momentum=0.5,nesterov=true`.

    Raises UnknownNameError (with the nearest names) or UsageError.
    """
    return OPTIMIZERS.make(spec)


def canonical(spec: str) -> str:
    """The one spec for an optimiser: `sgd` is `sgd:momentum=0.9,nesterov=False,weight_decay=0.0`.

    Raises as `named` does.
    """
    return OPTIMIZERS.canonical(spec)


def _correction(beta: float, steps: Tensor) -> Tensor:
    """1 - beta^steps, without the three digits that the difference loses at beta 0.999."""
    return -torch.expm1(steps * (math.log(beta) if beta else -math.inf))


def _like(parameter: Tensor, value: Tensor) -> Tensor:
    # a learning rate of another dtype carries over where a parameter is 0-dimensional
    return value.to(parameter.dtype)


def _below_one(name: str, value: float) -> float:
    return number.real(name, value, "at least 0 and below 1", lambda found: 0 <= found < 1)


def _decay(value: float) -> float:
    return number.not_negative("weight_decay", value)
