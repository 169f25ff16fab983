"""One training run on disk: begun, gone on with where it was cut off, or found done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from actfunc import networks
from actfunc.activation import Activation
from actfunc.catalogue import source_of
from actfunc.storage.lock import alone
from actfunc.storage.provenance import provenance
from actfunc.storage.run_folder import RunFolder
from actfunc.storage.working_set import HIDDEN, WorkingSet
from actfunc.training import Progress, Settings, fit, losses, start

WORTH_COMPILING = 2_000
"""Steps from which compiling pays: half a minute of it against a third of a step each."""


def objective_facts(network: str, loss: str) -> dict[str, str]:
    """What makes a network and a loss others than the tutorial's, empty where they are not."""
    return {
        "network": network,
        "network_source": networks.source_of(network) if network else "",
        "loss": "" if loss == losses.CROSS_ENTROPY.name else loss,
        "loss_source": losses.named(loss).source,
    }


class Run(NamedTuple):
    """A finished run: its folder, the best parameters and the history.

    `epochs_now` counts those trained by this call: 0 where the run was found done.
    """

    folder: RunFolder
    params: Any
    progress: Progress
    epochs_now: int


def compiles(
    work: WorkingSet, settings: Settings, wanted: bool | None, done: int = 0, members: int = 1
) -> bool:
    """Whether steps are compiled: as wanted, or by None where those left, of all members, pay."""
    epochs = members * settings.max_epochs - done
    steps = len(work.split.train.labels) // settings.batch_size * epochs
    return steps >= WORTH_COMPILING if wanted is None else wanted


def train(
    activation: Activation,
    work: WorkingSet,
    settings: Settings,
    root: Path,
    *,
    hidden: tuple[int, ...] = HIDDEN,
    network: str = "",
    loss: str = losses.CROSS_ENTROPY.name,
    compiling: bool | None = None,
    overwrite: bool = False,
    on_step: Callable[[int, int], None] | None = None,
    watch: Callable[[Progress], None] | None = None,
    on_epoch: Callable[[Progress], None] | None = None,
) -> Run:
    """Train one network into its run folder below `root`, or go on with the run found there.

    network: the spec of another than the multilayer perceptron, see `networks.get`; loss: a spec.
    `compiling` None compiles where that pays. Every finished epoch is on disk before `on_epoch`
    hears of it, so an interruption loses at most one epoch. `watch` hears of it before it is on
    disk: an epoch that an interruption loses is trained and watched again, none goes unwatched.

    Raises CheckpointError where another run stands in the folder, or another process trains in it,
    and WriteError where it cannot be written into; `watch` has heard of the epoch then.
    """
    title = networks.title(network) if network else ""
    folder = RunFolder.of(root, work.dataset.name, activation.spec, settings.seed, title)
    config = {
        "activation": activation.spec,
        "sizes": list(work.sizes(() if network else hidden)),
        "settings": asdict(settings),
        "dataset": {
            "name": work.dataset.name,
            "train": len(work.split.train.labels),
            "validation": len(work.split.validation.labels),
            "split_seed": work.split_seed,
        },
        "made_by": provenance(work.device),
    }
    config |= {key: told for key, told in objective_facts(network, loss).items() if told}
    if source := source_of(activation):
        config["source"] = source
    other = networks.get(network) if network else None
    tell = on_epoch or (lambda progress: None)
    with alone(folder.path):
        folder.begin(config, overwrite=overwrite)
        fresh = work.fresh(hidden, settings.init) if other is None else work.drawn(other)
        progress = folder.resume(start(fresh, settings))
        folder.restore(progress)
        before = len(progress.history)
        epochs = fit(
            progress,
            activation,
            work.split,
            settings,
            network=other,
            loss=loss,
            compiling=compiles(work, settings, compiling, before),
            on_step=on_step,
        )
        for progress in epochs:
            if watch is not None:
                watch(progress)
            folder.save(progress)
            tell(progress)
    return Run(folder, progress.best, progress, len(progress.history) - before)
