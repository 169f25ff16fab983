"""Certificates shown: their tables and document, with what fails and the error over x beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.text import Text

from actfunc.certify.certificate import Certificate
from actfunc.certify.check import BOUND_16, BOUNDS, ORDERS, Check
from actfunc.certify.ways import RouteCheck
from actfunc.show import style
from actfunc.show.error_curves import error_figure
from actfunc.show.error_digits import exponential, place, ulps
from actfunc.show.failing import failing_points
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from actfunc.certify.exhaustive import Exhaustive

__all__ = [
    "RANKS",
    "certificate_table",
    "certificates_document",
    "error_figure",
    "exhaustive_table",
    "failing_points",
]

COMPILED = "compiled"

RANKS = dict.fromkeys(("second", "by x twice", "by x and gate", "by gate twice"), 2) | {"value": 0}
"""What stands in which column; all else is a first derivative."""
HELD, NOT_HELD = Text("held", style=style.HELD), Text("NOT HELD", style=f"bold {style.NOT_HELD}")

ASKED = {
    "routes": "torch's ways",
    "calls": "calls",
    "parameters": "parameters",
    "limits": "±inf and NaN",
    "joints": "joints",
    "constants": "constants",
    "differences": "finite differences",
    "third": "f‴",
    "failures": "what could not be had",
}
"""The other parts of a certificate, in words."""

DETAILED = 4
"""So many functions get a line for each dtype; more get one line each."""
SHORT = {"float64": "f64", "float32": "f32", "bfloat16": "bf16", "float16": "f16"}


def certificate_table(certificates: Sequence[Certificate]) -> FoldingTable:
    """The worst errors and the verdicts, worst first: for a few functions where, too."""
    ordered = sorted(certificates, key=_badness, reverse=True)
    return _detailed(ordered) if len(ordered) <= DETAILED else _brief(ordered)


def _frame(title: str, certificates: Sequence[Certificate]) -> FoldingTable:
    asked = [what for part, what in ASKED.items() if any(getattr(c, part) for c in certificates)]
    return FoldingTable(
        box=box.SIMPLE_HEAD,
        padding=0,
        show_edge=False,
        title=title,
        title_justify="left",
        caption="\n".join([*_tried(certificates), f"rest: {', '.join(asked)}"]),
        caption_justify="left",
    )


def _tried(certificates: Sequence[Certificate]) -> list[str]:
    """At how many points the worst was looked for; nothing where no dtype was searched."""
    searched = [check for one in certificates for check in one.checks if check.searched]
    if not searched:
        return []
    most = max(searched, key=lambda check: check.searched)
    proven = round(sum(check.points for check in searched) / len(searched))
    all_of_16 = "; in 16 bits all" if _sixteen(certificates) else ""
    return [f"searched: {most.searched:,} points, {proven:,} of them proven{all_of_16}"]


def _detailed(certificates: Sequence[Certificate]) -> FoldingTable:
    """A line for every function and dtype: the worst error of each order and where."""
    table = _frame(f"worst error in ulp @ x (allowed: {_allowed(certificates)})", certificates)
    table.add_column("function", overflow="fold", min_width=10)
    table.add_column("dtype", no_wrap=True)
    for order in ORDERS:
        table.add_column(order, justify="right", no_wrap=True)
    table.add_column("rest", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for certificate in certificates:
        name = style.named(certificate.name)
        for dtype in _dtypes(certificate):
            table.add_row(name, dtype, *_row(certificate, dtype))
            name = Text("")
            if quick := _compiled(certificate, dtype):
                table.add_row("", COMPILED, *_row_of_compiled(quick))
    return table


def _brief(certificates: Sequence[Certificate]) -> FoldingTable:
    """A line for every function: the worst errors of value, first and second derivative."""
    dtypes = list(dict.fromkeys(dtype for one in certificates for dtype in _dtypes(one)))
    compiled = [dtype for dtype in dtypes if any(_compiled(one, dtype) for one in certificates)]
    held = sum(one.held for one in certificates)
    of_three = ", in 16 bits of all three" if _sixteen(certificates) else ""
    table = _frame(
        f"{held} of {len(certificates)} held\nworst errors of f, f′, f″ in units in the last place"
        f"{of_three}\n(allowed: {_allowed(certificates)})",
        certificates,
    )
    table.add_column("function", overflow="fold", max_width=18)
    for dtype in dtypes:
        table.add_column(SHORT[dtype], justify="right", no_wrap=True)
    for dtype in compiled:
        table.add_column(f"{SHORT[dtype]}c", justify="right", no_wrap=True)
    table.add_column("rest", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    if compiled:
        table.caption = f"f64c, f32c: compiled, the worst of all three; {table.caption}"
    short = style.labels(one.name for one in certificates)
    for certificate in certificates:
        cells = []
        for dtype in dtypes:
            checks = _by_rank(certificate, dtype)
            if "16" in dtype and checks:
                checks = [max(checks, key=lambda check: (not check.held, check.worst.ulp))]
            cells.append(Text(" ").join(map(_shortest, checks)))
        cells += [_shortest_of_compiled(_compiled(certificate, dtype)) for dtype in compiled]
        others = [one.held for part in certificate.rest for one in part]
        verdict = HELD if certificate.held else NOT_HELD
        name = Text(short[certificate.name], style=f"bold {style.colour(certificate.name)}")
        table.add_row(name, *cells, f"{sum(others)}/{len(others)}", verdict)
    return table


def _sixteen(certificates: Sequence[Certificate]) -> bool:
    """Whether anything was judged in 16 bits."""
    return any("16" in check.dtype for one in certificates for check in one.checks)


def _allowed(certificates: Sequence[Certificate]) -> str:
    bounds = ", ".join(f"{bound:g}" for bound in BOUNDS)
    return f"{bounds}; {BOUND_16} in 16 bits" if _sixteen(certificates) else bounds


def _shortest(check: Check) -> Text:
    if check.held:
        return Text(f"{check.worst.ulp:.2f}" if "16" in check.dtype else f"{check.worst.ulp:.1f}")
    return Text("!" + exponential(check.worst.ulp) if check.beyond else "!?", style=style.NOT_HELD)


def certificates_document(certificates: Sequence[Certificate]) -> dict[str, Any]:
    """The certificates as plain JSON values."""
    return {
        "held": all(certificate.held for certificate in certificates),
        "certificates": [certificate.document() for certificate in certificates],
    }


def exhaustive_table(found: Sequence[Exhaustive]) -> FoldingTable:
    """Every float32 of each function: the worst error of each order, where, how many beyond."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, title_justify="left"
    )
    bounds = ", ".join(f"{bound:g}" for bound in BOUNDS)
    table.title = f"the worst of all 4,294,967,296 inputs, in ulp (allowed: {bounds})"
    for column in ("function", "order", "ulp", "x", "got", "wanted", "beyond", "verdict"):
        numeric = column in ("ulp", "x", "got", "wanted", "beyond")
        table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for one in found:
        name = style.named(one.name)
        for check in one.checks:
            numbers = [f"{number:.6g}" for number in check.worst[:3]]
            verdict = HELD if check.held else NOT_HELD
            ulp = ulps(check.worst.ulp)
            table.add_row(name, check.order, ulp, *numbers, f"{check.beyond:,}", verdict)
            name = Text("")
        if one.deaf:
            table.add_row("", "NaN in", "", "", "", "", f"{one.deaf:,}", NOT_HELD)
    return table


def _dtypes(certificate: Certificate) -> list[str]:
    """Those that were judged, or failed."""
    judged = [check.dtype for check in certificate.checks]
    return list(dict.fromkeys([*judged, *(one.dtype for one in certificate.failures)]))


def _row(certificate: Certificate, dtype: str) -> list[Text | str]:
    checks, dtypes = _by_rank(certificate, dtype), _dtypes(certificate)
    # joints, constants and differences are float64's, and have a line where that was left out, too
    of_none = "float64" if "float64" in dtypes else dtypes[0]
    others = [
        one.held
        for part in certificate.rest
        for one in part
        if getattr(one, "dtype", of_none) == dtype
    ]
    cells = [*map(_worst, checks), *[Text("none", style="dim")] * (len(ORDERS) - len(checks))]
    holds = bool(checks) and all(check.held for check in checks) and all(others)
    return [*cells, f"{sum(others)}/{len(others)}", HELD if holds else NOT_HELD]


def _compiled(certificate: Certificate, dtype: str) -> list[RouteCheck]:
    """Of the compiled ways to each order the worst."""
    ranks: dict[int, list[RouteCheck]] = {}
    for way in certificate.routes:
        if way.compiled and way.dtype == dtype:
            ranks.setdefault(RANKS.get(way.order.partition(",")[0], 1), []).append(way)
    return [max(ranks[rank], key=_off) for rank in sorted(ranks)]


def _off(way: RouteCheck) -> tuple[bool, float]:
    return not way.held, way.worst.ulp if way.worst is not None else 0.0


def _row_of_compiled(ways: Sequence[RouteCheck]) -> list[Text | str]:
    cells = []
    for way in ways:
        cell = Text("" if way.held else "!", style="" if way.held else style.NOT_HELD)
        if way.worst is not None:
            cell.append(ulps(way.worst.ulp))
            if way.worst.ulp:
                cell.append(f" @ {place(way.worst.x)}", style="dim")
        cells.append(cell)
    return [*cells, "", HELD if all(way.held for way in ways) else NOT_HELD]


def _shortest_of_compiled(ways: Sequence[RouteCheck]) -> Text:
    if not ways:
        return Text("")
    held, off = all(way.held for way in ways), max(_off(way)[1] for way in ways)
    return Text(f"{off:.1f}") if held else Text("!" + exponential(off), style=style.NOT_HELD)


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
    shown = Text(f"{mark}{ulps(check.worst.ulp)}", style="" if check.held else style.NOT_HELD)
    if check.worst.ulp:
        shown.append(f" @ {place(check.worst.x)}", style="dim")
    return shown


def _badness(certificate: Certificate) -> tuple[bool, float]:
    worst = max((check.worst.ulp / check.bound for check in certificate.checks), default=0.0)
    return not certificate.held, worst
