"""Certificates shown: what holds, the points where something does not, the error over x."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from actfunc.certify.certificate import Certificate
from actfunc.certify.check import ORDERS, Check
from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actfunc.certify.curve import Curve

HELD, NOT_HELD = Text("held", style=style.HELD), Text("NOT HELD", style=f"bold {style.NOT_HELD}")


def certificate_table(certificates: Sequence[Certificate]) -> Table:
    """A line for every function and dtype: the worst error of each order and where; worst first."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="worst error in units in the last place, and where",
        title_justify="left",
        caption="allowed: 4 of the value and the first derivative, 8 of the second",
        caption_justify="left",
    )
    table.add_column("function", no_wrap=True)
    table.add_column("dtype", no_wrap=True)
    for order in ("value", "first derivative", "second derivative"):
        table.add_column(order, justify="right", no_wrap=True)
    table.add_column("torch's ways", justify="right", no_wrap=True)
    table.add_column("limits and differences", justify="right")
    table.add_column("verdict", no_wrap=True)
    for certificate in sorted(certificates, key=_badness, reverse=True):
        for dtype in dict.fromkeys(check.dtype for check in certificate.checks):
            table.add_row(*_row(certificate, dtype))
    return table


def failing_table(certificates: Sequence[Certificate]) -> Table | None:
    """What does not hold, with x, what was got and what was wanted; None where all of it holds."""
    table = Table(box=box.SIMPLE_HEAD, title="what does not hold", title_justify="left")
    for column in ("function", "dtype", "what"):
        table.add_column(column, overflow="fold")
    for column in ("x", "got", "wanted", "ulp"):
        table.add_column(column, justify="right", no_wrap=True)
    for certificate in certificates:
        for row in _failures(certificate):
            table.add_row(certificate.name, *row)
    return table if table.row_count else None


def certificates_document(certificates: Sequence[Certificate]) -> dict[str, Any]:
    """The certificates as plain JSON values."""
    return {
        "held": all(certificate.held for certificate in certificates),
        "certificates": [certificate.document() for certificate in certificates],
    }


def error_figure(curves: Sequence[Curve]) -> Figure:
    """The error over the line: a row a function, a column a dtype."""
    names = list(dict.fromkeys(curve.name for curve in curves))
    dtypes = list(dict.fromkeys(curve.dtype for curve in curves))
    made = style.figure(
        4.6 * len(dtypes), 0.7 + 2.3 * len(names), "Error in units in the last place"
    )
    grid = made.subplots(len(names), len(dtypes), sharey=True, squeeze=False)
    for curve in curves:
        _draw(grid[names.index(curve.name), dtypes.index(curve.dtype)], curve)
    for axes in grid[-1]:
        axes.set_xlabel("x")
    for axes in grid[:, 0]:
        axes.set_ylabel("error (ulp)")
    grid[0, 0].legend(loc="upper left", markerscale=3, ncols=3, fontsize=8)
    return made


def _row(certificate: Certificate, dtype: str) -> list[Text | str]:
    checks = [check for check in certificate.checks if check.dtype == dtype]
    routes = [route.held for route in certificate.routes if route.dtype == dtype]
    others = [limit.held for limit in certificate.limits if limit.dtype == dtype]
    others += [difference.held for difference in certificate.differences]
    holds = all(check.held for check in checks) and all(routes) and all(others)
    name = Text(certificate.name, style=f"bold {style.colour(certificate.name)}")
    return [
        name,
        dtype,
        *map(_worst, checks),
        *(f"{sum(part)} of {len(part)}" for part in (routes, others)),
        HELD if holds else NOT_HELD,
    ]


def _worst(check: Check) -> Text:
    shown = Text(_ulps(check.worst.ulp), style="" if check.held else f"bold {style.NOT_HELD}")
    if not check.held:
        shown.append(" !")
    if check.worst.ulp:
        shown.append(f" at {check.worst.x:.4g}", style="dim not bold")
    return shown


def _failures(certificate: Certificate) -> Iterator[tuple[str, ...]]:
    for check in certificate.checks:
        what = f"{check.order}, {check.beyond} points"
        for point in check.failing:
            yield check.dtype, what, *map(_number, point[:3]), _ulps(point.ulp)
            what = ""
        if check.undecided:
            yield check.dtype, f"{check.order}: {check.undecided} unproven", "", "", "", ""
    for route in certificate.routes:
        if not route.held:
            kind = "compiled" if route.compiled else "eager"
            numbers = ("", "", "") if route.worst is None else map(_number, route.worst[:3])
            what = route.failure or f"{route.different} points"
            yield route.dtype, f"{route.name}, {kind}: {what}", *numbers, ""
    for difference in certificate.differences:
        if not difference.held:
            numbers = map(_number, (difference.x, difference.got, difference.wanted))
            yield "float64", f"{ORDERS[difference.order]}, by differences", *numbers, ""
    for limit in certificate.limits:
        if not limit.held:
            numbers = map(_number, (limit.x, limit.got, limit.wanted))
            yield limit.dtype, f"{limit.order}, the limit", *numbers, ""


def _badness(certificate: Certificate) -> tuple[bool, float]:
    return not certificate.held, max(c.worst.ulp / c.bound for c in certificate.checks)


def _ulps(ulp: float) -> str:
    if ulp >= 1e4:
        return "infinite" if math.isinf(ulp) else f"{ulp:.0e}"
    return f"{ulp:.2f}" if ulp < 100 else f"{ulp:.0f}"


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.17g}" if abs(number) < 1e16 else f"{number:.6g}"


def _draw(axes: Axes, curve: Curve) -> None:
    x = curve.x.double().numpy()
    for order, shade in enumerate(("#0072B2", "#E69F00", "#CC79A7")):
        error = np.clip(curve.errors[order].numpy(), 1e-2, 1e18)
        axes.plot(x, error, ".", ms=1.6, color=shade, alpha=0.6, label=ORDERS[order])
    for bound in sorted(set(curve.bounds)):
        axes.axhline(bound, color="#555555", lw=0.9, ls="--")
    axes.set_xscale("symlog", linthresh=1, linscale=1.2)
    axes.set_yscale("log")
    axes.set_xlim(-1e4, 1e4)
    axes.set_title(f"{curve.name}, {curve.dtype}", color=style.colour(curve.name))
