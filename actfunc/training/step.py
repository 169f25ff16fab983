"""The training step: a pure function from a state and a batch to the next state and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from actfunc import mlp, torch_private, tree
from actfunc.data import Examples, intake
from actfunc.given import Given, first_order, taken
from actfunc.training.optimizer import Optimizer


class State(NamedTuple):
    """What training changes: the parameters and the optimiser's own state."""

    params: mlp.Params
    optimizer: Any


class Metrics(NamedTuple):
    """Of one batch: mean loss in nats and the number of right answers, both 0-dimensional."""

    loss: Tensor
    correct: Tensor


NO_LABEL = -(2**62)
"""The label that a loss leaves out, as torch's -100, which may stand in data: nobody's."""

Step: TypeAlias = Callable[[State, Examples, Tensor], tuple[State, Metrics]]


def make_step(
    activation: Given, optimizer: Optimizer, *, precision: torch.dtype | None = None
) -> Step:
    """The step for an activation and an optimiser: `step(state, batch, learning_rate)`.

    Cross-entropy on images (batch, 28, 28), uint8 that are normalised inside or floating ones that
    are taken as they are, in the parameters' dtype, or with the forward and backward pass in
    `precision` and the loss and the update in the parameters'. Labels (batch) are whole numbers.
    The activation is a record, lifted to the one derivative that is needed, or any elementwise
    function of a tensor, as `F.gelu`; UsageError for what is none.
    Compile or `vmap` the result as is. What a batch holds is not looked at, for that takes time:
    `intake.taken_examples` does so once for all of a data set, as `Program` and `fit` do.

    With stacks of networks (see `mlp.apply`) and images (network, batch, 28, 28) the networks are
    trained side by side and the metrics are (network); `ensemble.each` makes optimisers for them.
    """
    phi = first_order(taken(activation, "differentiate"))

    def loss(params: mlp.Params, batch: Examples) -> tuple[Tensor, Metrics]:
        dtype = params[0].weight.dtype
        if precision is not None:
            params = tree.map(lambda leaf: leaf.to(precision), params)
        images = intake.pixels(batch.images, params[0].weight.dtype)
        logits = mlp.apply(params, images, phi).to(dtype)
        labels = intake.as_classes(batch.labels, logits)
        correct = (logits.argmax(dim=-1) == labels).sum(dim=-1)
        losses = F.cross_entropy(
            logits.flatten(0, -2), labels.flatten(), reduction="none", ignore_index=NO_LABEL
        )
        losses = losses.reshape(labels.shape).mean(dim=-1)
        # networks side by side share nothing, so the gradient of the sum is each one's own
        return losses.sum(), Metrics(losses, correct)

    gradient = torch.func.grad(loss, has_aux=True)

    def once(params: mlp.Params, batch: Examples) -> tuple[mlp.Params, Metrics]:
        """As `gradient`, which is not to be differentiated itself."""
        leaves = tree.map(lambda leaf: leaf.detach().requires_grad_(), params)
        with torch.enable_grad():
            total, metrics = loss(leaves, batch)
        found = iter(torch.autograd.grad(total, tree.leaves(leaves)))
        return tree.map(lambda _: next(found), leaves), tree.map(Tensor.detach, metrics)

    def step(state: State, batch: Examples, learning_rate: Tensor) -> tuple[State, Metrics]:
        # eagerly, torch.func.grad of an activation of ours costs half as much again as the step
        alone = not (torch.is_grad_enabled() or torch_private.values_are_hidden())
        grads, metrics = (once if alone else gradient)(state.params, batch)
        params, optimizer_state = optimizer.update(
            grads, state.optimizer, state.params, learning_rate
        )
        return State(params, optimizer_state), metrics

    def told(state: State, batch: Examples, learning_rate: Tensor) -> tuple[State, Metrics]:
        if torch.compiler.is_compiling():
            return step(state, batch, learning_rate)
        try:
            return step(state, batch, learning_rate)
        except IndexError:  # a label that is no class: looked for only now, as it takes time
            intake.taken_examples(state.params, batch, "batch")
            raise

    return told
