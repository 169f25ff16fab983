"""Neurons watched while a network trains: counted after each epoch, kept, warned of, drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from actfunc.activation import Activation
    from actfunc.storage import RunFolder, WorkingSet
    from actfunc.storage.run import Run
    from actfunc.training import Progress


def watcher(
    work: WorkingSet, record: Activation, folder: RunFolder, tell: Callable[[str], None]
) -> Callable[[Progress], None]:
    """What to call after each epoch of a training, so that its neurons are counted.

    On the validation images; what was found is kept in the run folder. `tell` hears of layers that
    come to starve.
    """
    from actfunc.analysis.neurons import TOO_MANY, count_neurons, starving, tally
    from actfunc.show.neurons import starving_warning, tallies_document

    told: set[int] = set()

    def after_epoch(progress: Progress) -> None:
        epoch, images = len(progress.history), work.split.validation.images
        tallies = tally(count_neurons(progress.state.params, record, images))
        folder.watch(epoch, tallies_document(tallies))
        layers = set(starving(tallies))
        if layers - told:
            tell(starving_warning(f"{record.spec}, epoch {epoch}", tallies, TOO_MANY))
        told.update(layers)

    return after_epoch


def draw_watched(run: Run) -> Path | None:
    """Draw what was watched of a run into its folder, if anything was; gives the figure's path."""
    from actfunc.show import style
    from actfunc.show.watched import watched_figure

    file, epochs = run.folder.neurons_figure_file, run.folder.watched()
    if not epochs:
        return None
    if run.epochs_now or not file.exists():
        style.save(watched_figure(epochs, f"{run.folder.path.name}: neurons"), file)
    return file
