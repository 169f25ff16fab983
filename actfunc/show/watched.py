"""Neurons watched through training, shown: their counts at the end, and their shares by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator
from rich import box
from rich.text import Text

from actfunc.show import style
from actfunc.show.neurons import KINDS, NAMES
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Epochs = Sequence[Mapping[str, Any]]
"""What `RunFolder.watched` gives: of each epoch its number and its layers' counts."""


def watched_table(watched: Mapping[str, Epochs]) -> FoldingTable:
    """The counts of each layer after the last epoch that was watched; nothing where none was."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        title="neurons by hidden layer",
        title_justify="left",
        padding=0,
    )
    layers = max(len(epochs[-1]["layers"]) if epochs else 0 for epochs in watched.values())
    table.add_column("activation", overflow="fold")
    table.add_column("", no_wrap=True)
    for number in range(1, layers + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for spec, epochs in watched.items():
        label, _, settings = style.named(spec).plain.partition(" ")
        name = Text(label, style=f"bold {style.colour(spec)}")
        if not epochs:
            table.add_row(style.named(spec), "not watched", end_section=True)
            continue
        sides: list[Text | str] = [name, settings, f"epoch {epochs[-1]['epoch']}"]
        for row, kind in enumerate(_kinds(epochs)):
            counts = [str(layer[kind]) for layer in epochs[-1]["layers"]]
            table.add_row(sides[row] if row < len(sides) else "", kind, *counts)
        table.add_section()
    return table


@style.applied()
def watched_figure(epochs: Epochs, title: str = "") -> Figure:
    """The share of each hidden layer's neurons by epoch: a panel a kind, a line a layer.

    A line is broken where an epoch was not watched. Undefined neurons have a panel where there
    are any.
    """
    kinds, layers = _kinds(epochs), len(epochs[0]["layers"])
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.9, layers))
    figure = style.figure(3.0 * len(kinds) + 1.0, 3.0, title)
    panels = figure.subplots(1, len(kinds), sharex=True, sharey=True, squeeze=False)[0]
    numbers = np.arange(epochs[0]["epoch"], epochs[-1]["epoch"] + 1)
    places = [line["epoch"] - numbers[0] for line in epochs]
    for axis, kind in zip(panels, kinds, strict=True):
        for index, shade in enumerate(shades):
            shares = np.full(len(numbers), np.nan)
            counts = [line["layers"][index] for line in epochs]
            shares[places] = [100 * layer[kind] / layer["neurons"] for layer in counts]
            axis.plot(numbers, shares, "o-", ms=3, color=shade, label=f"layer {index + 1}")
        axis.set_title(NAMES.get(kind, kind))
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("neurons in %")
    top = max(5.0, 1.05 * panels[0].get_ylim()[1])
    panels[0].set_ylim(-0.02 * top, top)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", ncols=-(-layers // 12))
    return figure


def _kinds(epochs: Epochs) -> list[str]:
    undefined = any(layer["undefined"] for line in epochs for layer in line["layers"])
    return [*KINDS, *(["undefined"] if undefined else [])] if epochs else []
