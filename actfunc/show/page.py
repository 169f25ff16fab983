"""A self-contained HTML page: sections of a question, a figure, a few sentences and a table."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import jinja2


class Cell(NamedTuple):
    """A table's cell: its text, and whether it held (True), did not (False) or is neither."""

    text: str
    held: bool | None = None
    colour: str = ""


class Table(NamedTuple):
    """A table of a page; the first column is its rows' names."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Section(NamedTuple):
    """One question: figures (paths), sentences, a table, and the command that makes it alone."""

    title: str
    question: str
    paragraphs: Sequence[str]
    command: str
    figures: Sequence[Path] = ()
    captions: Sequence[str] = ()
    table: Table | None = None


class Page(NamedTuple):
    """A page: title, lead, sections, and the circumstances at its foot."""

    title: str
    lead: Sequence[str]
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]]
    notice: str = ""


_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


def render(page: Page) -> str:
    """The page as one HTML document that loads nothing: style inside, figures as data."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["embedded"] = _embedded
    template = files("actfunc.show").joinpath("page.html.jinja").read_text()
    return environment.from_string(template).render(page=page)


def _embedded(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    return f"data:{_TYPES[path.suffix]};base64,{content}"
