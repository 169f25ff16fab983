"""One network trained by a plain loop of steps, for programs and members to agree with."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from actfunc import mlp, tree
from actfunc.activation import Activation
from actfunc.data import Examples
from actfunc.training import Epoch, Metrics, Optimizer, Progress, State, batch_order, make_step
from tests.reference import assert_same


def fresh(optimizer: Optimizer, *sizes: int, seed: int, dtype=torch.float32) -> State:
    """A state before its first step."""
    params = mlp.init((784, *sizes, 10), seed=seed, dtype=dtype)
    return State(params, optimizer.init(params))


def plain_epoch(
    activation: Activation,
    optimizer: Optimizer,
    state: State,
    train: Examples,
    *,
    seed: int,
    epoch: int,
    rates: Iterable[Tensor],
    batch_size: int,
) -> tuple[State, Metrics]:
    """The state after an epoch, counted from 0, and its metrics summed over the steps."""
    step = make_step(activation, optimizer)
    order = batch_order(torch.tensor(seed), torch.tensor(epoch), len(train.labels), batch_size)
    loss, correct = 0.0, 0
    for batch, rate in zip(order, rates, strict=True):
        rows = batch.long()
        state, metrics = step(state, Examples(train.images[rows], train.labels[rows]), rate)
        loss, correct = loss + metrics.loss, correct + metrics.correct
    return state, Metrics(loss, correct)


def assert_trees_close(got: object, want: object, **tolerances: float) -> None:
    """Leaf by leaf, as torch.testing.assert_close."""
    for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
        torch.testing.assert_close(one, other, **tolerances)


def assert_trees_same(got: object, want: object) -> None:
    """Leaf by leaf, bit for bit."""
    for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
        assert_same(one, other)


def untimed(progress: Progress) -> tuple[Epoch, ...]:
    """The history without the seconds."""
    return tuple(epoch._replace(seconds=0) for epoch in progress.history)


def assert_same_progress(got: Progress, want: Progress) -> None:
    """Everything bit for bit, but the seconds."""
    assert_trees_same(got[:2], want[:2])
    assert untimed(got) == untimed(want)
    assert got.stopped_test == want.stopped_test
