"""What each example's own gradient is like, shown: norm, noise and cosine by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter
from rich import box
from rich.text import Text

from actfunc.analysis import histogram, summarise
from actfunc.analysis.gradient_noise import Noise
from actfunc.analysis.gradient_statistics import GradientStatistics
from actfunc.show import style
from actfunc.show.analysis import check_finite, described
from actfunc.show.gradients import short
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

Statistics = Mapping[str, GradientStatistics]

FEW_DECADES = 200.0
"""The ratio of the ends of an axis under which it wants ticks between the powers of ten."""


def examples_table(statistics: Statistics) -> FoldingTable:
    """Of each example's gradient: typical norm, noise and cosine, a line a layer."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        title="each example's own gradient, by layer",
        caption="norm: median; snr: |mean| over std, median over weights\n"
        "noise scale: in examples; cosine: mean, of two examples",
        title_justify="left",
        caption_justify="left",
        padding=0,
    )
    table.add_column("activation", overflow="fold")
    table.add_column("layer", no_wrap=True)
    for heading in ("norm", "1 %", "99 %", "snr", "noise scale", "cosine"):
        table.add_column(heading, justify="right")
    for spec, found in statistics.items():
        rows = zip(
            found.norms.layer.unbind(-1),
            found.layers,
            found.layer_noise,
            found.layer_cosines,
            strict=True,
        )
        label, _, settings = style.named(spec).plain.partition(" ")
        sides = (Text(label, style=f"bold {style.colour(spec)}"), settings)
        for number, (norms, moments, noise, cosine) in enumerate(rows, 1):
            name = sides[number - 1] if number <= len(sides) else ""
            ratio = short(moments.signal_to_noise.weight.median())
            table.add_row(name, str(number), *_norms(norms), ratio, _scale(noise), _cosine(cosine))
        whole = (*_norms(found.norms.whole), "", _scale(found.noise), _cosine(found.cosine))
        table.add_row("", "all", *whole, end_section=True)
    return table


@style.applied()
def examples_figure(statistics: Statistics) -> Figure:
    """Histograms of the examples' gradient norms: a panel a layer, and one of the whole network.

    The panels stand over each other on one axis, so that what a norm loses on its way is seen. An
    example without gradient has no place on a logarithmic axis; how many these are is told.
    """
    rows = len(next(iter(statistics.values())).layers) + 1
    figure = style.figure(8.0, 0.85 * rows + 0.7)
    panels = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    looks = style.looks(statistics)
    for spec, found in statistics.items():
        label, colour = looks[spec]
        each = (*found.norms.layer.unbind(-1), found.norms.whole)
        for axis, norms in zip(panels, each, strict=True):
            check_finite(norms)
            seen = norms[norms > 0]
            if len(seen):
                bins = histogram(seen.double().log10(), bins=40)
                edges = np.power(10.0, bins.edges.cpu().numpy())
                drawn = {"fill": True, "color": colour, "alpha": 0.75, "label": label}
                axis.stairs(bins.counts.cpu().numpy(), edges, **drawn)
        lost = int((found.norms.whole == 0).sum())
        if lost:
            note = f"{label} {lost:,} without gradient"
            panels[-1].plot([], [], color=colour, linewidth=6, alpha=0.75, label=note)
    for number, axis in enumerate(panels, 1):
        axis.set_xscale("log")
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        name = f"layer {number}" if number < rows else "whole network"
        axis.set_ylabel(name, rotation=0, ha="right", va="center", weight="bold")
    low, high = panels[0].get_xlim()
    if high < FEW_DECADES * low:
        panels[-1].xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panels[-1].xaxis.set_major_formatter(lambda norm, _: f"{norm:g}")
    panels[-1].xaxis.set_minor_formatter(NullFormatter())
    entries = [zip(*axis.get_legend_handles_labels(), strict=True) for axis in panels]
    named = {label: handle for panel in entries for handle, label in panel}
    figure.legend(named.values(), named.keys(), loc="outside right center")
    panels[-1].set_xlabel("norm of an example's gradient; height: how many examples")
    return figure


def examples_document(statistics: Statistics) -> dict[str, Any]:
    """All of it as plain JSON values, by activation; an infinite figure is null."""
    return {
        spec: {
            "layers": [
                {
                    "norm": {
                        "weight": described(found.norms.weight[..., index].contiguous()),
                        "bias": described(found.norms.bias[..., index].contiguous()),
                    },
                    **{
                        what: {part: described(values) for part, values in each._asdict().items()}
                        for what, each in (
                            ("second_moment", moments.square),
                            ("variance", moments.variance),
                        )
                    },
                    "signal_to_noise_median": _number(moments.signal_to_noise.weight.median()),
                    **_noise(found.layer_noise[index]),
                    "mean_cosine": _number(found.layer_cosines[index]),
                }
                for index, moments in enumerate(found.layers)
            ],
            "network": {
                "norm": described(found.norms.whole),
                **_noise(found.noise),
                "mean_cosine": _number(found.cosine),
            },
        }
        for spec, found in statistics.items()
    }


def _noise(noise: Noise) -> dict[str, float | None]:
    return {
        "spread": _number(noise.spread),
        "strength": _number(noise.strength),
        "noise_scale": _number(noise.scale),
    }


def _norms(norms: Tensor) -> tuple[str, str, str]:
    low, _, middle, _, high = summarise(norms).quantiles
    return short(middle), short(low), short(high)


def _scale(noise: Noise) -> str:
    scale = float(noise.scale)
    return f"{scale:,.3g}" if scale < 1000 else "∞" if scale == np.inf else f"{scale:,.0f}"


def _cosine(cosine: Tensor) -> str:
    return f"{float(cosine):.3f}"


def _number(value: Tensor) -> float | None:
    return float(value) if value.isfinite() else None
