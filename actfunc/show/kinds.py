"""The kinds beside elementwise activations, gated pairs and vector functions, listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.text import Text

from actfunc.gated import GatedPair
from actfunc.show.certified import certified
from actfunc.show.terminal import FoldingTable
from actfunc.vector import VectorFunction


def pairs_table(pairs: Mapping[str, GatedPair]) -> FoldingTable:
    """The gated pairs at a glance."""
    table = _table(f"{len(pairs)} gated pairs, functions of x and gate", "formula", "joints")
    for name, pair in pairs.items():
        joints = ", ".join(f"gate = {joint:g}" for joint in pair.joints)
        table.add_row(_called(name, pair.aliases), escape(pair.formula), joints or "smooth")
    return table


def vectors_table(vectors: Mapping[str, VectorFunction]) -> FoldingTable:
    """The vector functions at a glance."""
    table = _table(f"{len(vectors)} vector functions", "definition", "parameters")
    for name, one in vectors.items():
        settings = ", ".join(f"{key}={value}" for key, value in one.params.items())
        table.add_row(_called(name, one.aliases), escape(one.definition), settings)
    return table


def panel(record: GatedPair | VectorFunction) -> Group:
    """One of them for the terminal: its facts, and the certificate that is kept."""
    facts = FoldingTable(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, value in document(record).items():
        if value and label != "name":
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            facts.add_row(label.replace("_", " "), Text(text))
    return Group(_called(record.name, ()), "", facts)


def document(record: GatedPair | VectorFunction) -> dict[str, Any]:
    """One of them as plain JSON values."""
    facts: dict[str, Any] = {"name": record.name, "aliases": list(record.aliases)}
    if isinstance(record, GatedPair):
        facts |= {"formula": record.formula, "joints_of_the_gate": list(record.joints)}
    else:
        facts |= {"definition": record.definition, "parameters": dict(record.params)}
    return {**facts, "source": record.source, "certified": certified(record.name)}


def kinds_document(
    pairs: Mapping[str, GatedPair], vectors: Mapping[str, VectorFunction]
) -> dict[str, list[dict[str, Any]]]:
    """Both as plain JSON values."""
    return {
        "gated_pairs": [document(pair) for pair in pairs.values()],
        "vector_functions": [document(one) for one in vectors.values()],
    }


def _table(title: str, *columns: str) -> FoldingTable:
    table = FoldingTable(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("name", no_wrap=True)
    for column in columns:
        table.add_column(column)
    return table


def _called(name: str, aliases: tuple[str, ...]) -> Text:
    shown = Text(name, style="bold")
    for alias in aliases:
        shown.append(f" {alias}", style="not bold dim")
    return shown
