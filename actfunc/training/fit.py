"""Fitting one network: epochs until the validation accuracy has not risen for a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actfunc import mlp, tree
from actfunc.data import Split
from actfunc.given import Given
from actfunc.networks import Network
from actfunc.training import losses, optimizer
from actfunc.training.losses import GivenLoss
from actfunc.training.members import Progress, Start, train_members
from actfunc.training.program import OnStep, Program
from actfunc.training.settings import Settings
from actfunc.training.step import State


def start(params: Any, settings: Settings) -> Progress:
    """Progress before the first epoch."""
    return Progress(State(params, optimizer.named(settings.optimizer).init(params)), params, ())


def fit(
    progress: Progress,
    activation: Given,
    split: Split,
    settings: Settings,
    *,
    network: Network | None = None,
    loss: GivenLoss = losses.CROSS_ENTROPY,
    compiling: bool = False,
    on_step: OnStep | None = None,
) -> Iterator[Progress]:
    """Train on, giving the progress after each epoch, until it is finished.

    The batch order of an epoch depends on the seed and the epoch's number alone, so a run that
    was cut off and goes on from its last progress is the run that was not. `on_step(done, total)`
    is called as the steps of an epoch are done. The data must lie on the parameters' device.
    network: the multilayer perceptron of the parameters' sizes by default; loss: see `make_step`.
    """
    if progress.finished(settings):
        return
    program = Program(
        (activation,),
        optimizer.named(settings.optimizer),
        mlp.sizes(progress.best) if network is None else network,
        split,
        batch_size=settings.batch_size,
        loss=loss,
        compiling=compiling,
        dtype=tree.leaves(progress.best)[0].dtype,
    )
    only = Start(0, settings.seed, settings.learning_rate, progress)
    for (member,) in train_members(program, [only], settings, on_step=on_step):
        yield member.progress
