"""Training shown: the table of results and the curves of validation accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator
from rich import box
from rich.table import Table
from rich.text import Text

from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actfunc.storage.run import Run
    from actfunc.training import Accuracy, Epoch


def runs_table(runs: Mapping[str, Run], test: Mapping[str, float]) -> Table:
    """One line a trained network; `test` has its accuracy on the test images, as a fraction."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("activation", no_wrap=True)
    for column in ("val. %", "test %", "best epoch", "epochs", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("", style="dim", no_wrap=True)
    for spec, run in runs.items():
        progress = run.progress
        table.add_row(
            Text(spec, style=f"bold {style.colour(spec)}"),
            f"{100 * progress.best_accuracy:.2f}",
            f"{100 * test[spec]:.2f}",
            str(progress.best_epoch),
            str(len(progress.history)),
            f"{sum(epoch.seconds for epoch in progress.history):.1f}",
            _what_happened(run),
        )
    return table


def accuracy_table(accuracy: Mapping[str, Accuracy]) -> Table:
    """One line a network, accuracies in percent."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("network", no_wrap=True)
    table.add_column("validation %", justify="right")
    table.add_column("test %", justify="right")
    for name, found in accuracy.items():
        colour = style.colour(name)
        row = (f"{found.validation:.2f}", f"{found.test:.2f}")
        table.add_row(Text(name, style=f"bold {colour}"), *row)
    return table


def curves_figure(histories: Mapping[str, Sequence[Epoch]], title: str = "") -> Figure:
    """Validation accuracy by epoch, a line an activation, the best epoch marked."""
    figure = style.figure(7.2, 4.0, title)
    axis = figure.subplots()
    for spec, history in histories.items():
        epochs = [epoch.epoch for epoch in history]
        scores = [100 * epoch.validation_accuracy for epoch in history]
        colour = style.colour(spec)
        axis.plot(epochs, scores, color=colour, label=spec)
        best = scores.index(max(scores))
        axis.plot(epochs[best], scores[best], "o", color=colour, ms=6, mec="white")
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation accuracy in %")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(loc="best", title=None)
    return figure


def _what_happened(run: Run) -> str:
    if run.epochs_now == 0:
        return "already trained"
    if run.epochs_now < len(run.progress.history):
        return f"resumed, {run.epochs_now} epochs now"
    return ""
