"""Our own epoch: the program of `fit` without its validation, the step eager or compiled."""

from __future__ import annotations

from functools import cache

import torch

from actfunc import get, mlp, tree
from actfunc.storage import HIDDEN, WorkingSet
from actfunc.training import Program, State, optimizer
from contenders import RECIPE, Epoch, Scores


def ours(work: WorkingSet, *, compiling: bool, members: int = 1, first: int = 0) -> Epoch:
    """An epoch of so many networks at once, of which each has a seed of its own.

    The working set's seed is that of number 0; `first` is the number of the first one here, whose
    scores are the epoch's.
    """
    sgd, sizes = optimizer.named(RECIPE.optimizer), work.sizes(HIDDEN)
    # one image is validated on, since the tutorial's training epoch has no validation
    split = work.split._replace(validation=work.split.validation.first(1))
    seeds = work.seed + first + torch.arange(members)[:, None]
    done = 0

    @cache
    def started() -> Program:
        """With the first epoch, as it compiles."""
        program = Program(
            [get("relu")],
            sgd,
            sizes,
            split,
            batch_size=RECIPE.batch_size,
            slots=members,
            compiling=compiling,
        )
        for slot, seed in enumerate(seeds.flatten().tolist()):
            params = mlp.init(sizes, seed=seed, device=work.device)
            state = tree.map(torch.clone, State(params, sgd.init(params)))
            program.put((slot, 0), state, params)
        return program

    def epoch() -> Scores:
        nonlocal done
        program = started()
        rates = torch.full((program.steps, members, 1), RECIPE.learning_rate)
        metrics = program.epoch(seeds, torch.full_like(seeds, done), rates)
        done += 1
        answers = program.steps * RECIPE.batch_size
        right = metrics.train_accuracy[0, 0].item() * answers
        return Scores(metrics.loss[0, 0].item(), round(right))

    return epoch
