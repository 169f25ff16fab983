"""Depth shown: variance and gradient through the layers, as curves and as a heat map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.ticker import FuncFormatter, MaxNLocator
from rich import box
from rich.text import Text

from actfunc.analysis.depth import HOLDS_WITHIN, Course
from actfunc.show import style
from actfunc.show.digits import with_error
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor


class Courses(NamedTuple):
    """Of one activation: the variance forward and the gradient norm backward."""

    variance: Course
    gradient: Course


Depths = Mapping[str, Courses]

SHOWN = 20.0
"""Decades either side of 1 that a figure shows; what is further away lies at the edge."""

_COLOURS = {"vanishes": "blue", "explodes": "red", "holds": "green"}
_POWERS = FuncFormatter(lambda decades, _: f"$10^{{{decades:g}}}$")
_TITLES = {"variance": "variance of the pre-activations", "gradient": "gradient norm, last layer 1"}


def depth_table(found: Depths) -> FoldingTable:
    """A line an activation: the factor a layer forward and backward, and the verdicts."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title="through the layers: a factor a layer ± standard error",
        title_justify="left",
        caption=f"holds: changes by less than a factor of {10**HOLDS_WITHIN:.0f} in size over the"
        f" whole depth (of {10 ** (2 * HOLDS_WITHIN):.0f} in variance)",
        caption_justify="left",
    )
    widest = max(map(len, ("activation", *map(style.label, found))))
    table.add_column("activation", overflow="fold", min_width=widest)
    for name in _TITLES:
        table.add_column(f"{name} a layer", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
    for spec, courses in found.items():
        cells: list[str | Text] = []
        for course in courses:
            known = math.isfinite(course.factor)
            cells.append(f"× {with_error(course.factor, course.factor_error)}" if known else "–")
            cells.append(Text(course.verdict, style=_COLOURS[course.verdict]))
        table.add_row(style.named(spec), *cells)
    return table


@style.applied()
def depth_figure(found: Depths) -> Figure:
    """Curves with bands of two standard errors on top, a heat map (activation, layer) with the
    verdicts below."""
    heights = [3.6, 0.6 + 0.32 * len(found)]
    figure = style.figure(11.6, sum(heights))
    axes = figure.subplots(2, 2, height_ratios=heights, squeeze=False)
    looks = style.looks(found)
    for column, (part, title) in enumerate(_TITLES.items()):
        courses = {spec: getattr(both, part) for spec, both in found.items()}
        curves, heat = axes[:, column]
        for spec, course in courses.items():
            _draw_course(curves, looks[spec], course)
        curves.set_title(title)
        curves.set_xlim(0.5, len(next(iter(courses.values())).mean) + 0.5)
        low, high = curves.get_ylim()
        curves.set_ylim(max(min(low, -1.0), -SHOWN), min(max(high, 1.0), SHOWN))
        curves.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
        curves.yaxis.set_major_formatter(_POWERS)
        _draw_heat(figure, heat, {looks[spec].label: each for spec, each in courses.items()})
    axes[0, 0].legend(fontsize=8, ncols=1 + len(found) // 9)
    return figure


def depth_document(found: Depths) -> dict[str, Any]:
    """Everything of it as JSON values, by activation; what is not finite is null."""
    return {
        spec: {part: _plain(course) for part, course in courses._asdict().items()}
        for spec, courses in found.items()
    }


def _plain(course: Course) -> dict[str, Any]:
    return {
        "log10_mean": [_or_none(v) for v in course.mean.tolist()],
        "log10_standard_error": [_or_none(v) for v in course.standard_error.tolist()],
        "decades_a_layer": _or_none(course.rate),
        "decades_a_layer_error": _or_none(course.rate_error),
        "factor_a_layer": _or_none(course.factor),
        "factor_a_layer_error": _or_none(course.factor_error),
        "verdict": course.verdict,
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _draw_course(axis: Axes, look: style.Look, course: Course) -> None:
    mean, error = _numbers(course.mean), _numbers(course.standard_error)
    layers = np.arange(1, len(mean) + 1)
    mean = np.where(np.isfinite(mean), mean, np.nan)
    error = np.where(np.isfinite(error), error, 0.0)
    low, high = mean - 2 * error, mean + 2 * error
    axis.fill_between(layers, low, high, color=look.colour, alpha=0.2, lw=0)
    axis.plot(layers, mean, color=look.colour, label=look.label)


def _draw_heat(figure: Figure, axis: Axes, courses: Mapping[str, Course]) -> None:
    rows = np.stack([_numbers(course.mean) for course in courses.values()])
    finite = rows[np.isfinite(rows)]
    furthest = float(np.abs(finite).max(initial=1.0))
    reach = min(SHOWN, furthest)
    image = axis.imshow(
        np.clip(rows, -reach, reach),
        aspect="auto",
        interpolation="nearest",
        cmap="RdBu_r",
        norm=TwoSlopeNorm(0.0, -reach, reach),
        extent=(0.5, rows.shape[1] + 0.5, len(rows) - 0.5, -0.5),
    )
    axis.grid(visible=False)
    axis.set_xlabel("layer; grey: the signal has overflowed" if np.isnan(rows).any() else "layer")
    axis.set_facecolor("#C8C8C8")
    labels = [f"{label} {course.verdict}" for label, course in courses.items()]
    axis.set_yticks(range(len(rows)), labels, fontsize=8)
    clipped = "both" if furthest > reach or np.isinf(rows).any() else "neither"
    bar = figure.colorbar(image, ax=axis, pad=0.01, extend=clipped, format=_POWERS)
    bar.locator = MaxNLocator(4, integer=True)


def _numbers(values: Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()
