"""The tutorial's text, `tutorial.md`: of what cells it is, for the notebook and for the page.

A block of Python is a code cell; marked `notebook` it is in the notebook alone. What lies within
`<details>` is a solution and stays in the text. A code cell that ends with `tell.NAME(study)` shows
what the function NAME of `story` makes of the study.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import NamedTuple

from actfunc.show.markdown import to_html
from actfunc.show.page import Block, Code, Page, Prose, Told
from actfunc.tutorial import published, story
from actfunc.tutorial.study import Study

_PART = re.compile(
    r"^<details>.*?^</details>$|^```python(?P<alone> notebook)?\n(?P<code>.*?)\n```$", re.M | re.S
)
_TELLS = re.compile(r"^tell\.(\w+)\(study\)$", re.M)
_SOLUTION = re.compile(r"^<details>.*?^</details>$", re.M | re.S)
_CODE = re.compile(r"^```python\n(.*?)\n```$", re.M | re.S)


class Passage(NamedTuple):
    """A cell: its source, whether it is code or Markdown, and whether the page is without it."""

    source: str
    code: bool
    notebook_only: bool = False

    @property
    def tells(self) -> str:
        """The name of the function of `story` whose result a code cell shows; empty without one."""
        found = _TELLS.search(self.source) if self.code else None
        return found[1] if found else ""


def text() -> str:
    """The whole text, in Markdown."""
    return files("actfunc.tutorial").joinpath("tutorial.md").read_text("utf-8")


def cells() -> Iterator[Passage]:
    """The cells in order."""
    whole, begin = text(), 0
    for found in _PART.finditer(whole):
        if found["code"] is not None:
            yield Passage(whole[begin : found.start()].strip(), code=False)
            yield Passage(found["code"], code=True, notebook_only=bool(found["alone"]))
            begin = found.end()
    yield Passage(whole[begin:].strip(), code=False)


def solutions() -> list[str]:
    """The code of the exercises' solutions, which runs after all cells."""
    return [code for part in _SOLUTION.findall(text()) for code in _CODE.findall(part)]


def told(study: Study) -> dict[str, Told]:
    """What every part of the text tells of the study, by the function's name."""
    return {cell.tells: getattr(story, cell.tells)(study) for cell in cells() if cell.tells}


def page(study: Study, parts: Mapping[str, Told]) -> Page:
    """The page of a study of which `told` made the parts."""
    work = study.work
    first, *others = (cell for cell in cells() if cell.source and not cell.notebook_only)
    title, _, lead = first.source.removeprefix("# ").partition("\n")
    blocks: list[Block] = [Prose(to_html(lead))]
    for cell in others:
        blocks.append(Code(cell.source) if cell.code else Prose(to_html(cell.source)))
        if cell.tells:
            blocks.append(parts[cell.tells])
    facts = [
        ("data set", f"{work.dataset.name}: {work.dataset.note}"),
        ("seed", str(work.seed)),
        *((key, str(value)) for key, value in work.facts()["made_by"].items()),
        ("duration", f"{study.seconds:.0f} s"),
        ("published figures", f"{published.AUTHOR}, {published.TITLE}, {published.URL}"),
    ]
    notice = "" if work.dataset.name == published.DATASET else work.dataset.note
    return Page(title, blocks, facts, notice)
