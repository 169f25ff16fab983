"""The audit of torch's own functions shown: a table, the same in Markdown, the error over x."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from rich import box
from rich.text import Text

from actfunc.certify.check import ORDERS
from actfunc.certify.peers import Audit
from actfunc.certify.records import as_plain
from actfunc.show import style
from actfunc.show.terminal import FoldingTable

MORE = 10
"""From so many times the error in the measure on, the plain one stands beside it."""


def audit_table(found: Sequence[Audit]) -> FoldingTable:
    """A line for every function and dtype; what loses digits first."""
    table = FoldingTable(box=box.SIMPLE_HEAD, padding=0, show_edge=False, title_justify="left")
    table.title = (
        "torch's own: worst ulp @ x in the certificates' measure (! too much)\n"
        f"below it plain ulp at the same x, where that is {MORE} times as much"
    )
    table.add_column("function", overflow="fold", min_width=10)
    table.add_column("dtype", no_wrap=True)
    for order in ORDERS:
        table.add_column(order, justify="right", no_wrap=True)
    for function, rows in _rows(found):
        name = Text(function.rpartition(".")[2])
        for dtype, line in rows:
            cells = [Text(_cell(one), style="" if one.held else style.NOT_HELD) for one in line]
            table.add_row(name, dtype, *cells)
            name = Text("")
            if any(map(_plain, line)):
                table.add_row("", "", *(Text(_plain(one), style="dim") for one in line))
    return table


def audit_markdown(found: Sequence[Audit]) -> str:
    """The table in Markdown, for the documentation, and below it what made it."""
    lines = [
        "| function | dtype | value | first derivative | second derivative |",
        "|---|---|---:|---:|---:|",
    ]
    for function, rows in _rows(found):
        for dtype, line in rows:
            cells = " | ".join(map(_marked, line))
            lines.append(f"| `{function}` | {dtype} | {cells} |")
    version = torch.__version__.partition("+")[0]
    lines += ["", f"torch {version} on a CPU; none: torch has no such derivative."]
    return "\n".join(lines) + "\n"


def audit_document(found: Sequence[Audit]) -> dict[str, Any]:
    """The audit as plain JSON values."""
    return {"functions": as_plain(tuple(found))}


def _rows(found: Sequence[Audit]) -> list[tuple[str, list[tuple[str, list[Audit]]]]]:
    """By function and dtype, those with a lost digit first, then by name."""
    functions: dict[str, dict[str, list[Audit]]] = {}
    for one in found:
        functions.setdefault(one.function, {}).setdefault(one.dtype, []).append(one)
    ranked = sorted(
        functions.items(),
        key=lambda item: (all(one.held for line in item[1].values() for one in line), item[0]),
    )
    return [(name, list(rows.items())) for name, rows in ranked]


def _cell(one: Audit) -> str:
    mark, point = "" if one.held else "!", one.worst
    if one.nans == one.points:
        return f"{mark}none"
    if math.isinf(point.ulp):
        return f"{mark}NaN @ {point.x:.3g}"
    if point.ulp == 0:
        return "0"
    return f"{mark}{_ulp(point.ulp)} @ {point.x:.3g}"


def _marked(one: Audit) -> str:
    """A cell in Markdown, the plain error in brackets."""
    cell = f"{_cell(one)} ({_plain(one)})" if _plain(one) else _cell(one)
    return cell if one.held else f"**{cell}**"


def _plain(one: Audit) -> str:
    """The plain error of the worst point, where it is much more; else nothing."""
    much = math.isfinite(one.worst.ulp) and one.plain >= MORE * one.worst.ulp > 0
    return _ulp(one.plain) if much else ""


def _ulp(error: float) -> str:
    if error >= 1e4:
        return f"{error:.1e}".replace("e+0", "e").replace("e+", "e")
    return f"{error:.0f}" if error >= 100 else f"{error:.2g}"
