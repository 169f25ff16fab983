"""Our own epoch: `fit` without its validation, the step eager or compiled."""

from __future__ import annotations

from dataclasses import replace

from actfunc import get
from actfunc.storage import WorkingSet
from actfunc.training import fit, make_step, sgd, start
from actfunc.training.compile import compiled
from contenders import RECIPE, Epoch, Scores


def ours(work: WorkingSet, *, compiling: bool) -> Epoch:
    """An epoch of `fit`, from one state to the next."""
    activation, optimizer = get("relu"), sgd(RECIPE.momentum)
    step = make_step(activation, optimizer)
    if compiling:
        step = compiled(step)
    # one image is validated on, since the tutorial's training epoch has no validation
    split = work.split._replace(validation=work.split.validation.first(1))
    progress = start(work.fresh(), optimizer)

    def epoch() -> Scores:
        nonlocal progress
        settings = replace(
            RECIPE, seed=work.seed, max_epochs=len(progress.history) + 1, patience=10_000
        )
        progress = next(fit(progress, step, activation, split, settings))
        last = progress.history[-1]
        answers = len(split.train.labels) // RECIPE.batch_size * RECIPE.batch_size
        return Scores(last.loss, round(last.train_accuracy * answers))

    return epoch
