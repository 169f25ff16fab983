"""Docstrings as the reference shows them: blocks of `name:  meaning` lines become lists.

The sources keep such blocks in columns, for whoever reads them in an editor; Markdown would run
them into one paragraph.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

ENTRY = re.compile(r"(?P<name>[\w, ]+?):\s+(?P<meaning>\S.*)")


class Columns(griffe.Extension):
    """Rewrites every docstring as it is collected."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for each module, class, function and attribute."""
        if obj.docstring is not None:
            blocks = obj.docstring.value.split("\n\n")
            obj.docstring.value = "\n\n".join(map(as_markdown, blocks))


def as_markdown(block: str) -> str:
    """A paragraph as it is; a block of entries, each with indented further lines, as a list.

    Entries may follow a first line of another kind or stand before one: that stays a paragraph.
    """
    lines: list[str] = []
    inside = False
    for line in block.splitlines():
        entry = ENTRY.fullmatch(line)
        if entry and (re.search(r":\s{2,}", line) or _short(entry["name"])):
            names = ", ".join(f"`{name}`" for name in entry["name"].split(", "))
            lines += (
                ["", f"- {names}: {entry['meaning']}"]
                if not inside
                else [f"- {names}: {entry['meaning']}"]
            )
            inside = True
        elif inside and line.startswith(" "):
            lines[-1] += f" {line.strip()}"
        elif inside:
            return _after(lines, line, block)
        else:
            lines.append(line)
    return "\n".join(lines).strip("\n")


def _short(name: str) -> bool:
    return all(re.fullmatch(r"[a-z_0-9]+", part) for part in name.split(", "))


def _after(lines: list[str], line: str, block: str) -> str:
    rest = block[block.index(line) :]
    return "\n".join(lines).strip("\n") + "\n\n" + as_markdown(rest)
