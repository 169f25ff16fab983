"""Many networks trained as one: `vmap` over members, and different activations side by side.

An ensemble's state has two leading axes, (slot, activation): members of one activation along the
first, one activation each along the second. The first is mapped; the second cannot be, as each
activation is another function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from actfunc import tree
from actfunc.data import Examples
from actfunc.given import ForEachNetwork, Given, first_order, taken, value_of
from actfunc.training.evaluate import right_answers
from actfunc.training.objective import TUTORIALS, Objective
from actfunc.training.optimizer import Optimizer
from actfunc.training.step import State, Step, make_step


@dataclass(frozen=True)
class SideBySide(ForEachNetwork):
    """Several activations as one function of pre-activations (activation, neuron, batch).

    Elementwise each, see `given.taken`.
    """

    activations: tuple[Given, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "activations", tuple(map(taken, self.activations)))

    def __call__(self, z: Tensor, /) -> Tensor:
        return _stacked([first_order(phi)(part) for phi, part in self._parts(z)])

    def f(self, z: Tensor, /) -> Tensor:
        """The values alone."""
        return _stacked([value_of(phi)(part) for phi, part in self._parts(z)])

    def _parts(self, z: Tensor) -> Iterable[tuple[Given, Tensor]]:
        return zip(self.activations, z.unbind(-3), strict=True)


def _stacked(parts: Sequence[Tensor]) -> Tensor:
    # a single one is not copied
    return parts[0].unsqueeze(-3) if len(parts) == 1 else torch.stack(tuple(parts), dim=-3)


def each(optimizer: Optimizer) -> Optimizer:
    """The optimiser for a stack: each network has its own state and learning rate (network)."""
    init, update = vmap(optimizer.init), vmap(optimizer.update)
    # what does not depend on the parameters comes out of vmap as one number seen many times
    return Optimizer(lambda params: tree.map(torch.clone, init(params)), update)


def start_ensemble(optimizer: Optimizer, params: Any) -> State:
    """The state before the first step; leaves of `params` are (slot, activation, …)."""
    return State(params, each(each(optimizer)).init(params))


def ensemble_step(
    activations: tuple[Given, ...],
    optimizer: Optimizer,
    *,
    precision: torch.dtype | None = None,
    objective: Objective = TUTORIALS,
) -> Step:
    """The step of all members: `step(state, batch, learning_rate)`, as `make_step`'s.

    Leaves of the state, the batch's images and labels, learning rates and metrics all begin with
    (slot, activation). Every member has its own batch and its own learning rate, and what a member
    becomes does not depend on the others. Networks that are computed in stacks are so; of any
    other, each activation's members are mapped over on a GPU, and follow one another on a CPU.
    """
    network, loss = objective.network, objective.loss
    if objective.stacks:
        side_by_side = make_step(
            SideBySide(activations), each(optimizer), precision=precision, loss=loss
        )
        return vmap(side_by_side)
    steps = [
        make_step(activation, optimizer, precision=precision, network=network, loss=loss)
        for activation in activations
    ]
    return lambda state, batch, rate: _every_member(steps, state, batch, rate)


def _every_member(functions: Sequence[Callable[..., Any]], *given: Any) -> Any:
    """What each activation's function gives of its members' parts of trees with leaves (slot,
    activation, …), as a tree with such leaves."""
    columns = []
    for place, function in enumerate(functions):
        own = tree.map(lambda leaf, place=place: leaf[:, place], given)
        first = tree.leaves(own)[0]
        if first.is_cuda:
            columns.append(vmap(function)(*own))
            continue
        rows = [
            function(*tree.map(lambda leaf, slot=slot: leaf[slot], own))
            for slot in range(len(first))
        ]
        columns.append(tree.map(lambda *leaves: torch.stack(leaves), *rows))
    return tree.map(lambda *leaves: torch.stack(leaves, 1), *columns)


def ensemble_correct(
    activations: tuple[Given, ...],
    params: Any,
    examples: Examples,
    chunk: int,
    objective: Objective = TUTORIALS,
) -> Tensor:
    """How many of the examples each member gets right, (slot, activation) int64; where targets are
    numbers, the sums of the squared errors.

    chunk: examples at a time; it bounds the memory and changes nothing else.
    """
    phi = SideBySide(activations).f

    def outputs(pixels: Tensor) -> Tensor:
        if objective.stacks:
            return vmap(lambda member: objective.outputs(member, pixels, phi))(params)
        alone = [
            partial(objective.outputs, x=pixels, activation=value_of(each)) for each in activations
        ]
        return _every_member(alone, params)

    return right_answers(outputs, tree.leaves(params)[0], examples, chunk)
