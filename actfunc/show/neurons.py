"""Neurons shown: how many of each layer are dead, saturated or always linear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box

from actfunc.analysis.neurons import LayerTally, starving
from actfunc.show import style
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tallies = Mapping[str, Sequence[LayerTally]]

KINDS = {"dead": "#B3261E", "saturated": "#E69F00", "linear": "#0072B2"}
"""What is drawn of a layer's neurons, and in which colour."""

NAMES = {"linear": "always linear", "undefined": "undefined (NaN)"}
"""What a kind is called where its own name does not say enough."""


def neurons_table(
    tallies: Tallies, bound: float, places: Sequence[str] | None = None
) -> FoldingTable:
    """Counts of each hidden layer of each network, a line a layer; places: what layers are called,
    by their numbers if nothing is said."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        title="neurons by their slopes",
        caption=f"saturated: slope under {bound:g} for every image\n"
        "linear: always on one line\n"
        f"pairs: of a neuron and an image, slope under {bound:g}",
        caption_justify="left",
        title_justify="left",
        padding=(0, 0, 0, 1),
    )
    undefined = any(int(layer.undefined) for found in tallies.values() for layer in found)
    table.add_column("network")
    counts = ["dead", "saturated", "linear", *(["undefined"] if undefined else [])]
    for column in ("layer", "neurons", *counts, "pairs"):
        table.add_column(column, justify="right", no_wrap=True)
    for spec, found in tallies.items():
        for number, layer in enumerate(found, start=1):
            table.add_row(
                style.named(spec) if number == 1 else "",
                *(places[number - 1] if places else str(number), str(int(layer.neurons))),
                *(_counted(layer, kind) for kind in counts),
                f"{100 * float(layer.saturated_pairs):.1f} %",
            )
        table.add_section()
    return table


@style.applied()
def neurons_figure(tallies: Tallies) -> Figure:
    """The shares of each layer's neurons that are dead, saturated and always linear, a panel a
    network."""
    columns = min(3, len(tallies))
    rows = -(-len(tallies) // columns)
    figure = style.figure(3.4 * columns + 1.2, 2.3 * rows + 0.4)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flatten()
    for axis in panels[len(tallies) :]:
        axis.set_visible(False)
    looks = style.looks(tallies)
    for axis, (spec, found) in zip(panels, tallies.items(), strict=False):
        layers = np.arange(1, len(found) + 1)
        for place, (kind, colour) in enumerate(KINDS.items()):
            shares = [100 * float(layer.share(kind)) for layer in found]
            look = {"color": colour, "label": NAMES.get(kind, kind)}
            axis.bar(layers + 0.27 * (place - 1), shares, width=0.25, **look)
        axis.set_title(looks[spec].label, color=looks[spec].colour)
        axis.set_xticks(layers)
        axis.set_xlim(0.5, len(found) + 0.5)
        if not any(float(layer.share(kind)) for layer in found for kind in KINDS):
            axis.text(0.5, 0.5, "none", transform=axis.transAxes, ha="center", color="#777777")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    figure.supxlabel("layer", fontsize=9)
    figure.supylabel("neurons in %", fontsize=9)
    panels[0].set_ylim(0, max(5.0, 1.05 * panels[0].get_ylim()[1]))
    return figure


def tallies_document(tallies: Sequence[LayerTally]) -> list[dict[str, Any]]:
    """The counts of each hidden layer as plain JSON values."""
    return [{kind: value.item() for kind, value in each._asdict().items()} for each in tallies]


def starving_warning(network: str, tallies: Sequence[LayerTally], share: float) -> str:
    """A line that names the layers of which more than `share` is dead; empty where there is none.

    Or that the network has diverged, where a neuron is undefined.
    """
    if any(int(layer.undefined) for layer in tallies):
        return f"{network}: the network has diverged, some of its values are NaN"
    layers = starving(tallies, share)
    if not layers:
        return ""
    shares = ", ".join(
        f"{100 * float(tallies[number - 1].share('dead')):.0f} % of layer {number}"
        for number in layers
    )
    return f"{network}: dead are {shares}"


def dead_table(
    dead: Mapping[str, Sequence[int]], sizes: Mapping[str, Sequence[int]]
) -> FoldingTable:
    """Dead neurons of each layer, a line a network."""
    table = FoldingTable(box=box.SIMPLE_HEAD, title="dead neurons, by layer", title_justify="left")
    table.add_column("network", no_wrap=True)
    for layer in range(1, max(map(len, dead.values())) + 1):
        table.add_column(str(layer), justify="right")
    table.add_column("in all", justify="right", no_wrap=True)
    for network, counts in dead.items():
        cells = [str(count) for count in counts] + [""] * (len(table.columns) - 2 - len(counts))
        total = f"{sum(counts)} of {sum(sizes[network]):,}"
        table.add_row(network, *cells, total)
    return table


def dead_places_table(dead: Mapping[str, int], sizes: Mapping[str, int]) -> FoldingTable:
    """Dead neurons of each place in one network, a line a place, and of all."""
    table = FoldingTable(box=box.SIMPLE_HEAD, title="dead neurons, by place", title_justify="left")
    table.add_column("place", overflow="fold")
    table.add_column("dead", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    for place, count in dead.items():
        table.add_row(place, str(count), f"{sizes[place]:,}")
    table.add_section()
    table.add_row("in all", str(sum(dead.values())), f"{sum(sizes.values()):,}")
    return table


@style.applied()
def dead_figure(dead: Mapping[str, Sequence[int]], sizes: Mapping[str, Sequence[int]]) -> Figure:
    """The share of dead neurons in each layer, a panel a network."""
    figure = style.figure(9.6, 2.9)
    ratios = [max(len(counts), 3) for counts in dead.values()]  # a title's width at the least
    panels = figure.subplots(1, len(dead), sharey=True, squeeze=False, width_ratios=ratios)[0]
    for axis, (network, counts) in zip(panels, dead.items(), strict=True):
        shares = [100 * n / size for n, size in zip(counts, sizes[network], strict=True)]
        layers = np.arange(1, len(counts) + 1)
        bars = axis.bar(layers, shares, color=style.colour("relu"), width=0.7)
        axis.bar_label(bars, labels=[str(count) for count in counts], padding=2, fontsize=8.5)
        axis.set_title(network)
        axis.set_xticks(layers)
        axis.set_xlim(0.3, len(counts) + 0.7)
        axis.set_xlabel("layer")
    panels[0].set_ylabel("dead neurons in %")
    panels[0].set_ylim(0, max(5.0, 1.15 * panels[0].get_ylim()[1]))
    return figure


def _counted(layer: LayerTally, kind: str) -> str:
    count = int(getattr(layer, kind))
    return f"{count} ({100 * float(layer.share(kind)):.0f} %)" if count else "0"
