"""A compiled step on trial: before it trains anything, it must do what the eager step does.

A compiler that is wrong does not say so. torch 2.11 moved the new weights of an ensemble before a
gradient that still had to read the old ones: every loss fell all the same, to another place.
"""

from __future__ import annotations

import math

import torch

from actfunc import tree
from actfunc.data import Examples
from actfunc.errors import ActfuncError
from actfunc.given import Given, name_of
from actfunc.training.step import Metrics, State, Step

RATE = 100.0
"""A learning rate at which a weight that is read too late is nothing like what it was."""

APART = 0.1
"""How far a step may be from the eager one, as a share of what it changes. Rounding, also in
bfloat16, stays well below; what is computed from wrong numbers does not."""


def judge(
    activation: Given,
    eager: Step,
    before: State,
    batch: Examples,
    after: State,
    loss: float,
) -> None:
    """Compare one network's compiled step on `batch`, at learning rate `RATE`, with the eager one.

    eager: that step; before, after: the state; loss: what the compiled step gave. Raises
    ActfuncError where they differ.
    """
    rate = tree.leaves(before.params)[0].new_tensor(RATE)
    want, metrics = eager(before, batch, rate)
    apart = max(_apart(before, want, after), _relative(loss, metrics))
    if not apart <= APART:
        raise ActfuncError(
            f"torch {torch.__version__} has compiled the training step of {name_of(activation)}"
            f" wrongly: a step is {100 * apart:.0f} % away from the eager one",
            "train with --eager, or take another torch",
        )


def _apart(before: State, want: State, got: State) -> float:
    """The distance of `got` from `want` as a share of what changed; what is not finite is left."""
    distance = change = 0.0
    for old, new, found in zip(*map(tree.leaves, (before, want, got)), strict=True):
        known = (new - old).isfinite()
        distance += float((found - new).where(known, 0).double().square().sum())
        change += float((new - old).where(known, 0).double().square().sum())
    if distance == 0:
        return 0.0
    return math.sqrt(distance / change) if change else math.inf


def _relative(loss: float, metrics: Metrics) -> float:
    want = float(metrics.loss)
    return abs(loss / want - 1) if math.isfinite(want) and want else 0.0
