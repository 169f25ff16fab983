"""Training shown: the table of results and the curves of validation accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator
from rich import box

from actfunc import mlp, tree
from actfunc.show import style
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actfunc.storage.run import Run
    from actfunc.training import Accuracy, Epoch

UNKNOWN = "–"

APART = 25.0
"""Points of accuracy below the best from which a network counts as one that does not learn."""


def runs_table(runs: Mapping[str, Run], test: Mapping[str, float | None]) -> FoldingTable:
    """One line a trained network; `test` has its accuracy on the test images, as a share, or None
    where its parameters are no finite numbers."""
    table = FoldingTable(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column("activation", overflow="fold")
    for column in ("val. %", "test %", "best at", "epochs", "seconds"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", style="dim", no_wrap=True)
    for spec, run in runs.items():
        progress, found = run.progress, test[spec]
        table.add_row(
            style.named(spec),
            UNKNOWN if found is None else f"{100 * progress.best_accuracy:.2f}",
            UNKNOWN if found is None else f"{100 * found:.2f}",
            str(progress.best_epoch),
            str(len(progress.history)),
            f"{sum(epoch.seconds for epoch in progress.history):.1f}",
            _what_happened(run),
        )
    return table


def diverged_warning(spec: str, epoch: int | None, params: mlp.Params) -> str:
    """That a network diverged, in which epoch where it is known, and whether what is kept of it,
    its best parameters, is from before."""
    when = f" in epoch {epoch}" if epoch is not None else ""
    kept = "kept is its best epoch" if tree.finite(params) else "nothing of use is kept"
    return f"{spec} diverged{when}: its loss or parameters are no finite numbers; {kept}"


def accuracy_table(accuracy: Mapping[str, Accuracy | None]) -> FoldingTable:
    """One line a network, its accuracies shown in percent; None of one that diverged."""
    table = FoldingTable(box=box.SIMPLE_HEAD)
    table.add_column("network", overflow="fold")
    table.add_column("validation %", justify="right")
    table.add_column("test %", justify="right")
    for spec, found in accuracy.items():
        both = [UNKNOWN] * 2 if found is None else [f"{100 * share:.2f}" for share in found]
        table.add_row(style.named(spec), *both)
    return table


@style.applied()
def curves_figure(histories: Mapping[str, Sequence[Epoch]], title: str = "") -> Figure:
    """Validation accuracy by epoch, a line an activation, the best epoch marked.

    Where some learn and others do not, the upper panel is closer to those that do, and the lower
    one has all of every line.
    """
    best = {spec: max(map(_percent, history)) for spec, history in histories.items()}
    top = max(best.values())
    stuck = [score for score in best.values() if score < top - APART]
    figure = style.figure(7.2, 4.6 if stuck else 4.0, title)
    panels = figure.subplots(
        2 if stuck else 1, sharex=True, squeeze=False, height_ratios=[3, 1] if stuck else [1]
    )[:, 0]
    looks = style.looks(histories)
    for axis in panels:
        for spec, history in histories.items():
            scores, colour = [_percent(epoch) for epoch in history], looks[spec].colour
            label = f"{looks[spec].label} {best[spec]:.1f}"
            axis.plot([epoch.epoch for epoch in history], scores, color=colour, label=label)
            at = scores.index(best[spec])
            axis.plot(history[at].epoch, best[spec], "o", color=colour, ms=6, mec="white", zorder=3)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    if stuck:
        panels[0].set_ylim(top - 12, top + 1)
        panels[1].set_ylim(0, top + 3)
    panels[-1].set_xlabel("epoch")
    figure.supylabel("validation accuracy in %", fontsize=10)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="best, in %")
    return figure


def _percent(epoch: Epoch) -> float:
    return 100 * epoch.validation_accuracy


def _what_happened(run: Run) -> str:
    if (epoch := run.progress.diverged) is not None:
        return f"diverged, epoch {epoch}"
    if run.epochs_now == 0:
        return "found trained"
    if run.epochs_now < len(run.progress.history):
        return f"{run.epochs_now} now"
    return ""
