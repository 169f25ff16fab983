"""The fenced blocks of the docs, in the order of a page."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(
    r"(?:^<!-- exit (?P<exit>\d+) -->\n)?^```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<body>.*?)^```$",
    re.M | re.S,
)


class Block(NamedTuple):
    """kind: console or python; title: of a file the page shows; exit: the code of its commands."""

    kind: str
    title: str | None
    body: str
    exit: int
    line: int

    @property
    def commands(self) -> list[str]:
        """What is typed in a console block, without the prompt."""
        return [line[2:] for line in self.body.splitlines() if line.startswith("$ ")]


def blocks(page: Path) -> list[Block]:
    """The console and python blocks of a page."""
    text = page.read_text("utf-8")
    return [
        Block(
            found["kind"],
            found["title"],
            found["body"],
            int(found["exit"] or 0),
            text.count("\n", 0, found.start("kind")) + 1,
        )
        for found in _BLOCK.finditer(text)
        if found["kind"] in ("console", "python")
    ]


def docs_module(name: str) -> ModuleType:
    """A module of the docs: what expands the pages, what makes the figures."""
    folder = str(ROOT / "docs")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)
