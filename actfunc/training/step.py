"""The training step: a pure function from a state and a batch to the next state and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.data import Examples, normalise
from actfunc.training.optimizer import Optimizer


class State(NamedTuple):
    """What training changes: the parameters and the optimiser's own state."""

    params: mlp.Params
    optimizer: Any


class Metrics(NamedTuple):
    """Of one batch: mean loss in nats and the number of right answers, both 0-dimensional."""

    loss: Tensor
    correct: Tensor


Step: TypeAlias = Callable[[State, Examples, Tensor], tuple[State, Metrics]]


def make_step(activation: Activation, optimizer: Optimizer) -> Step:
    """The step for an activation and an optimiser: `step(state, batch, learning_rate)`.

    Cross-entropy on uint8 images (batch, 28, 28), normalised inside, in the parameters' dtype.
    First-order training needs one derivative, so the activation is lifted to order 1. Compile or
    `vmap` the result as is.
    """
    phi = partial(activation, order=1)

    def loss(params: mlp.Params, batch: Examples) -> tuple[Tensor, Tensor]:
        images = normalise(batch.images).to(params[0].weight.dtype)
        logits = mlp.apply(params, images, phi)
        correct = (logits.argmax(dim=-1) == batch.labels).sum()
        return F.cross_entropy(logits, batch.labels), correct

    gradient = torch.func.grad_and_value(loss, has_aux=True)

    def step(state: State, batch: Examples, learning_rate: Tensor) -> tuple[State, Metrics]:
        grads, (value, correct) = gradient(state.params, batch)
        params, optimizer_state = optimizer.update(
            grads, state.optimizer, state.params, learning_rate
        )
        return State(params, optimizer_state), Metrics(value, correct)

    return step
