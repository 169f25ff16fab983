"""Curvature shown: eigenvalues with their errors, traces, and how inputs are stretched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.table import Table

from actfunc.analysis.landscape import Landscape, gauss_newton_share
from actfunc.errors import ActfuncError
from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

Landscapes = Mapping[str, Landscape]


def curvature_table(found: Landscapes) -> Table:
    """A line an activation: the ends of the spectrum, the trace, Gauss-Newton's share, stretch."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="curvature of the loss: eigenvalues ± residual, trace ± standard error",
        title_justify="left",
    )
    table.add_column("activation", no_wrap=True)
    for name in ("largest", "next", "lowest", "trace"):
        table.add_column(name, justify="right")
    table.add_column("Gauss-Newton: largest, share of the trace", justify="right")
    table.add_column("stretch of the input, largest : least", justify="right")
    for spec, one in found.items():
        share = 100 * float(gauss_newton_share(one))
        most, least = one.stretch.median(dim=0).values[[0, -1]].tolist()
        table.add_row(
            style.named(spec),
            _with_error(one.top.values[0], one.top.residuals[0]),
            ", ".join(f"{float(v):.3g}" for v in one.top.values[1:]),
            _with_error(one.lowest.values[0], one.lowest.residuals[0]),
            _with_error(one.trace.value, one.trace.standard_error),
            f"{float(one.gauss_newton.values[0]):.3g}, {share:.0f} %",
            f"{most:.2g} : {least:.1g}",
        )
    return table


def curvature_figure(found: Landscapes) -> Figure:
    """The largest eigenvalues, the Hessian's and the Gauss-Newton part's; the spectrum; and the
    singular values of the input-output Jacobian, a colour an activation."""
    figure = style.figure(12.4, 3.7)
    ranked, density, stretch = figure.subplots(1, 3)
    for spec, one in found.items():
        check_finite(one)
        colour, label = style.colour(spec), style.label(spec)
        ranks = np.arange(1, len(one.top.values) + 1)
        bars = {"color": colour, "capsize": 2, "markersize": 5, "linewidth": 1.2}
        for ritz, marker, fill in ((one.top, "o-", "full"), (one.gauss_newton, "s:", "none")):
            values, errors = _numbers(ritz.values), _numbers(ritz.residuals)
            ranked.errorbar(ranks, values, errors, fmt=marker, fillstyle=fill, **bars)
        nodes, weights = _numbers(one.spectrum.nodes), _numbers(one.spectrum.weights)
        density.vlines(nodes, 1e-12, np.maximum(weights, 1e-12), color=colour, alpha=0.35, lw=1)
        density.plot(nodes, np.maximum(weights, 1e-12), ".", color=colour, label=label)
        _draw_stretch(stretch, one.stretch, colour)
    ranked.set_title("largest eigenvalues")
    ranked.set_xlabel("rank; filled: Hessian, open: its Gauss-Newton part")
    ranked.set_ylabel("eigenvalue")
    ranked.set_yscale("log")
    ranked.set_xticks(ranks)
    density.set_title("spectrum of the Hessian")
    density.set_xlabel("eigenvalue")
    density.set_ylabel("share of the parameters")
    density.set_xscale("symlog", linthresh=0.1)
    density.set_yscale("log")
    density.legend(fontsize=8)
    stretch.set_title("input-output Jacobian")
    stretch.set_xlabel("rank; median and 10 to 90 % of the examples")
    stretch.set_ylabel("singular value")
    stretch.set_yscale("log")
    stretch.axhline(1.0, color="#666666", linewidth=1, linestyle="--")
    return figure


def curvature_document(found: Landscapes) -> dict[str, Any]:
    """Everything of it as JSON values, by activation; the stretch as medians over examples."""
    document = {}
    for spec, one in found.items():
        check_finite(one)
        error = float(one.trace.standard_error)
        document[spec] = {
            "hessian": _ritz_values(one.top),
            "lowest": _ritz_values(one.lowest),
            "gauss_newton": _ritz_values(one.gauss_newton),
            "spectrum": {part: t.tolist() for part, t in one.spectrum._asdict().items()},
            "trace": {
                "value": float(one.trace.value),
                "standard_error": error if np.isfinite(error) else None,
            },
            "gauss_newton_trace": float(one.gauss_newton_trace),
            "gauss_newton_share": float(gauss_newton_share(one)),
            "singular_values": one.stretch.median(dim=0).values.tolist(),
        }
    return document


def check_finite(one: Landscape) -> None:
    """Refuse the landscape of a network that has diverged."""
    if not (one.top.values.isfinite().all() and one.stretch.isfinite().all()):
        raise ActfuncError(
            "the network has diverged: its curvature is not finite",
            "train it again with a smaller learning rate",
        )


def _ritz_values(ritz: Any) -> dict[str, list[float]]:
    return {"eigenvalues": ritz.values.tolist(), "residuals": ritz.residuals.tolist()}


def _draw_stretch(axis: Axes, values: Tensor, colour: str) -> None:
    ranks = np.arange(1, values.shape[1] + 1)
    low, middle, high = np.quantile(_numbers(values), (0.1, 0.5, 0.9), axis=0)
    axis.fill_between(ranks, low, high, color=colour, alpha=0.18, linewidth=0)
    axis.plot(ranks, middle, color=colour)
    axis.set_xticks(ranks)


def _with_error(value: Tensor, error: Tensor) -> str:
    return f"{float(value):.3g} ± {float(error):.1g}"


def _numbers(values: Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()
