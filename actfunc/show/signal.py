"""The mean-field theory of activations shown: averages, gains, fixed points, and real networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box

from actfunc.analysis.gain import Gain
from actfunc.analysis.gaussian import Moments
from actfunc.analysis.propagation import Agreement, Measured, Propagation
from actfunc.analysis.signal import CriticalLine, FixedPoint
from actfunc.show import style
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor


class Theory(NamedTuple):
    """All that `actfunc signal` finds of one activation.

    moments, error:  at variance 1, and the quadrature's own error
    gain, torch:     the recommended pair; torch.nn.init.calculate_gain's, None where it has none
    used:            σ_w and σ_b of all that follows
    fixed_points:    of the variance map
    line:            the critical line
    variances, mapped:  the variance map at some variances, (point) each
    correlations, correlated:  the correlation map at the recommended or given pair, (point) each
    predicted:  layer by layer
    measured, agreement:  of real networks, and with the prediction; only where asked for
    """

    moments: Moments
    error: Moments
    gain: Gain
    torch: float | None
    used: tuple[float, float]
    fixed_points: tuple[FixedPoint, ...]
    line: CriticalLine
    variances: Tensor
    mapped: Tensor
    correlations: Tensor
    correlated: Tensor
    predicted: Propagation
    measured: Measured | None
    agreement: Agreement | None


Theories = Mapping[str, Theory]

_CORRELATIONS = (-1, -0.5, 0, 0.5, 1)
_BIASES = (0, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_GAINS = (0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)


def gain_table(found: Theories) -> FoldingTable:
    """Averages at variance 1, the recommended gain with its biases, and torch's gain."""
    table = FoldingTable(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.title = "averages over N(0, 1); recommended σ_w and σ_b, and the variance they keep"
    table.caption = (
        "σ_w/√in for weights and σ_b for biases are what --init recommended draws with\n"
    )
    table.caption_justify = "left"
    table.add_column("activation", overflow="fold", min_width=10)
    for head in ("E[φ]", "E[φ²]", "E[φ′²]", "σ_w", "σ_b", "variance", "torch's"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("keeps", min_width=6)
    for spec, one in found.items():
        averages = [f"{float(value):.4g}" for value in one.moments[1:3]]
        mean = float(one.moments.mean)
        cells = [f"{mean:.4g}" if abs(mean) > 1e-12 else "0", *averages]
        cells += [f"{float(one.gain.weight):.4f}", f"{float(one.gain.bias):.4f}"]
        cells.append(f"{float(one.gain.variance):.4g}")
        cells.append("none" if one.torch is None else f"{one.torch:.4f}")
        keeps = "both" if one.gain.critical else "values only"
        keeps += ", unstable" if one.gain.unstable else ""
        table.add_row(style.named(spec), *cells, keeps)
    return table


def fixed_point_table(found: Theories) -> FoldingTable:
    """Each fixed point of the variance map, and what becomes of gradients there."""
    table = FoldingTable(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.title = "fixed points of the variance; there, gradient a layer and depth scale in layers"
    table.add_column("activation", overflow="fold", min_width=10)
    for head in ("σ_w", "σ_b", "variance"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("stability", no_wrap=True)
    table.add_column("gradient", justify="right", no_wrap=True)
    table.add_column("depth", justify="right", no_wrap=True)
    table.add_column("phase", no_wrap=True)
    for spec, one in found.items():
        used = [f"{value:.4f}" for value in one.used]
        for point in one.fixed_points:
            scale = "∞" if math.isinf(point.depth_scale) else f"{float(point.depth_scale):.1f}"
            figures = [f"{float(point.variance):.4g}", point.stability]
            table.add_row(
                style.named(spec),
                *used,
                *figures,
                f"× {float(point.slope):.4g}",
                scale,
                point.phase,
            )
        if not one.fixed_points:
            table.add_row(style.named(spec), *used, "none", *[""] * 4)
    return table


def measured_table(found: Theories) -> FoldingTable:
    """How far real networks are from the prediction, over the layers: on average and at most."""
    table = FoldingTable(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.title = "real networks beside the prediction; at most, in standard errors of their mean"
    table.add_column("activation", overflow="fold", min_width=10)
    for head in ("variance", "off by", "at most", "gradient²", "off by", "at most"):
        table.add_column(head, justify="right", no_wrap=True)
    for spec, one in found.items():
        if one.measured is None or one.agreement is None:
            continue
        cells = []
        for at, mean, off, errors in zip((-1, 0), one.measured.mean, *one.agreement, strict=True):
            cells.append(f"{float(mean[at]):.3g}")
            cells.append(f"{100 * float(off.abs().mean()):.1f} %")
            cells.append(f"{float(errors.abs().max()):.1f}")
        table.add_row(style.named(spec), *cells)
    table.caption = "variance: of the last layer; gradient²: mean square, of the first layer"
    table.caption_justify = "left"
    return table


@style.applied()
def signal_figure(found: Theories) -> Figure:
    """The maps of variance and correlation, the critical line, and the layers one by one."""
    figure = style.figure(13, 7.4)
    (maps, lines, alike), (forward, backward, legend) = figure.subplots(2, 3)
    looks = style.looks(found)
    for spec, one in found.items():
        look = {"color": looks[spec].colour, "label": looks[spec].label}
        maps.plot(one.variances, one.mapped, **look)
        stable = [float(p.variance) for p in one.fixed_points if p.stability == "stable"]
        maps.plot(stable, stable, "o", color=look["color"])
        lines.plot(one.line.bias, one.line.gain, **look)
        if one.gain.critical:
            lines.plot(float(one.gain.bias), float(one.gain.weight), "o", color=look["color"])
        alike.plot(one.correlations, one.correlated, **look)
        _layers(forward, one, 0, look)
        _layers(backward, one, 1, look)
    for axis, end in ((maps, one.variances), (alike, one.correlations)):
        ends = end[[0, -1]]
        axis.plot(ends, ends, color="#999999", linewidth=1, linestyle="--", zorder=0)
    maps.set(xscale="log", yscale="log", xlabel="of a layer", ylabel="of the next")
    maps.set_title("variance; dots: stable fixed points")
    # sigmoid's 10 would leave no room for the others
    lines.set(xscale="asinh", yscale="log", xlabel="biases σ_b", ylabel="weights σ_w")
    lines.set_title("critical line; dots: recommended")
    ticks = [tick for tick in _BIASES if tick <= lines.get_xlim()[1]]
    lines.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    low, high = lines.get_ylim()
    gains = [gain for gain in _GAINS if low <= gain <= high]
    lines.set_yticks(gains, [f"{gain:g}" for gain in gains])
    lines.minorticks_off()
    alike.set(xlabel="of two examples in a layer", ylabel="in the next", xticks=_CORRELATIONS)
    alike.set_title("correlation")
    dots = "; dots: measured" if any(one.measured for one in found.values()) else ""
    for axis, title in ((forward, "variance"), (backward, "squared gradient")):
        axis.set(yscale="log", xlabel="layer")
        axis.set_title(f"{title}{dots or ', predicted'}")
        low, high = axis.get_ylim()
        axis.set_ylim(min(low, 0.1), max(high, 10.0))  # what holds is a flat line, not its rounding
    legend.axis("off")
    legend.legend(*maps.get_legend_handles_labels(), loc="center left", fontsize=10)
    return figure


def signal_document(found: Theories) -> dict[str, Any]:
    """Everything as plain JSON values, by activation; what is infinite or missing is null."""
    return {
        spec: {
            **{key: _plain(value) for key, value in one._asdict().items()},
            "fixed_points": [
                {**_plain(point), "stability": point.stability, "phase": point.phase}
                for point in one.fixed_points
            ],
        }
        for spec, one in found.items()
    }


def _layers(axis: Axes, one: Theory, part: int, look: dict[str, Any]) -> None:
    layers = range(1, len(one.predicted[part]) + 1)
    axis.plot(layers, one.predicted[part], **look)
    if one.measured is not None:
        mean, error = one.measured.mean[part], one.measured.error[part]
        axis.errorbar(layers, mean, error, fmt=".", color=look["color"], linewidth=1)


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {key: _plain(part) for key, part in value._asdict().items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
