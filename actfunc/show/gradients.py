"""Gradients shown: how far they reach, and the figures of what every layer receives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.text import Text

from actfunc import mlp
from actfunc.analysis import LayerGradient, NetworkGradient
from actfunc.analysis.gradient_statistics import StreamedGradient
from actfunc.analysis.sketch import Sketch
from actfunc.errors import UsageError
from actfunc.show import style
from actfunc.show.analysis import described, histogram_grid, summary_of
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

Layers = Sequence[LayerGradient | StreamedGradient | mlp.Layer]
Gradients = Mapping[str, Layers]
Received = Mapping[str, NetworkGradient]

PARTS = {
    "weight": "gradient of the weights",
    "bias": "gradient of the biases",
    "signal": "gradient of the pre-activations, image by image",
}
"""What of a layer a figure may show, and what its axis says."""

PLACES = {
    "weight": "gradients of the weights",
    "bias": "gradients of the biases",
    "signal": "gradients of what activations are given",
}
"""The same of any network."""


def gradients_table(gradients: Gradients) -> FoldingTable:
    """Spread of each layer's weight gradients, and the first layer's share of the last's."""
    layers = len(next(iter(gradients.values())))
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        title="standard deviation of the weights' gradients at initialisation",
        title_justify="left",
    )
    table.add_column("activation", overflow="fold")
    for layer in range(1, layers + 1):
        table.add_column(f"layer {layer}", justify="right")
    table.add_column("first : last", justify="right", no_wrap=True)
    for spec, found in gradients.items():
        spreads = [float(layer.weight.std(correction=0)) for layer in found]
        table.add_row(
            style.named(spec),
            *[f"{s:.1e}" for s in spreads],
            ratio(spreads[0], spreads[-1]),
        )
    return table


def gradients_figure(gradients: Gradients, part: str = "weight") -> Figure:
    """Densities of one of `PARTS`, a row an activation and a column a layer; above them the
    standard deviations of all, by layer."""
    looks = style.looks(gradients)

    def scales(axis: Axes) -> None:
        for spec, found in gradients.items():
            sigmas = [float(summary_of(getattr(layer, part)).std) for layer in found]
            look: Any = {"color": looks[spec].colour, "ms": 5, "mec": "white"}
            label = f"{looks[spec].label}  {ratio(sigmas[0], sigmas[-1])}"
            axis.plot(range(1, len(found) + 1), sigmas, "o-", label=label, **look)
        if axis.dataLim.ymax > 0:  # a dead network has nothing to be scaled
            axis.set_yscale("log")
        axis.set_xticks(range(1, len(found) + 1))
        axis.set_xlabel("layer, from the input on")
        axis.set_ylabel("standard deviation")
        axis.set_title(PARTS[part])
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="first : last")

    return histogram_grid(
        {
            spec: [[(getattr(layer, part), looks[spec].colour)] for layer in found]
            for spec, found in gradients.items()
        },
        PARTS[part],
        symmetric=True,
        above=scales,
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


def ratio(first: float, last: float) -> str:
    """`1 : 9,000`, or `3 : 1` where the first is the larger."""
    if not first or not last:
        return "0"
    return f"1 : {last / first:,.0f}" if last > 1.5 * first else f"{first / last:,.1f} : 1"


def layers_table(spec: str, layers: Layers) -> FoldingTable:
    """Norm, mean, spread, zeros and quantiles of each gradient that a layer receives."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        title=Text.assemble(style.named(spec), ": what each layer receives"),
        title_justify="left",
        padding=(0, 0, 0, 1),
    )
    table.add_column("", no_wrap=True)
    table.add_column("of the", no_wrap=True)
    _add_figures(table)
    for number, layer in enumerate(layers, 1):
        for part, values in layer._asdict().items():
            table.add_row(
                str(number) if part == layer._fields[0] else "",
                part,
                *_figures(values),
                end_section=part == layer._fields[-1],
            )
    return table


def places_table(found: Received, part: str) -> FoldingTable:
    """Spread of what each place in a network receives, a line a place and a column an activation.

    part: `weight` (parameters with two axes and more), `bias` (those with one, norms' among them)
    or `signal`. The last line is the first place's share of the last's.
    """
    title = f"standard deviation of the {PLACES[part]} at initialisation"
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        padding=(0, 1, 0, 0),
        min_width=min(len(title), 80),
    )
    table.add_column("", overflow="fold")
    spreads: dict[str, list[float]] = {}
    looks = style.looks(found)
    for spec, one in found.items():
        look = looks[spec]
        table.add_column(Text(look.label, style=f"bold {look.colour}"), justify="right")
        received = part_of(one, part).values()
        spreads[spec] = [float(summary_of(values).std) for values in received]
    for index, place in enumerate(part_of(next(iter(found.values())), part)):
        table.add_row(place, *(f"{each[index]:.1e}" for each in spreads.values()))
    table.add_section()
    table.add_row("first : last", *(ratio(each[0], each[-1]) for each in spreads.values()))
    return table


def received_table(spec: str, found: NetworkGradient) -> FoldingTable:
    """Norm, mean, spread, zeros and quantiles of what each parameter and each place receives."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        title=Text.assemble(style.named(spec), ": what each parameter and each place receives"),
        title_justify="left",
        padding=(0, 0, 0, 1),
    )
    table.add_column("", overflow="fold")
    _add_figures(table)
    for received in found:
        for place, values in received.items():
            table.add_row(place, *_figures(values))
        table.add_section()
    return table


def received_figure(found: Received, part: str = "weight") -> Figure:
    """Histograms of a part, as of `places_table`: a row an activation, a column a place."""
    looks = style.looks(found)
    return histogram_grid(
        {
            spec: [[(values, looks[spec].colour)] for values in part_of(one, part).values()]
            for spec, one in found.items()
        },
        PLACES[part],
        symmetric=True,
        names=list(part_of(next(iter(found.values())), part)),
    )


def received_document(found: Received) -> dict[str, Any]:
    """Figures and histograms of all that was received, by activation, kind and place."""
    return {
        spec: {
            kind: {place: described(values) for place, values in received.items()}
            for kind, received in one._asdict().items()
        }
        for spec, one in found.items()
    }


def part_of(found: NetworkGradient, part: str) -> dict[str, Tensor]:
    """What is meant by `weight`, `bias` or `signal` of any network, by the places' names.

    Raises UsageError for a network that has none.
    """
    if part == "signal":
        return found.signals
    many = part == "weight"
    chosen = {path: each for path, each in found.parameters.items() if (each.ndim > 1) == many}
    if not chosen:
        raise UsageError(f"this network has no {part} among its parameters", "--draw signal")
    return chosen


def _add_figures(table: FoldingTable) -> None:
    for heading in ("norm", "mean", "std", "zeros", "1 %", "median", "99 %"):
        table.add_column(heading, justify="right", no_wrap=True)


def _figures(values: Tensor | Sketch) -> list[str]:
    found = summary_of(values)
    return [
        *map(short, (found.norm, found.mean, found.std)),
        f"{100 * float(found.zeros):.0f} %",
        *map(short, found.quantiles[::2]),
    ]


def short(value: Tensor) -> str:
    """A number in two digits and its power of ten."""
    return f"{float(value):.1e}" if value else "0"
