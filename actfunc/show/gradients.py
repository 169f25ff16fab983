"""Gradients shown: every layer's figures, and what each example's own gradient is like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from actfunc import mlp
from actfunc.analysis import LayerGradient, histogram, summarise
from actfunc.analysis.gradient_noise import Noise
from actfunc.analysis.gradient_statistics import GradientStatistics
from actfunc.show import style
from actfunc.show.analysis import check_finite, described

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

Statistics = Mapping[str, GradientStatistics]


def layers_table(spec: str, layers: Sequence[LayerGradient | mlp.Layer]) -> Table:
    """Norm, mean, spread, zeros and quantiles of each gradient that a layer receives."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=Text.assemble(style.named(spec), ": what each layer receives"),
        title_justify="left",
        padding=(0, 0, 0, 1),
    )
    table.add_column("", no_wrap=True)
    table.add_column("of the", no_wrap=True)
    for heading in ("norm", "mean", "std", "zeros", "1 %", "median", "99 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for number, layer in enumerate(layers, 1):
        for part, values in layer._asdict().items():
            found = summarise(values)
            figures = (found.norm, found.mean, found.std)
            table.add_row(
                str(number) if part == layer._fields[0] else "",
                part,
                *(_short(x) for x in figures),
                f"{100 * float(found.zeros):.0f} %",
                *(_short(x) for x in found.quantiles[::2]),
                end_section=part == layer._fields[-1],
            )
    return table


def examples_table(statistics: Statistics) -> Table:
    """Of each example's gradient: typical norm, noise and cosine, a line a layer."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="each example's own gradient, by layer",
        caption="signal : noise is |mean| over standard deviation, the median over the weights;"
        " the noise scale is in examples;\nthe cosine is between two examples, on average",
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("activation", no_wrap=True)
    table.add_column("layer", no_wrap=True)
    for heading in ("norm, median", "1 %", "99 %", "signal : noise", "noise scale", "cosine"):
        table.add_column(heading, justify="right")
    for spec, found in statistics.items():
        rows = zip(
            found.norms.layer.unbind(-1),
            found.layers,
            found.layer_noise,
            found.layer_cosines,
            strict=True,
        )
        for number, (norms, moments, noise, cosine) in enumerate(rows, 1):
            name = style.named(spec) if number == 1 else ""
            ratio = _short(moments.signal_to_noise.weight.median())
            table.add_row(name, str(number), *_norms(norms), ratio, _scale(noise), _cosine(cosine))
        whole = (*_norms(found.norms.whole), "", _scale(found.noise), _cosine(found.cosine))
        table.add_row("", "all", *whole, end_section=True)
    return table


def examples_figure(statistics: Statistics) -> Figure:
    """Histograms of the examples' gradient norms: a panel a layer, and one of the whole network."""
    columns = len(next(iter(statistics.values())).layers) + 1
    figure = style.figure(2.2 * columns + 0.4, 2.7)
    panels = figure.subplots(1, columns, squeeze=False)[0]
    for spec, found in statistics.items():
        for axis, norms in zip(
            panels, (*found.norms.layer.unbind(-1), found.norms.whole), strict=True
        ):
            check_finite(norms)
            seen = norms[
                norms > 0
            ]  # on a logarithmic axis an example without gradient has no place
            if len(seen):
                bins = histogram(seen.log10(), bins=40)
                edges = np.power(10.0, bins.edges.double().cpu().numpy())
                colour = style.colour(spec)
                axis.stairs(bins.counts.cpu().numpy(), edges, color=colour, label=style.label(spec))
    for number, axis in enumerate(panels, 1):
        axis.set_xscale("log")
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        axis.tick_params(labelsize=7.5)
        axis.set_title(f"layer {number}" if number < columns else "whole network")
    panels[0].set_ylabel("examples")
    handles, labels = panels[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    figure.supxlabel("norm of an example's gradient", fontsize=9)
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
    return _short(middle), _short(low), _short(high)


def _scale(noise: Noise) -> str:
    scale = float(noise.scale)
    return f"{scale:,.3g}" if scale < 1000 else "∞" if scale == np.inf else f"{scale:,.0f}"


def _cosine(cosine: Tensor) -> str:
    return f"{float(cosine):.3f}"


def _short(value: Tensor) -> str:
    return f"{float(value):.1e}" if value else "0"


def _number(value: Tensor) -> float | None:
    return float(value) if value.isfinite() else None
