"""The values inside a network shown: their figures by layer, and their histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box

from actfunc.analysis import LayerActivations
from actfunc.analysis.activations import LayerFigures
from actfunc.show import style
from actfunc.show.analysis import described, histogram_grid
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

Distributions = Mapping[str, Sequence[LayerActivations]]
Figures = Mapping[str, Sequence[LayerFigures]]

BEFORE = "#B5B5B5"
TITLE = "outputs of the hidden layers; rank: effective; part.: participation ratio"


def distribution_table(
    found: Figures, near_zero: float, places: Sequence[str] | None = None
) -> FoldingTable:
    """The figures of each hidden layer's output, a line a layer; places: what layers are called,
    by their numbers if nothing is said."""
    table = FoldingTable(box=box.SIMPLE_HEAD, title=TITLE, title_justify="left", padding=0)
    table.add_column("activation", min_width=10)
    columns = ("layer", "mean", "σ", "1 %", "50 %", "99 %", "largest", "zeros")
    for column in (*columns, f"< {near_zero:g}", "rank", "part."):
        table.add_column(column, justify="right", no_wrap=True)
    for spec, layers in found.items():
        for number, layer in enumerate(layers, start=1):
            post = layer.post
            low, _, median, _, high = map(_value, post.quantiles)
            table.add_row(
                style.named(spec) if number == 1 else "",
                places[number - 1] if places else str(number),
                *(_value(post.mean), _value(post.std)),
                *(low, median, high, _value(post.largest)),
                f"{100 * float(post.zeros):.0f} %",
                f"{100 * float(layer.near_zero):.0f} %",
                f"{float(layer.rank.effective):.0f}",
                f"{float(layer.rank.participation):.1f}",
            )
        table.add_section()
    return table


def distribution_figure(
    values: Distributions, found: Figures | None = None, places: Sequence[str] | None = None
) -> Figure:
    """Histograms of each hidden layer's values before (grey) and after the activation.

    With their figures the effective rank stands over each; places: as of the table.
    """
    looks = style.looks(values)
    return histogram_grid(
        {
            spec: [[(layer.pre, BEFORE), (layer.post, looks[spec].colour)] for layer in layers]
            for spec, layers in values.items()
        },
        "value before (grey) and after the activation",
        notes=None
        if found is None
        else {
            spec: [f"rank {float(layer.rank.effective):.0f}" for layer in layers]
            for spec, layers in found.items()
        },
        places=places,
    )


def distribution_document(values: Distributions, found: Figures) -> dict[str, Any]:
    """Figures and histograms of each layer as plain JSON values, by activation."""
    return {
        spec: [
            {
                "pre": described(layer.pre),
                "post": described(layer.post),
                "near_zero": float(figures.near_zero),
                "rank": {kind: float(value) for kind, value in figures.rank._asdict().items()},
            }
            for layer, figures in zip(layers, found[spec], strict=True)
        ]
        for spec, layers in values.items()
    }


def _value(value: Tensor) -> str:
    """In at most seven characters: 18.53, -0.17, 0.00, 6543, 1e+11."""
    number = float(value)
    if abs(number) < 1e3:
        return f"{number:z.2f}"
    return f"{number:.0f}" if abs(number) < 1e5 else f"{number:.0e}"
