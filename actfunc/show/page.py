"""A self-contained HTML page of text, code and results; a result shows itself in a notebook too."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import jinja2

from actfunc.show import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Cell(NamedTuple):
    """A table's cell: its text, and whether it held (True), did not (False) or is neither."""

    text: str
    held: bool | None = None
    colour: str = ""


class Table(NamedTuple):
    """A table of a page; the first column is its rows' names."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Drawn(NamedTuple):
    """A figure, under the name of its file, and what is to be seen in it."""

    name: str
    figure: Figure
    caption: str


class Told(NamedTuple):
    """A result: figures, sentences (plain text) and a table, and the command that makes it alone.

    As the last line of a notebook's cell it shows itself, in this order.
    """

    paragraphs: Sequence[str]
    figures: Sequence[Drawn] = ()
    table: Table | None = None
    command: str = ""

    def markdown(self) -> str:
        """The sentences and the table."""
        parts = [html.escape(text, quote=False) for text in self.paragraphs]
        if self.table is not None:
            header, rows = self.table
            lines = [header, [":--", *["--:"] * (len(header) - 1)]]
            lines += [[cell.text for cell in row] for row in rows]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
        return "\n\n".join(parts)

    def _ipython_display_(self) -> None:
        from IPython.display import Image, Markdown, display

        for _, figure, caption in self.figures:
            display(Image(style.drawn(figure, ".png"), width=round(72 * figure.get_figwidth())))
            display(Markdown(f"*{caption}*"))
        display(Markdown(self.markdown()))


class Prose(NamedTuple):
    """Text, as HTML."""

    html: str


class Code(NamedTuple):
    """A program, as it is typed."""

    code: str


Block: TypeAlias = Prose | Code | Told


class Page(NamedTuple):
    """A page: its title, what is on it, and the circumstances at its foot."""

    title: str
    blocks: Sequence[Block]
    facts: Sequence[tuple[str, str]]
    notice: str = ""

    @property
    def contents(self) -> Iterator[tuple[str, str]]:
        """The anchor and the words of each heading."""
        for block in self.blocks:
            if isinstance(block, Prose):
                yield from re.findall(r'<h2 id="(.+?)">(.+?)</h2>', block.html)


_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


def render(page: Page, figures: Mapping[str, Path]) -> str:
    """The page as one HTML document that loads nothing: style inside, figures as data.

    figures: the file of each figure by its name.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["embedded"] = _embedded
    template = files("actfunc.show").joinpath("page.html.jinja").read_text()
    return environment.from_string(template).render(page=page, figures=figures)


def _embedded(path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    return f"data:{_TYPES[path.suffix]};base64,{content}"
