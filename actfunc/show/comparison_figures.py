"""A comparison in figures: the arms' intervals, and their learning curves with bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from matplotlib.ticker import MaxNLocator

from actfunc.compare.records import Arm
from actfunc.compare.standings import Estimate
from actfunc.show import style
from actfunc.show.comparison import mean
from actfunc.show.comparison_names import arm_names
from actfunc.show.training import APART

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actfunc.compare.standings import Standing, Summary
    from actfunc.compare.statistics import Band

SOFT = "#6B6B6B"
LINE = 0.18
"""Inches from a line of text to the next."""

Dashes: TypeAlias = str | tuple[int, tuple[float, ...]]
DASHES: tuple[Dashes, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""For arms of the same activation, which have the same colour."""


@style.applied()
def intervals_figure(summary: Summary, title: str = "") -> Figure:
    """Mean test accuracy and its interval, a row an arm, best on top, the baseline's mean marked,
    and the seeds as faint dots, without those that diverged.

    What lies far below the best has a part of the axis to itself, so that it does not flatten the
    rest.
    """
    standings = summary.standings
    seen = {s.arm: [one.test for one in s.reported if one.diverged is None] for s in standings}
    estimates = [s.test for s in standings if s.test is not None] or [Estimate(0.0, 0, 0, 0, 0)]
    values = [x for one in estimates for x in (one.mean, one.low, one.high)]
    values += [x for each in seen.values() for x in each]
    limit = max(one.mean for one in estimates) - APART
    near, far = [x for x in values if x >= limit], [x for x in values if x < limit]
    figure = style.figure(7.4, 1.2 + 0.42 * len(standings), title)
    shares = [1, 4] if far else [1]
    panels = figure.subplots(1, len(shares), sharey=True, squeeze=False, width_ratios=shares)[0]
    for axis, shown, least in zip(panels[::-1], (near, far), (0.1, 2.0), strict=False):
        margin = max(0.06 * (max(shown) - min(shown)), least)
        axis.set_xlim(min(shown) - margin, max(shown) + margin)
        axis.xaxis.set_major_locator(MaxNLocator(6 if shown is near else 2))
        axis.grid(visible=False, axis="y")
        axis.tick_params(axis="y", length=0)
        for row, standing in enumerate(standings):
            if standing.test is None:
                continue
            _draw_standing(axis, row, standing.arm, standing.test, seen[standing.arm])
            if standing.arm == summary.baseline:
                axis.axvline(standing.test.mean, color=SOFT, ls=DASHES[1], lw=1, zorder=1)
    if far:
        _break_between(*panels)
    panels[0].set_ylim(len(standings) - 0.4, -0.6)
    names = arm_names([s.arm for s in standings])
    broken = [name.replace(" ", "\n", 1) for name in names.values()]
    panels[0].set_yticks(range(len(standings)), broken, fontweight="bold")
    for text, arm in zip(panels[0].get_yticklabels(), names, strict=True):
        text.set_color(style.colour(arm.activation))
    beside = panels[-1].get_yaxis_transform()
    for row, standing in enumerate(standings):
        told = _told(standing, summary.baseline)
        panels[-1].text(1.02, row, told, transform=beside, va="center_baseline", fontsize=9)
    figure.supxlabel("test accuracy in %: mean over seeds, 95 % interval", fontsize=10)
    return figure


@style.applied()
def bands_figure(
    bands: Mapping[str, Sequence[Band]] | Mapping[Arm, Sequence[Band]], title: str = ""
) -> Figure:
    """Mean validation accuracy by epoch with its band, a line an activation spec or an arm.

    Every line is named at its end, with its last value. Where the first epochs are so far below the
    rest that they would flatten it, or some do not learn, a panel of its own below has all lines
    from their lowest point on, and names those that do not learn.
    """
    curves = {
        key if isinstance(key, Arm) else Arm(key, (), ""): found for key, found in bands.items()
    }
    best = {arm: max(band.mean for band in found) for arm, found in curves.items()}
    learning = [arm for arm in curves if best[arm] >= max(best.values()) - APART]
    stuck = [arm for arm in curves if arm not in learning]
    closer = _closer([curves[arm] for arm in learning])
    whole = _whole([*curves.values()])
    # what each panel draws, which lines it names, and between which limits
    panels = [(learning, learning, closer if stuck or whole[0] < closer[0] - APART else whole)]
    if panels[0][2] is not whole or stuck:
        panels.append((list(curves), stuck, whole))
    heights = [max(3.4, LINE * len(learning)), max(1.3, LINE * len(stuck))][: len(panels)]
    names = arm_names(list(curves))
    width = 6.4 + 0.09 * max(map(len, names.values()))
    figure = style.figure(width, sum(heights) + 0.7, title)
    axes = figure.subplots(len(panels), sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axis, height, (arms, named, (bottom, top)) in zip(axes, heights, panels, strict=True):
        for arm in arms:
            _draw_band(axis, curves[arm], style.colour(arm.activation), _dashes(arm, curves))
        axis.set_ylim(bottom, top)
        axis.margins(x=0)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        ends = [(names[arm], curves[arm][-1], style.colour(arm.activation)) for arm in named]
        _name_ends(axis, ends, gap=LINE / height * (top - bottom))
    if len(panels) > 1:
        axes[0].set_title("closer", loc="right", fontsize=9, weight="normal", color=SOFT)
        axes[1].set_title("all of it", loc="right", fontsize=9, weight="normal", color=SOFT)
    axes[-1].set_xlabel("epoch")
    figure.supylabel("validation accuracy in %", fontsize=10)
    return figure


def _draw_standing(axis: Axes, row: int, arm: Arm, test: Estimate, points: Sequence[float]) -> None:
    colour, below = style.colour(arm.activation), [row + 0.26] * len(points)
    axis.plot(points, below, "o", color=colour, ms=4.5, alpha=0.35, mew=0, label="seeds")
    axis.plot([test.low, test.high], [row, row], color=colour, lw=3, solid_capstyle="butt")
    axis.plot(test.mean, row, "o", color=colour, ms=8, mec="white", zorder=3)


def _told(standing: Standing, baseline: Arm | None) -> str:
    """A row's mean, and what has to be known beside it."""
    told = mean(standing.test)
    if standing.arm == baseline:
        told += "  baseline"
    if standing.left_chance + standing.diverged < standing.seeds:
        told += f"  {standing.left_chance} of {standing.seeds} left chance"
    if standing.diverged:
        told += f"  {standing.diverged} of {standing.seeds} diverged"
    return told


def _break_between(left: Axes, right: Axes) -> None:
    right.spines["left"].set_visible(False)
    mark: dict[str, Any] = {
        "marker": [(-0.6, -1), (0.6, 1)],
        "ms": 7,
        "ls": "none",
        "color": SOFT,
        "mew": 1,
    }
    left.plot(1, 0, transform=left.transAxes, clip_on=False, **mark)
    right.plot(0, 0, transform=right.transAxes, clip_on=False, **mark)


def _dashes(arm: Arm, arms: Mapping[Arm, object]) -> Dashes:
    colour = style.colour(arm.activation)
    same = [other for other in arms if style.colour(other.activation) == colour]
    return DASHES[same.index(arm) % len(DASHES)]


def _draw_band(axis: Axes, found: Sequence[Band], colour: str, dashes: Dashes) -> None:
    epochs = [band.epoch for band in found]
    low, high = [band.low for band in found], [band.high for band in found]
    axis.fill_between(epochs, low, high, color=colour, alpha=0.14, lw=0)
    axis.plot(epochs, [band.mean for band in found], color=colour, ls=dashes)


def _closer(curves: Sequence[Sequence[Band]]) -> tuple[float, float]:
    """Room for where the curves end; the first fifth, where all rise, may begin below."""
    late = [band.mean for found in curves for band in found[len(found) // 5 :]]
    low = min(*late, *(found[-1].low for found in curves))
    best = max(band.mean for found in curves for band in found)
    return max(low, best - APART) - 0.5, _whole(curves)[1]


def _whole(curves: Sequence[Sequence[Band]]) -> tuple[float, float]:
    """Room for all of the curves and their bands."""
    every = [band for found in curves for band in found]
    return min(band.low for band in every) - 0.5, max(band.high for band in every) + 0.5


def _name_ends(axis: Axes, ends: Sequence[tuple[str, Band, str]], gap: float) -> None:
    """Each line's name and last value beside it, `gap` apart where they would overlap."""
    ranked = sorted(ends, key=lambda end: -end[1].mean)
    heights: list[float] = []
    for _, last, _ in ranked:
        heights.append(min([last.mean, *(height - gap for height in heights[-1:])]))
    least = axis.get_ylim()[0] + gap / 2
    for index in reversed(range(len(heights))):
        heights[index] = max(heights[index], least)
        least = heights[index] + gap
    for height, (name, last, colour) in zip(heights, ranked, strict=True):
        axis.annotate(
            f"{name} {last.mean:.1f}",
            (last.epoch, last.mean),
            (1.05, height),
            textcoords=axis.get_yaxis_transform(),
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.8, "relpos": (0, 0.5)},
            color=colour,
            va="center",
            fontsize=9,
            fontweight="bold",
        )
