"""The training step: a pure function from a state and a batch to the next state and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor

from actfunc import torch_private, tree
from actfunc.data import Examples, intake
from actfunc.errors import UsageError
from actfunc.given import Given, first_order, taken
from actfunc.networks import Network
from actfunc.training import losses
from actfunc.training.losses import GivenLoss
from actfunc.training.objective import Objective, objective_of
from actfunc.training.optimizer import Optimizer


class State(NamedTuple):
    """What training changes: the parameters and the optimiser's own state."""

    params: Any
    optimizer: Any


class Metrics(NamedTuple):
    """Of one batch: the mean loss and the number of right answers, both 0-dimensional.

    Where targets are numbers, `correct` is the sum of the squared errors instead.
    """

    loss: Tensor
    correct: Tensor


Step: TypeAlias = Callable[[State, Examples, Tensor], tuple[State, Metrics]]


LossOfBatch: TypeAlias = Callable[[Any, Examples], tuple[Tensor, Any]]
"""loss(params, batch) -> (loss, metrics): a 0-dimensional tensor, and a tree of tensors."""


def make_step(
    activation: Given,
    optimizer: Optimizer,
    *,
    precision: torch.dtype | None = None,
    network: Network | None = None,
    loss: GivenLoss = losses.CROSS_ENTROPY,
) -> Step:
    """The step for an activation and an optimiser: `step(state, batch, learning_rate)`.

    Of the multilayer perceptron, or of another network; cross-entropy, or another loss, see
    `losses.named`. Images (batch, …) are uint8 and normalised inside, or floating ones that are
    taken as they are, in the parameters' dtype, or with the forward and backward pass in
    `precision` and the loss and the update in the parameters'. Labels (batch) are whole numbers,
    targets of a regression (batch) or (batch, out) floating.
    The activation is a record, lifted to the one derivative that is needed, or any elementwise
    function of a tensor, as `F.gelu`; UsageError for what is none.
    Compile or `vmap` the result as is. What a batch holds is not looked at, for that takes time:
    `Objective.taken_examples` does so once for all of a data set, as `Program` and `fit` do.

    With stacks of multilayer perceptrons (see `mlp.apply`) and images (network, batch, 28, 28) the
    networks are trained side by side and the metrics are (network); `ensemble.each` makes
    optimisers for them.
    """
    objective = objective_of(network, loss)
    if objective.network.untrainable:
        raise UsageError(
            f"{objective.network.name} cannot be trained here: {objective.network.untrainable}"
        )
    step = step_of(loss_of(objective, activation, precision=precision), optimizer)

    def told(state: State, batch: Examples, learning_rate: Tensor) -> tuple[State, Metrics]:
        if torch.compiler.is_compiling():
            return step(state, batch, learning_rate)
        try:
            return step(state, batch, learning_rate)
        except IndexError:  # a label that is no class: looked for only now, as it takes time
            objective.taken_examples(state.params, batch, "batch")
            raise

    return told


def loss_of(
    objective: Objective, activation: Given, *, precision: torch.dtype | None = None
) -> LossOfBatch:
    """The loss as a function of the parameters and a batch, with its metrics; see `make_step`."""
    phi = first_order(taken(activation, "differentiate"))

    def loss(params: Any, batch: Examples) -> tuple[Tensor, Metrics]:
        dtype = tree.leaves(params)[0].dtype
        if precision is not None:
            params = tree.map(lambda leaf: leaf.to(precision), params)
        images = intake.pixels(batch.images, precision or dtype)
        outputs = objective.outputs(params, images, phi).to(dtype)
        means = objective.loss.mean(outputs, batch.labels)
        correct = losses.counted(outputs, batch.labels).sum(dim=-1)
        # networks side by side share nothing, so the gradient of the sum is each one's own
        return means.sum(), Metrics(means, correct)

    return loss


def step_of(loss: LossOfBatch, optimizer: Optimizer) -> Step:
    """The step that makes a loss smaller: `step(state, batch, learning_rate)`."""
    gradient = torch.func.grad(loss, has_aux=True)

    def once(params: Any, batch: Examples) -> tuple[Any, Any]:
        """As `gradient`, which is not to be differentiated itself."""
        leaves = tree.map(lambda leaf: leaf.detach().requires_grad_(), params)
        with torch.enable_grad():
            total, metrics = loss(leaves, batch)
        found = iter(torch.autograd.grad(total, tree.leaves(leaves), materialize_grads=True))
        return tree.map(lambda _: next(found), leaves), tree.map(Tensor.detach, metrics)

    def step(state: State, batch: Examples, learning_rate: Tensor) -> tuple[State, Any]:
        # eagerly, torch.func.grad of an activation of ours costs half as much again as the step
        alone = not (torch.is_grad_enabled() or torch_private.values_are_hidden())
        grads, metrics = (once if alone else gradient)(state.params, batch)
        params, optimizer_state = optimizer.update(
            grads, state.optimizer, state.params, learning_rate
        )
        return State(params, optimizer_state), metrics

    return step
