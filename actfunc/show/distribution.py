"""The values inside a network shown: their figures by layer, and their histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from rich import box

from actfunc.analysis import LayerActivations
from actfunc.analysis.activations import LayerFigures
from actfunc.catalogue import CATALOGUE
from actfunc.formulas.formula import parse
from actfunc.show import style
from actfunc.show.analysis import described, histogram_grid
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

Distributions = Mapping[str, Sequence[LayerActivations]]
Figures = Mapping[str, Sequence[LayerFigures]]

BEFORE, AFTER = "#B5B5B5", "#4D4D4D"
NEAR_AN_END = 0.05
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


@style.applied()
def distribution_figure(
    values: Distributions, found: Figures | None = None, places: Sequence[str] | None = None
) -> Figure:
    """Densities of each hidden layer's values before (grey) and after the activation.

    What is exactly 0, and what is near the ends of a bounded function, is told in words. With their
    figures the effective rank stands over each; places: as of the table.
    """
    looks = style.looks(values)
    figure = histogram_grid(
        {
            spec: [[(layer.pre, BEFORE), (layer.post, looks[spec].colour)] for layer in layers]
            for spec, layers in values.items()
        },
        "value",
        notes=None
        if found is None
        else {
            spec: [f"rank {float(layer.rank.effective):.0f}" for layer in layers]
            for spec, layers in found.items()
        },
        names=places,
        shares={
            spec: [_saturated_told(saturated(spec, layer.post)) for layer in layers]
            for spec, layers in values.items()
        },
    )
    key = {BEFORE: "before the activation", AFTER: "after it, in the activation's colour"}
    patches = [Patch(color=colour, label=words) for colour, words in key.items()]
    zeros = Line2D([], [], color=AFTER, lw=2.2, label="at 0: values that are exactly 0")
    figure.legend(handles=[*patches, zeros], loc="outside upper center", ncols=3)
    return figure


def saturated(spec: str, values: Tensor) -> float | None:
    """The share of values within a twentieth of the range of either end of it; of a sigmoid those
    below 0.05 and above 0.95. None of a function that is not bounded on both sides by limits."""
    if CATALOGUE.canonical(style.label(spec)) is None:
        return None
    record = CATALOGUE.named(spec)
    ends = [None if end is None else parse(end, record.params) for end in record.asymptotes]
    at = torch.tensor([-1.0, 1.0], dtype=torch.float64, device="cpu")
    limits = [None if end is None else end.evaluate(at, **record.params) for end in ends]
    if any(limit is None or bool((limit != limit.flatten()[0]).any()) for limit in limits):
        return None
    low, high = sorted(float(limit.flatten()[0]) for limit in limits if limit is not None)
    within = NEAR_AN_END * (high - low)
    return float(((values <= low + within) | (values >= high - within)).double().mean())


def _saturated_told(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} % near the ends"


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
