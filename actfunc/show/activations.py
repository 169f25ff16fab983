"""Activations shown: the list, the portrait of one, and the figure of function and derivatives."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from matplotlib.lines import Line2D
from rich import box
from rich.console import Group, RenderableType
from rich.text import Text

from actfunc.activation import Activation
from actfunc.catalogue.lookup import Catalogue
from actfunc.formulas.formula import Formula, parse
from actfunc.formulas.record import made_by_formula
from actfunc.show import style
from actfunc.show.certified import certified, digits
from actfunc.show.terminal import FoldingTable, line_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPAN = (-6.0, 6.0)
UNKNOWN = "unknown"
"""What is said of a plain function, of which nothing is known but what it computes."""
LINES: tuple[dict[str, Any], ...] = (
    {"lw": 2.4},
    {"lw": 1.6, "ls": "--", "alpha": 0.85},
    {"lw": 1.2, "ls": ":"},
)
"""How f, f′ and f″ are drawn."""
NAMES = ("f", "f′", "f″")
ORDERS = (0, 1, 2)
JOINT: dict[str, Any] = {"marker": "o", "ls": "", "ms": 5, "mec": "white", "zorder": 5}
ASYMPTOTE: dict[str, Any] = {"color": "#999999", "lw": 1, "ls": (0, (1, 2)), "zorder": 1}


def catalogue_table(
    catalogue: Catalogue, names: Collection[str], facts: bool = False
) -> FoldingTable:
    """Those of the catalogue at a glance, family by family.

    facts: with range, source and how far off each is at its worst.
    """
    table = FoldingTable(
        box=box.SIMPLE_HEAD, title=f"{len(names)} activations", title_justify="left"
    )
    table.add_column("name", no_wrap=True)
    table.add_column("formula, parameters, other names", ratio=1)
    table.add_column("joints", max_width=12)
    family = ""
    for name in names:
        record = catalogue[name]
        if catalogue.family(name) != family:
            family = catalogue.family(name)
            table.add_section()
            table.add_row(Text(family, style="dim italic"))
        settings = ", ".join(f"{key}={value:.6g}" for key, value in record.params.items())
        shown = Text(record.formula)
        told = (f"range {record.range}", record.source, certified(record.spec)) if facts else ()
        for beside in (settings, ", ".join(record.aliases), *told):
            if beside:
                shown.append(f"\n{beside}", style="dim")
        called = Text(name, style=f"bold {style.colour(name)}")
        table.add_row(called, shown, _joints(record) or "smooth")
    return table


def catalogue_document(catalogue: Catalogue, names: Iterable[str]) -> dict[str, Any]:
    """Those of the catalogue as plain JSON values."""
    records = [{"family": catalogue.family(name), **_facts(catalogue[name])} for name in names]
    return {"activations": records}


def activation_panel(record: Activation, width: int = 80) -> RenderableType:
    """One activation for the terminal: its facts and a small plot."""
    facts = FoldingTable(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    if record.formula:
        formula = _formula(record)
        facts.add_row("f(x)", Text(formula.plain()))
        facts.add_row("f′(x)", Text(formula.plain(1)))
        facts.add_row("f″(x)", Text(formula.plain(2)))
    left, right = record.asymptotes
    rows = {
        "range": record.range or UNKNOWN,
        "asymptotes": f"{left or 'none'} at -∞, {right or 'none'} at +∞" if left or right else "",
        "joints": _joints(record) or ("none: smooth everywhere" if record.formula else UNKNOWN),
        "parameters": ", ".join(f"{k} = {v:g}" for k, v in record.params.items()) or "none",
        "also called": ", ".join(record.aliases),
        "source": record.source or record.place,
        "certified": certified(record.spec),
        "digits": digits(record) if made_by_formula(record) else "",
    }
    for label, value in rows.items():
        if value:
            facts.add_row(label, Text(value))
    title = Text(record.name, style=f"bold {style.colour(record.name)}")
    return Group(title, "", facts, "", _terminal_plot(record, width))


def activation_document(record: Activation) -> dict[str, Any]:
    """One activation as plain JSON values, with the LaTeX of its formula and derivatives."""
    facts = _facts(record)
    if record.formula:
        formula = _formula(record)
        facts["latex"] = {key: formula.latex(order) for order, key in enumerate(("f", "df", "d2f"))}
    return facts


@style.applied()
def activations_figure(
    records: Sequence[Activation],
    *,
    span: tuple[float, float] = SPAN,
    orders: Sequence[int] = ORDERS,
    title: str = "",
) -> Figure:
    """A grid: each function with its derivatives, joints and asymptotes marked.

    span: the ends of the x axis. orders: which derivatives, 0 for the function itself.
    """
    columns = min(3, len(records))
    rows = math.ceil(len(records) / columns)
    figure = style.figure(4.1 * columns, 3.1 * rows + 0.4, title)
    axes = list(figure.subplots(rows, columns, squeeze=False, sharex=True).flat)
    ends = heights(records, span, orders)
    for axis, record in zip(axes, records, strict=False):
        draw_activation(axis, record, span, orders)
        axis.set_ylim(*ends)  # one for all, as they are to be compared
    for axis in axes[len(records) :]:
        axis.set_visible(False)
    for axis in axes[: len(records)][-columns:]:  # the lowest of each column
        axis.tick_params(labelbottom=True)
        axis.set_xlabel("x")
    figure.legend(handles=_key(records, orders), loc="outside lower center", ncols=5)
    return figure


def draw_activation(
    axis: Axes,
    record: Activation,
    span: tuple[float, float] = SPAN,
    orders: Sequence[int] = ORDERS,
) -> None:
    """An activation's derivatives of these orders on one pair of axes."""
    colour = style.colour(record.name)
    left, right = span
    middle = min(max(0.0, left), right)
    for text, ends in zip(record.asymptotes, ((left, middle), (middle, right)), strict=True):
        if text is not None and text != "x" and 0 in orders and ends[0] < ends[1]:
            x = torch.tensor(ends, dtype=torch.float64, device="cpu")
            y = parse(text, record.params).evaluate(x, **record.params)
            axis.plot(x, y.expand_as(x), **ASYMPTOTE)
    for x in pieces(record, span):
        for order in reversed(orders):
            axis.plot(x, record.siblings[order](x), color=colour, **LINES[order])
    for joint in record.joint_points if 0 in orders else ():
        at = torch.tensor([joint], dtype=torch.float64, device="cpu")
        axis.plot(at, record.f(at), color=colour, **JOINT)
    axis.set_title(_title(record))
    axis.set_xlim(left, right)
    axis.set_ylim(*heights([record], span, orders))


def heights(
    records: Sequence[Activation], span: tuple[float, float], orders: Sequence[int]
) -> tuple[float, float]:
    """The ends of a y axis that has what is drawn, up to where it only goes on."""
    x = torch.linspace(*span, 400, dtype=torch.float64, device="cpu")
    values = torch.cat([one.siblings[order](x) for one in records for order in orders])
    values = values[values.isfinite()]
    low = max(float(values.min()), -2.2) if len(values) else -0.5
    high = min(float(values.max()), 2.7) if len(values) else 2.7
    return min(low, -0.5) - 0.25, max(high, 1.0) + (0.15 if high < 2.7 else 0.0)


def _key(records: Sequence[Activation], orders: Sequence[int]) -> list[Line2D]:
    """What the kinds of line that are there mean, in no activation's colour."""
    kinds = [(LINES[order], NAMES[order]) for order in orders]
    if 0 in orders and any(one.joint_points for one in records):
        kinds.append((JOINT, "joint"))
    if 0 in orders and any({*one.asymptotes} - {None, "x"} for one in records):
        kinds.append((ASYMPTOTE, "asymptote"))
    return [Line2D([], [], label=label, **{"color": "#333333", **line}) for line, label in kinds]


def pieces(record: Activation, span: tuple[float, float] = SPAN) -> list[torch.Tensor]:
    """The span cut at the joints, so that a jump is drawn as one and not as a steep line."""
    cuts = [span[0], *[j for j in record.joint_points if span[0] < j < span[1]], span[1]]
    found = []
    for a, b in itertools.pairwise(cuts):
        x = torch.linspace(a, b, 400, dtype=torch.float64, device="cpu")
        # a joint's own slope belongs to one side; the drawing takes each side's
        inner_a = a if a == span[0] else a + 1e-9
        inner_b = b if b == span[1] else b - 1e-9
        found.append(x.clamp(inner_a, inner_b))
    return found


def _title(record: Activation) -> str:
    settings = ", ".join(f"{key}={value:g}" for key, value in record.params.items())
    return f"{record.name} ({settings})" if settings else record.name


def _joints(record: Activation) -> str:
    return ", ".join(f"{joint:g}" for joint in record.joint_points)


def _formula(record: Activation) -> Formula:
    return parse(record.formula, record.params)


def _facts(record: Activation) -> dict[str, Any]:
    return {
        "name": record.name,
        "aliases": list(record.aliases),
        "formula": record.formula,
        "parameters": dict(record.params),
        # without a formula an empty list would say that there are none
        "joints": list(record.joint_points) if record.formula or record.joints else None,
        "range": record.range or None,
        "asymptotes": list(record.asymptotes),
        "source": record.source or record.place,
    }


def _terminal_plot(record: Activation, width: int) -> Text:
    x = torch.linspace(*SPAN, 241, dtype=torch.float64, device="cpu")
    curves = (
        ("f″", "bright_black", record.d2f(x).tolist()),
        ("f′", "white", record.df(x).tolist()),
        ("f", f"bold {style.colour(record.name)}", record.f(x).tolist()),
    )
    return line_plot(curves, SPAN, (-2.0, 3.0), columns=min(64, width - 12))
