"""One training run on disk: begun, gone on with where it was cut off, or found done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.data import Dataset, Split
from actfunc.storage.provenance import provenance
from actfunc.storage.run_folder import RunFolder
from actfunc.training import Progress, Settings, fit, make_step, sgd, start
from actfunc.training.compile import compiled

HIDDEN = (512, 256, 256, 128)
"""The tutorial's hidden layers."""

WORTH_COMPILING = 2_000
"""Steps from which compiling pays: half a minute of it against a third of a step each."""


class Run(NamedTuple):
    """A finished run: its folder, the best parameters and the history.

    `epochs_now` counts those trained by this call: 0 where the run was found done.
    """

    folder: RunFolder
    params: mlp.Params
    progress: Progress
    epochs_now: int


def network_sizes(dataset: Dataset, hidden: tuple[int, ...] = HIDDEN) -> tuple[int, ...]:
    """Layer sizes from the data set's pixels through `hidden` to its classes."""
    return (dataset.train.images[0].numel(), *hidden, len(dataset.classes))


def train(
    activation: Activation,
    dataset: Dataset,
    split: Split,
    settings: Settings,
    root: Path,
    *,
    device: torch.device,
    hidden: tuple[int, ...] = HIDDEN,
    compiling: bool | None = None,
    overwrite: bool = False,
    on_step: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[Progress], None] | None = None,
) -> Run:
    """Train one network into its run folder below `root`, or go on with the run found there.

    `split` must lie on `device`. `compiling` None compiles where that pays. Every finished epoch
    is on disk before `on_epoch` hears of it, so an interruption loses at most one epoch.
    """
    folder = RunFolder.of(root, dataset.name, activation.spec, settings.seed)
    sizes = network_sizes(dataset, hidden)
    config = {
        "activation": activation.spec,
        "sizes": list(sizes),
        "settings": asdict(settings),
        "dataset": {"name": dataset.name, "train": len(split.train.labels)},
        "made_by": provenance(device),
    }
    folder.begin(config, overwrite=overwrite)
    optimizer = sgd(settings.momentum)
    initial = mlp.init(sizes, seed=settings.seed, device=device)
    progress = folder.resume(start(initial, optimizer))
    before = len(progress.history)
    if not progress.finished(settings):
        steps = len(split.train.labels) // settings.batch_size * (settings.max_epochs - before)
        step = make_step(activation, optimizer)
        if compiling or (compiling is None and steps >= WORTH_COMPILING):
            step = compiled(step)
        for progress in fit(progress, step, activation, split, settings, on_step=on_step):
            folder.save(progress)
            if on_epoch is not None:
                on_epoch(progress)
    return Run(folder, progress.best, progress, len(progress.history) - before)
