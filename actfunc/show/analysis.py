"""Any values of a network's layers shown: their figures as JSON, and a grid of their histograms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from actfunc.analysis import Histogram, TensorSummary, histogram, summarise
from actfunc.analysis.sketch import Sketch
from actfunc.analysis.summary import QUANTILES
from actfunc.errors import ActfuncError
from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 8
"""As many histograms side by side as a page holds. The tutorial's networks have five layers."""

Values = Tensor | Sketch
"""Values that are there, or the sketch of those that streamed past."""


def described(values: Values) -> dict[str, Any]:
    """Figures and histogram of values as plain JSON values.

    With them stands the `shape`, or of streamed ones how many `values` there were.
    """
    check_finite(values)
    counts, edges, *_ = histogram_of(values)
    shape = (
        {"values": int(values.seen)}
        if isinstance(values, Sketch)
        else {"shape": list(values.shape)}
    )
    return {
        **shape,
        **{key: value.tolist() for key, value in summary_of(values)._asdict().items()},
        "quantiles_at": list(QUANTILES),
        "histogram": {"counts": counts.tolist(), "edges": edges.tolist()},
    }


def summary_of(values: Values) -> TensorSummary:
    """The figures of values."""
    return values.summary() if isinstance(values, Sketch) else summarise(values)


def histogram_of(values: Values, bins: int = 50) -> Histogram:
    """The histogram of values."""
    return values.histogram(bins) if isinstance(values, Sketch) else histogram(values, bins)


def check_finite(values: Values) -> None:
    """Refuse what has no histogram: the values of a network that has diverged."""
    finite = values.square.isfinite() if isinstance(values, Sketch) else values.isfinite().all()
    if not finite:
        raise ActfuncError(
            "some of the network's values are not finite: it has diverged, or its activation gives"
            " NaN or infinity",
            "train it again with a smaller learning rate; `actfunc certify` tells of the"
            " activation",
        )


@style.applied()
def histogram_grid(
    grid: Mapping[str, Sequence[Sequence[tuple[Values, str]]]],
    label: str,
    symmetric: bool = False,
    notes: Mapping[str, Sequence[str]] | None = None,
    shares: Mapping[str, Sequence[str]] | None = None,
    above: Callable[[Axes], None] | None = None,
    names: Sequence[str] | None = None,
) -> Figure:
    """Densities, a row an activation and a column a layer; in a cell values and their colours.

    Exact zeros, which have no density, are a line of their own and a share in words.

    notes: a few words for each cell beside the spread of its last values; shares: more that is told
    in the cell; above: draws a chart as wide as the grid. names: what the layers are called, by
    their numbers if nothing is said. Of more than a figure holds, as many are drawn as it does, the
    first and the last among them.
    """
    count = len(next(iter(grid.values())))
    drawn = _spread_out(count)
    rows, columns = len(grid), len(drawn)
    figure = style.figure(2.0 * columns + 0.8, 1.65 * rows + 0.7 + (2.6 if above else 0))
    top = [1.6] if above else []
    places = figure.add_gridspec(len(top) + rows, columns, height_ratios=[*top, *[1] * rows])
    looks = style.looks(grid)
    for number, (spec, cells) in enumerate(grid.items()):
        for column, index in enumerate(drawn):
            axis, layers = figure.add_subplot(places[len(top) + number, column]), cells[index]
            for values, colour in layers:
                _draw_density(axis, values, colour)
            shown = layers[-1][0]
            axis.set_yticks([])
            axis.spines["left"].set_visible(False)
            axis.tick_params(labelsize=7.5)
            axis.locator_params(axis="x", nbins=4)
            axis.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3), useMathText=True)
            axis.xaxis.get_offset_text().set_fontsize(7.5)
            note = f"{_spread(shown)}, {notes[spec][index]}" if notes else _spread(shown)
            axis.set_title(note, fontsize=8, weight="normal", loc="right")
            if number == 0:
                if names:  # above the note, as it may be long
                    axis.set_title(names[index], fontsize=10, loc="left", pad=16)
                else:
                    axis.set_title(f"layer {index + 1}", fontsize=11)
            if symmetric:
                figures = summary_of(shown)
                reach = float(max(-figures.smallest, figures.largest)) or 1.0
                axis.set_xlim(-reach, reach)
            told = [_zeros_told(shown), shares[spec][index] if shares else ""]
            inside: Any = {"transform": axis.transAxes, "ha": "right", "va": "top", "fontsize": 8}
            words = [*filter(None, told)]
            axis.text(0.98, 0.98, "\n".join(words), **inside)
            # what is told stands above what is drawn
            axis.set_ylim(0, axis.dataLim.ymax * (1.08 + 0.2 * len(words)) or 1.0)
            if column == 0:
                name: Any = {"color": looks[spec].colour, "weight": "bold", "fontsize": 11}
                axis.set_ylabel(looks[spec].label, rotation=0, ha="right", **name)
    if above:
        above(figure.add_subplot(places[0, :]))
    left_out = f"; {columns} of {count} layers" if columns < count else ""
    figure.supxlabel(f"{label}; density{left_out}", fontsize=9)
    return figure


def _spread_out(count: int) -> list[int]:
    """So many places as a figure holds, spread over all of them."""
    if count <= COLUMNS:
        return list(range(count))
    return [round(n * (count - 1) / (COLUMNS - 1)) for n in range(COLUMNS)]


ZEROS_TOLD = 0.005
"""A share of exact zeros that is drawn and told."""


def _draw_density(axis: Axes, values: Values, colour: str) -> None:
    check_finite(values)
    found = histogram_of(values, bins=60)
    counts, edges = found.counts.double().cpu().numpy(), found.edges.double().cpu().numpy()
    total = counts.sum()
    zeros = float(summary_of(values).zeros)
    if zeros > ZEROS_TOLD:
        bin_of_zero = min(int(np.searchsorted(edges, 0.0, side="right")), len(counts)) - 1
        counts[bin_of_zero] = max(0.0, counts[bin_of_zero] - zeros * total)
        axis.axvline(0.0, ymax=0.8, color=colour, lw=2.2, zorder=1)
    density = counts / (total * np.diff(edges))
    axis.stairs(density, edges, fill=True, color=colour, alpha=0.85, zorder=2)


def _zeros_told(values: Values) -> str:
    zeros = float(summary_of(values).zeros)
    return f"{100 * zeros:.0f} % exactly 0" if zeros > ZEROS_TOLD else ""


def _spread(values: Values) -> str:
    sigma = float(summary_of(values).std)
    return f"σ = {sigma:.2f}" if sigma >= 0.05 else f"σ = {sigma:.1e}"
