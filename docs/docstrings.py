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
    """A paragraph as it is; entries as a list, with their further lines.

    Further lines of entries in columns are indented; those of `name: meaning` need not be.
    """
    made: list[str] = []
    inside, columns = False, False
    for line in block.splitlines():
        entry = ENTRY.fullmatch(line)
        wide = bool(re.match(r"[\w, ]+:\s{2,}", line))
        if entry and (wide or columns or _is_argument(entry["name"])):
            names = ", ".join(f"`{name}`" for name in entry["name"].split(", "))
            made += (
                [f"- {names}: {entry['meaning']}"]
                if inside
                else ["", f"- {names}: {entry['meaning']}"]
            )
            inside, columns = True, columns or wide or line.startswith(" ")
        elif inside and (line.startswith(" ") or not (columns or line.startswith("Raises"))):
            made[-1] += f" {line.strip()}"
        else:
            made += ["", line] if inside else [line]
            inside = False
    return "\n".join(made).strip("\n")


def _is_argument(name: str) -> bool:
    return all(re.fullmatch(r"[a-z_0-9]+", part) for part in name.split(", "))
