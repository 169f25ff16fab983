"""Whether members leave chance before early stopping would end them, in one figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actfunc.training import Epoch

ABOVE, AT_CHANCE, SOFT = "#0072B2", "#D55E00", "#6B6B6B"
MARKS = {ABOVE: "o", AT_CHANCE: "X"}


@style.applied()
def escape_figure(
    histories: Mapping[int, Sequence[Epoch]],
    stopped_at: Mapping[int, int],
    title: str = "",
    *,
    left_chance: float,
) -> Figure:
    """Validation accuracy by epoch, a thin line a seed, a mark where it would have been stopped.

    stopped_at:   by seed, the last epoch that early stopping would have trained, without the
                  seeds that it would not have stopped. What comes after is drawn fainter.
    left_chance:  validation accuracy, a share, above which a member counts as having left chance.
    """
    figure = style.figure(7.4, 4.3, title)
    axis = figure.subplots()
    bound = 100 * left_chance
    marks = {AT_CHANCE: Counter[int](), ABOVE: Counter[int]()}
    then, ever = 0, 0
    for seed, history in histories.items():
        epochs = [epoch.epoch for epoch in history]
        scores = [100 * epoch.validation_accuracy for epoch in history]
        stop = epochs.index(stopped_at.get(seed, epochs[-1]))
        left = max(scores[: stop + 1]) > bound
        then, ever = then + left, ever + (max(scores) > bound)
        colour = ABOVE if left else AT_CHANCE
        axis.plot(epochs[: stop + 1], scores[: stop + 1], color=colour, lw=1)
        axis.plot(epochs[stop:], scores[stop:], color=colour, lw=1, alpha=0.4)
        if seed in stopped_at:
            marks[colour][epochs[stop]] += 1
            mark = MARKS[colour]
            axis.plot(epochs[stop], scores[stop], mark, color=colour, ms=7, mec="white", zorder=3)
    for epoch, count in marks[AT_CHANCE].items():  # where one mark may hide others
        axis.text(epoch, 0.55 * bound, f"{count}", color=AT_CHANCE, ha="center", va="top")
    axis.axhline(bound, color=SOFT, lw=1, ls=(0, (4, 3)), zorder=1)
    beside = axis.get_yaxis_transform()
    axis.text(1.01, bound, f"chance\nup to {bound:g} %", transform=beside, va="center", color=SOFT)
    of = f"of {len(histories)}"
    told = f"left chance: {then} {of} with early stopping, {ever} {of} without"
    axis.set_title(told, weight="normal")
    for colour, where in ((ABOVE, "above chance"), (AT_CHANCE, "at chance")):
        label = f"early stopping ends it {where}: {marks[colour].total()}"
        axis.plot([], [], MARKS[colour] + "-", color=colour, lw=1, ms=7, mec="white", label=label)
    axis.plot([], [], color=SOFT, lw=1, alpha=0.4, label="fainter: trained on after that")
    going_on = len(histories.keys() - stopped_at.keys())
    axis.plot([], [], color=SOFT, lw=1, label=f"no mark: not ended by it: {going_on}")
    axis.set_ylim(bottom=0)
    axis.margins(x=0.02)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation accuracy in %")
    figure.legend(loc="outside lower center", ncols=2)
    return figure
