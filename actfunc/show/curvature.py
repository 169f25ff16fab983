"""Curvature shown: eigenvalues with their errors, traces, and how inputs are stretched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from rich import box

from actfunc.analysis.landscape import Landscape, gauss_newton_share
from actfunc.errors import ActfuncError
from actfunc.show import style
from actfunc.show.digits import with_error
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

Landscapes = Mapping[str, Landscape]

NARROW = 100.0
"""A logarithmic axis that spans less than this factor has 1, 2 and 5 on it."""

_SHAPES: Mapping[str, dict[str, Any]] = {
    "Hessian": {"marker": "o", "markersize": 4, "linestyle": "-"},
    "Gauss-Newton part": {"marker": "s", "markersize": 8, "fillstyle": "none", "linestyle": "none"},
}
"""How the eigenvalues of each are drawn."""


def curvature_table(found: Landscapes) -> FoldingTable:
    """A line an activation: the ends of the spectrum, the trace, Gauss-Newton's part, stretch."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title="curvature of the loss: eigenvalues and trace of its Hessian",
        title_justify="left",
        caption="±: an eigenvalue's residual, the trace's standard error, where it shows in the"
        " digits\nstretch: the largest singular value from input to logits, the examples' median",
        caption_justify="left",
    )
    widest = max(map(len, ("activation", *map(style.label, found))))
    table.add_column("activation", overflow="fold", min_width=widest)
    for name in (
        "largest",
        "lowest",
        "trace",
        "Gauss-\nNewton's",
        "its share\nof trace",
        "stretch",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for spec, one in found.items():
        check_finite(spec, one)
        share = float(gauss_newton_share(one))
        ends = (one.top, one.lowest, one.trace, one.gauss_newton)
        table.add_row(
            style.named(spec),
            *(with_error(*(float(part.flatten()[0]) for part in pair)) for pair in ends),
            f"{100 * share:.0f} %" if math.isfinite(share) else "–",
            f"{float(one.stretch[:, 0].median()):.2g}",
        )
    return table


@style.applied()
def curvature_figure(found: Landscapes) -> Figure:
    """The largest eigenvalues, the Hessian's and the Gauss-Newton part's; the spectrum, a row an
    activation; and the singular values of the input-output Jacobian."""
    figure = style.figure(12.4, 3.9)
    ranked, density, stretch = figure.subplots(1, 3)
    looks = style.looks(found)
    for row, (spec, one) in enumerate(found.items()):
        check_finite(spec, one)
        colour = looks[spec].colour
        _draw_ranked(ranked, one, colour)
        nodes, weights = _numbers(one.spectrum.nodes), _numbers(one.spectrum.weights)
        # the largest share is a disc, a share of 1e-12 and less a point
        areas = 4 + 7 * np.clip(12 + np.log10(np.maximum(weights, 1e-12)), 0, 12)
        density.scatter(nodes, np.full(len(nodes), row), areas, color=colour, alpha=0.6, lw=0)
        _draw_stretch(stretch, one.stretch, colour)
    grey = partial(Line2D, [], [], color="#444444", linewidth=1.5)
    key = [grey(label=name, **shape) for name, shape in _SHAPES.items()]
    ranked.legend(handles=key, fontsize=8)
    ranked.set_title("largest eigenvalues")
    ranked.set_xlabel("rank")
    _scale(ranked, [part.values for one in found.values() for part in (one.top, one.gauss_newton)])
    density.set_title("spectrum of the Hessian")
    density.set_xlabel("eigenvalue; the larger a disc, the more of them")
    density.set_xscale("symlog", linthresh=0.1, linscale=0.5)
    density.xaxis.set_minor_locator(NullLocator())
    density.set_yticks(range(len(found)), [look.label for look in looks.values()])
    for tick, look in zip(density.get_yticklabels(), looks.values(), strict=True):
        tick.set(color=look.colour, fontweight="bold")
    density.set_ylim(len(found) - 0.4, -0.6)
    stretch.set_title("singular values, input to logits")
    stretch.set_xlabel("rank; median and 10 to 90 % of the examples")
    _scale(stretch, [one.stretch for one in found.values()])
    stretch.axhline(1.0, color="#666666", linewidth=1, linestyle="--")
    return figure


def curvature_document(found: Landscapes) -> dict[str, Any]:
    """Everything of it as JSON values, by activation; the stretch as medians over examples."""
    document = {}
    for spec, one in found.items():
        check_finite(spec, one)
        document[spec] = {
            "hessian": _ritz_values(one.top),
            "lowest": _ritz_values(one.lowest),
            "gauss_newton": _ritz_values(one.gauss_newton),
            "spectrum": {part: t.tolist() for part, t in one.spectrum._asdict().items()},
            "trace": {
                "value": float(one.trace.value),
                "standard_error": _or_none(float(one.trace.standard_error)),
            },
            "gauss_newton_trace": float(one.gauss_newton_trace),
            "gauss_newton_share": _or_none(float(gauss_newton_share(one))),
            "singular_values": one.stretch.median(dim=0).values.tolist(),
        }
    return document


def check_finite(spec: str, one: Landscape) -> None:
    """Refuse the landscape of a network that has diverged."""
    if not (one.top.values.isfinite().all() and one.stretch.isfinite().all()):
        raise ActfuncError(
            f"the network of {style.label(spec)} has diverged: its curvature is not finite",
            "train it again with a smaller learning rate",
        )


def _ritz_values(ritz: Any) -> dict[str, list[float]]:
    return {"eigenvalues": ritz.values.tolist(), "residuals": ritz.residuals.tolist()}


def _draw_ranked(axis: Axes, one: Landscape, colour: str) -> None:
    ranks = np.arange(1, len(one.top.values) + 1)
    for ritz, shape in zip((one.top, one.gauss_newton), _SHAPES.values(), strict=True):
        axis.errorbar(
            ranks,
            _numbers(ritz.values),
            _numbers(ritz.residuals),
            color=colour,
            linewidth=1.2,
            capsize=2,
            **shape,
        )
    axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))


def _draw_stretch(axis: Axes, values: Tensor, colour: str) -> None:
    ranks = np.arange(1, values.shape[1] + 1)
    low, middle, high = np.quantile(_numbers(values), (0.1, 0.5, 0.9), axis=0)
    axis.fill_between(ranks, low, high, color=colour, alpha=0.18, linewidth=0)
    axis.plot(ranks, middle, color=colour)
    axis.set_xticks(ranks)


def _scale(axis: Axes, shown: Sequence[Tensor]) -> None:
    """Logarithmic with plain numbers, or linear where something is not above 0."""
    if all(bool((values > 0).all()) for values in shown):
        axis.set_yscale("log")
        low, high = (f([float(f(_numbers(v))) for v in shown]) for f in (np.min, np.max))
        if high / low < NARROW:
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.yaxis.set_minor_locator(NullLocator())


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(values: Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()
