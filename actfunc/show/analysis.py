"""What a network does, shown: gradient flow, and the histograms and figures of any values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from actfunc.analysis import LayerGradient, histogram, summarise
from actfunc.analysis.summary import QUANTILES, Summary
from actfunc.errors import ActfuncError
from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

Gradients = Mapping[str, Sequence[LayerGradient]]


def gradients_table(gradients: Gradients) -> Table:
    """Spread of each layer's weight gradients, and the first layer's share of the last's."""
    layers = len(next(iter(gradients.values())))
    table = Table(
        box=box.SIMPLE_HEAD,
        title="standard deviation of the weights' gradients at initialisation",
        title_justify="left",
    )
    table.add_column("activation", no_wrap=True)
    for layer in range(1, layers + 1):
        table.add_column(f"layer {layer}", justify="right")
    table.add_column("first : last", justify="right", no_wrap=True)
    for spec, found in gradients.items():
        spreads = [float(layer.weight.std(correction=0)) for layer in found]
        table.add_row(_name(spec), *[f"{s:.1e}" for s in spreads], ratio(spreads[0], spreads[-1]))
    return table


def gradients_figure(gradients: Gradients) -> Figure:
    """Histograms of the weights' gradients: a row an activation, a column a layer."""
    return histogram_grid(
        {
            spec: [[(layer.weight, style.colour(spec))] for layer in found]
            for spec, found in gradients.items()
        },
        "gradient of the weights",
        symmetric=True,
    )


def layers_document(found: Gradients) -> dict[str, Any]:
    """Figures and histograms of everything that was found of each layer, by activation."""
    return {
        spec: [
            {part: described(values) for part, values in layer._asdict().items()}
            for layer in layers
        ]
        for spec, layers in found.items()
    }


def described(values: Tensor) -> dict[str, Any]:
    """A tensor's figures and its histogram as plain JSON values."""
    check_finite(values)
    counts, edges = histogram(values)
    summary: Summary = summarise(values)
    return {
        "shape": list(values.shape),
        **{key: value.tolist() for key, value in summary._asdict().items()},
        "quantiles_at": list(QUANTILES),
        "histogram": {"counts": counts.tolist(), "edges": edges.tolist()},
    }


def check_finite(values: Tensor) -> None:
    """Refuse what has no histogram: the values of a network that has diverged."""
    if not values.isfinite().all():
        raise ActfuncError(
            "the network has diverged: some of its values are not finite",
            "train it again with a smaller learning rate",
        )


def ratio(first: float, last: float) -> str:
    """`1 : 9,000`, or `3 : 1` where the first is the larger."""
    if not first or not last:
        return "0"
    return f"1 : {last / first:,.0f}" if last > 1.5 * first else f"{first / last:,.1f} : 1"


def histogram_grid(
    grid: Mapping[str, Sequence[Sequence[tuple[Tensor, str]]]],
    label: str,
    symmetric: bool = False,
    notes: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Histograms, a row an activation and a column a layer; in a cell values and their colours.

    notes: a few words for each cell beside the spread of its last values.
    """
    rows, columns = len(grid), len(next(iter(grid.values())))
    figure = style.figure(2.5 * columns + 0.6, 1.65 * rows + 0.5)
    axes = figure.subplots(rows, columns, squeeze=False)
    for row, (spec, cells) in zip(axes, grid.items(), strict=True):
        for index, (axis, layers) in enumerate(zip(row, cells, strict=True)):
            for values, colour in layers:
                _draw_histogram(axis, values, colour)
            shown = layers[-1][0]
            axis.set_yticks([])
            axis.spines["left"].set_visible(False)
            axis.tick_params(labelsize=7.5)
            axis.locator_params(axis="x", nbins=4)
            axis.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3), useMathText=True)
            axis.xaxis.get_offset_text().set_fontsize(7.5)
            note = f"{_spread(shown)}, {notes[spec][index]}" if notes else _spread(shown)
            axis.set_title(note, fontsize=8, weight="normal", loc="right")
            if row[0] is axes[0][0]:
                axis.set_title(f"layer {index + 1}", fontsize=11)
            if symmetric:
                reach = float(shown.abs().max()) or 1.0
                axis.set_xlim(-reach, reach)
        name = {"color": style.colour(spec), "weight": "bold", "fontsize": 11}
        row[0].set_ylabel(style.label(spec), rotation=0, ha="right", **name)
    figure.supxlabel(f"{label}; log-scaled frequency", fontsize=9)
    return figure


def _draw_histogram(axis: Axes, values: Tensor, colour: str) -> None:
    check_finite(values)
    found = histogram(values, bins=60)
    # on a log scale the tails, where gradients still live, are not lost beside the spike at 0
    height = np.log10(1.0 + found.counts.cpu().numpy())
    axis.stairs(height, found.edges.cpu().numpy(), fill=True, color=colour, alpha=0.85)


def _spread(values: Tensor) -> str:
    sigma = float(values.std(correction=0))
    return f"σ = {sigma:.2f}" if sigma >= 0.05 else f"σ = {sigma:.1e}"


def _name(spec: str) -> Text:
    return Text(style.label(spec), style=f"bold {style.colour(spec)}")
