"""Certificates shown: what holds, the points where something does not, the error over x."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from actfunc.certify.certificate import Certificate
from actfunc.certify.check import BOUND_16, BOUNDS, ORDERS, Check
from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actfunc.certify.curve import Curve
    from actfunc.certify.exhaustive import Exhaustive

REACH = 1e4
"""How far the figure goes on both sides; the certificate goes to the largest number."""
RANKS = dict.fromkeys(("second", "by x twice", "by x and gate", "by gate twice"), 2) | {"value": 0}
"""What stands in which column; all else is a first derivative."""
HELD, NOT_HELD = Text("held", style=style.HELD), Text("NOT HELD", style=f"bold {style.NOT_HELD}")


DETAILED = 4
"""So many functions get a line for each dtype; more get one line each."""
SHORT = {"float64": "f64", "float32": "f32", "bfloat16": "bf16", "float16": "f16"}


def certificate_table(certificates: Sequence[Certificate]) -> Table:
    """The worst errors and the verdicts, worst first: for a few functions where, too."""
    ordered = sorted(certificates, key=_badness, reverse=True)
    return _detailed(ordered) if len(ordered) <= DETAILED else _brief(ordered)


def _frame(title: str) -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        padding=0,
        show_edge=False,
        title=title,
        title_justify="left",
        caption="rest: torch's ways, by parameters, ±inf and NaN, finite differences",
        caption_justify="left",
    )


def _detailed(certificates: Sequence[Certificate]) -> Table:
    """A line for every function and dtype: the worst error of each order and where."""
    table = _frame(f"worst error in ulp @ x (allowed: {_allowed()})")
    table.add_column("function", overflow="fold", min_width=10)
    table.add_column("dtype", no_wrap=True)
    for order in ORDERS:
        table.add_column(order, justify="right", no_wrap=True)
    table.add_column("rest", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for certificate in certificates:
        name = style.named(certificate.name)
        for dtype in dict.fromkeys(check.dtype for check in certificate.checks):
            table.add_row(name, dtype, *_row(certificate, dtype))
            name = Text("")
    return table


def _brief(certificates: Sequence[Certificate]) -> Table:
    """A line for every function: the worst errors of value, first and second derivative."""
    dtypes = list(dict.fromkeys(check.dtype for one in certificates for check in one.checks))
    held = sum(one.held for one in certificates)
    table = _frame(
        f"{held} of {len(certificates)} held\nworst errors of f, f′, f″ in units in the last place,"
        f" in 16 bits of all three\n(allowed: {_allowed()})"
    )
    table.add_column("function", overflow="ellipsis", no_wrap=True, max_width=18)
    for dtype in dtypes:
        table.add_column(SHORT[dtype], justify="right", no_wrap=True)
    table.add_column("rest", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for certificate in certificates:
        cells = []
        for dtype in dtypes:
            checks = _by_rank(certificate, dtype)
            if "16" in dtype and checks:
                checks = [max(checks, key=lambda check: (not check.held, check.worst.ulp))]
            cells.append(Text(" ").join(map(_shortest, checks)))
        others = [one.held for part in certificate.rest for one in part]
        verdict = HELD if certificate.held else NOT_HELD
        name = style.named(certificate.name.partition(":")[0])
        table.add_row(name, *cells, f"{sum(others)}/{len(others)}", verdict)
    return table


def _allowed() -> str:
    return f"{', '.join(f'{bound:g}' for bound in BOUNDS)}; {BOUND_16} in 16 bits"


def _shortest(check: Check) -> Text:
    if check.held:
        return Text(f"{check.worst.ulp:.2f}" if "16" in check.dtype else f"{check.worst.ulp:.1f}")
    return Text("!" + _exponential(check.worst.ulp) if check.beyond else "!?", style=style.NOT_HELD)


def failing_points(certificates: Sequence[Certificate]) -> Group | None:
    """What does not hold, with x, what was got and what was wanted; None where all of it holds."""
    parts: list[Text | Table] = []
    for certificate in certificates:
        for title, points in _failures(certificate):
            parts.append(Text(f"{certificate.name}, {title}", style=f"bold {style.NOT_HELD}"))
            table = Table(box=None, padding=(0, 2, 0, 0), show_header=bool(points))
            last = "of the" if points and points[0][-1].endswith(("value", "derivative")) else "ulp"
            for column in ("x", "got", "wanted", last):
                table.add_column(column, justify="right", no_wrap=True)
            for point in points:
                table.add_row(*point)
            parts.append(table)
    return Group(*parts) if parts else None


def certificates_document(certificates: Sequence[Certificate]) -> dict[str, Any]:
    """The certificates as plain JSON values."""
    return {
        "held": all(certificate.held for certificate in certificates),
        "certificates": [certificate.document() for certificate in certificates],
    }


def exhaustive_table(found: Sequence[Exhaustive]) -> Table:
    """Every float32 of each function: the worst error of each order, where, how many beyond."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, title_justify="left")
    bounds = ", ".join(f"{bound:g}" for bound in BOUNDS)
    table.title = f"the worst of all 4,294,967,296 inputs, in ulp (allowed: {bounds})"
    for column in ("function", "order", "ulp", "x", "got", "wanted", "beyond", "verdict"):
        numeric = column in ("ulp", "x", "got", "wanted", "beyond")
        table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for one in found:
        name = style.named(one.name.partition(":")[0])
        for check in one.checks:
            numbers = [f"{number:.6g}" for number in check.worst[:3]]
            verdict = HELD if check.held else NOT_HELD
            ulp = _ulps(check.worst.ulp)
            table.add_row(name, check.order, ulp, *numbers, f"{check.beyond:,}", verdict)
            name = Text("")
        if one.deaf:
            table.add_row("", "NaN in", "", "", "", "", f"{one.deaf:,}", NOT_HELD)
    return table


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


def _row(certificate: Certificate, dtype: str) -> list[Text | str]:
    checks = _by_rank(certificate, dtype)
    others = [
        one.held
        for part in certificate.rest
        for one in part
        if getattr(one, "dtype", "float64") == dtype
    ]
    holds = all(check.held for check in checks) and all(others)
    return [*map(_worst, checks), f"{sum(others)}/{len(others)}", HELD if holds else NOT_HELD]


def _by_rank(certificate: Certificate, dtype: str) -> list[Check]:
    """Of the value, of the first and of the second derivatives, each the worst of its rank."""
    ranks: dict[int, list[Check]] = {}
    for check in certificate.checks:
        if check.dtype == dtype:
            ranks.setdefault(RANKS.get(check.order, 1), []).append(check)
    return [
        max(ranks[rank], key=lambda one: (not one.held, one.worst.ulp)) for rank in sorted(ranks)
    ]


def _worst(check: Check) -> Text:
    mark = "" if check.held else "!"
    shown = Text(f"{mark}{_ulps(check.worst.ulp)}", style="" if check.held else style.NOT_HELD)
    if check.worst.ulp:
        shown.append(f" @ {_place(check.worst.x)}", style="dim")
    return shown


def _failures(certificate: Certificate) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """What failed, in words, and its points as rows of x, got, wanted, ulp."""
    for check in certificate.checks:
        if check.beyond:
            many = f"{check.beyond} of {check.points} points beyond {check.bound:g}"
            rows = [
                (*_numbers(check.dtype, *point[:3]), _ulps(point.ulp)) for point in check.failing
            ]
            yield f"{check.dtype}, {_order(check.order)}: {many}", rows
        if check.undecided:
            many = f"{check.undecided} points where the formula has no value that can be proven"
            yield f"{check.dtype}, {_order(check.order)}: {many}", []
    barred = Counter((r.dtype, r.compiled, r.failure) for r in certificate.routes if r.failure)
    for (dtype, compiled, failure), count in barred.items():
        kind = "compiled" if compiled else "eager"
        yield f"{dtype}, {count} of torch's ways, {kind}, cannot be gone: {failure}", []
    for route in certificate.routes:
        if not route.held and not route.failure:
            kind = "compiled" if route.compiled else "eager"
            what = f"{route.different} of {route.points} points differ"
            points = [route.worst] if route.worst is not None else []
            rows = [(*_numbers(route.dtype, *point[:3]), "") for point in points]
            yield f"{route.dtype}, {_order(route.order)} by {route.name}, {kind}: {what}", rows
    for one in certificate.differences:
        if not one.held:
            what = f"float64, {_order(ORDERS[one.order])}: finite differences say otherwise"
            yield what, [(*_numbers("float64", one.x, one.got, one.wanted), "")]
    for parameter in certificate.parameters:
        if not parameter.held:
            row = (*_numbers(parameter.dtype, *parameter.worst[:3]), "")
            yield f"{parameter.dtype}, the derivative by {parameter.name}", [row]
    for dtype in dict.fromkeys(limit.dtype for limit in certificate.limits):
        wrong = [one for one in certificate.limits if one.dtype == dtype and not one.held]
        rows = [(*_numbers(dtype, one.x, one.got, one.wanted), _order(one.order)) for one in wrong]
        if rows:
            yield f"{dtype}: at ±inf, at a pole or at NaN", rows


def _order(word: str) -> str:
    return f"{word} derivative" if word in ("first", "second") else word


def _badness(certificate: Certificate) -> tuple[bool, float]:
    return not certificate.held, max(c.worst.ulp / c.bound for c in certificate.checks)


def _ulps(ulp: float) -> str:
    if ulp >= 1e4:
        return "infinite" if math.isinf(ulp) else _exponential(ulp)
    return f"{ulp:.2f}" if ulp < 100 else f"{ulp:.0f}"


def _place(x: float) -> str:
    """A point in at most seven characters: -0.958, 364, 2e-11."""
    if x == 0 or 0.01 <= abs(x) < 1e4:
        return f"{x:.0f}" if abs(x) >= 100 else f"{x:.3g}"
    return _exponential(x)


def _exponential(number: float) -> str:
    digits, _, exponent = f"{number:.0e}".partition("e")
    return f"{digits}e{int(exponent)}"


def _numbers(dtype: str, *numbers: float | None) -> list[str]:
    digits = 17 if dtype == "float64" else 9
    return ["" if number is None else f"{number:.{digits}g}" for number in numbers]


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
