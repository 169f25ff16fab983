"""Docstrings as the reference shows them: their Markdown becomes what autodoc reads.

The sources keep blocks of `name:  meaning` lines in columns, for whoever reads them in an editor;
here they become lists. What is in backticks becomes code, and a link where it is a public name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

ENTRY = re.compile(r"(?P<name>[\w, ]+?):\s+(?P<meaning>\S.*)")
CODE = re.compile(r"(`+)(.+?)\1", re.S)
FIELD_OF_A_TUPLE = re.compile(r"Alias for field number \d+")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx: rewrites every docstring as it is collected."""
    app.connect("autodoc-process-docstring", rewritten)
    app.connect("autodoc-process-signature", readable)
    app.connect("autodoc-skip-member", skipped)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def rewritten(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Called by autodoc for each module, class, function and attribute."""
    if what == "data" and " ".join(lines).split() == (type(obj).__doc__ or "").split():
        lines.clear()  # of the value's class, where the value has none
        return
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    lines[:] = [*"\n\n".join(map(as_restructured, blocks)).splitlines(), ""]


def readable(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    arguments: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Called by autodoc for each signature: a default that a dataclass makes is no Python."""
    return arguments and arguments.replace("<factory>", "..."), result


def skipped(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: object
) -> bool | None:
    """Called by autodoc for each member: a tuple's fields stand in its signature and docstring."""
    return True if FIELD_OF_A_TUPLE.fullmatch(str(getattr(obj, "__doc__", ""))) else None


def as_restructured(block: str) -> str:
    """A block of Markdown: code that is indented, a list of entries, or a paragraph."""
    if all(line.startswith("    ") for line in block.splitlines()):
        return f"::\n\n{block}"
    made: list[str] = []
    inside, columns, indent = False, False, 0
    for line in block.splitlines():
        entry = ENTRY.fullmatch(line)
        if inside and len(line) - len(line.lstrip()) > indent:
            entry = None  # a further line, whatever it says
        wide = bool(re.match(r"[\w, ]+:\s{2,}", line))
        if entry and (wide or columns or _is_argument(entry["name"])):
            names = ", ".join(f"`{name}`" for name in entry["name"].split(", "))
            made += ["- " + marked(f"{names}: {entry['meaning']}")]
            made[-1:-1] = [] if inside else [""]
            inside, columns = True, columns or wide or line.startswith(" ")
            indent = len(line) - len(line.lstrip())
        elif inside and (line.startswith(" ") or not (columns or line.startswith("Raises"))):
            made[-1] += f" {marked(line.strip())}"
        else:
            made += ["", marked(line)] if inside else [marked(line)]
            inside = False
    return "\n".join(made).strip("\n")


def marked(text: str) -> str:
    """Words of Markdown, where nothing but what is in backticks is a mark."""
    made, end = "", 0
    for found in CODE.finditer(text):
        made += _plain(text[end : found.start()])
        code = found[2].strip()
        is_name = re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*", code)
        # the escaped spaces vanish: a mark may then stand beside a letter
        made += f"\\ :py:obj:`{code}`\\ " if is_name else f"\\ ``{code}``\\ "
        end = found.end()
    return made + _plain(text[end:])


def _plain(text: str) -> str:
    return re.sub(r"([\\*_|`])", r"\\\1", text)


def _is_argument(name: str) -> bool:
    return all(re.fullmatch(r"[a-z_0-9]+", part) for part in name.split(", "))
