"""The error of functions over the line, drawn: units in the last place, and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from actfunc.certify.check import ORDERS
from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actfunc.certify.curve import Curve

REACH = 1e4
"""How far the figure goes on both sides; the certificate goes to the largest number."""


@style.applied()
def error_figure(curves: Sequence[Curve]) -> Figure:
    """The error over the line: a row a function, a column a dtype."""
    names = list(dict.fromkeys(curve.name for curve in curves))
    dtypes = list(dict.fromkeys(curve.dtype for curve in curves))
    made = style.figure(
        max(4.6 * len(dtypes), 6.0),
        0.7 + 2.4 * len(names),
        "Error in units in the last place, and the bounds",
    )
    grid = made.subplots(len(names), len(dtypes), sharey=True, squeeze=False)
    for curve in curves:
        _draw(grid[names.index(curve.name), dtypes.index(curve.dtype)], curve)
    for axes in grid[-1]:
        axes.set_xlabel("x")
    for axes in grid[:, 0]:
        axes.set_ylabel("error (ulp)")
    lines, labels = grid[0, 0].get_legend_handles_labels()
    made.legend(lines, labels, loc="outside lower center", markerscale=3, ncols=3)
    return made


def _draw(axes: Axes, curve: Curve) -> None:
    shown = curve.x.abs() <= REACH
    axes.set_xscale("symlog", linthresh=1, linscale=1.2)
    axes.set_yscale("log")
    axes.set_xlim(-REACH, REACH)
    for order, shade in enumerate(("#0072B2", "#E69F00", "#CC79A7")):
        error = np.clip(curve.errors[order][shown].numpy(), 1e-2, 1e18)
        x = curve.x[shown].double().numpy()
        # thousands of points are a picture, not ten thousand shapes
        dots: dict[str, Any] = {"ms": 2, "alpha": 0.6, "rasterized": True}
        axes.plot(x, error, ".", color=shade, label=ORDERS[order], **dots)
    for bound in sorted(set(curve.bounds)):
        axes.axhline(bound, color="#555555", lw=0.9, ls="--")
    axes.set_title(f"{curve.name}, {curve.dtype}", color=style.colour(curve.name))
