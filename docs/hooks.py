"""What the site shows and no page has to repeat: the catalogue with its certificates, tables.

`<!-- catalogue -->` becomes every record, family by family with a figure, so that one that is added
appears by itself. `<!-- benchmark NAME -->` becomes the tables of the results of that name.
A line that is only a link to a file of this folder, `[words](table.md)` with a file that is no page
of the site, becomes the file: where the page is read without being built, the link is there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import measured
from thumbnails import thumbnails

from actfunc.activation import Activation
from actfunc.catalogue import CATALOGUE, FAMILIES, PAIRS, VECTORS
from actfunc.certify import kept
from actfunc.gated import GatedPair
from actfunc.show.certificates import RANKS
from actfunc.vector import VectorFunction

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

DOCS = Path(__file__).parent
PARTS = ("torch-table.md", "compare-sigmoid.md", "compare-init.md", "compare-eight.md")
"""Files of this folder that are part of a page and no page."""

BENCHMARK = re.compile(r"^<!-- benchmark (?P<name>[\w-]+) -->$", re.M)
ARXIV = re.compile(r"arXiv:(\d+\.\d+)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Called by mkdocs with the files of the site, to which the figures are added."""
    from mkdocs.structure.files import File

    for family in FAMILIES:
        place = f"figures/{figure_name(family)}"
        files.append(File.generated(config, place, content=thumbnails(family)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for every page."""
    return expanded(markdown)


def expanded(markdown: str) -> str:
    """A page as the site has it."""
    for part in PARTS:
        link = re.compile(rf"^\[[^\]]+\]\({re.escape(part)}\)$", re.M)
        if link.search(markdown):
            text = (DOCS / part).read_text("utf-8")
            # narrower: F is what the field calls it, and what is bold needs no mark
            text = text.replace("`torch.nn.functional.", "`F.").replace("**!", "**")
            markdown = link.sub(lambda _, text=text: text, markdown)
    if "<!-- catalogue -->" in markdown:
        markdown = markdown.replace("<!-- catalogue -->", catalogue())
    return BENCHMARK.sub(lambda found: measured.tables(found["name"]), markdown)


def figure_name(family: str) -> str:
    """The file of a family's figure."""
    return f"catalogue-{family.replace(' ', '-')}.png"


def catalogue() -> str:
    """Every record of every kind, in Markdown."""
    made, certificates = kept.load()
    records = [*CATALOGUE.values(), *PAIRS.values(), *VECTORS.values()]
    held = [certificates[r.spec]["held"] for r in records if r.spec in certificates]
    torch = made["torch"].partition("+")[0]
    parts = [
        f"{len(CATALOGUE)} elementwise activations in {len(FAMILIES)} families, {len(PAIRS)} gated "
        f"pairs and {len(VECTORS)} vector functions. {sum(held)} of {len(records)} certificates "
        f"hold, made with torch {torch} on a {made['device'].partition(',')[0].upper()}.",
    ]
    for family, members in FAMILIES.items():
        parts += [
            f"## {family.capitalize()} {{ #{family.replace(' ', '-')}-family }}",
            f"![{', '.join(one.name for one in members)}, each with two derivatives]"
            f"(figures/{figure_name(family)})",
            _table(members, certificates),
        ]
    parts += [
        "## Gated pairs",
        "Functions of a value `x` and a `gate`.",
        _table(PAIRS.values(), certificates),
    ]
    parts += [
        "## Vector functions",
        "Functions of the vectors along a dimension.",
        _table(VECTORS.values(), certificates),
    ]
    return "\n\n".join(parts)


def _table(records: Iterable[Any], certificates: kept.Kept) -> str:
    lines = [
        "| name | function | float64 | float32 | 16 bits | source |",
        "|---|---|---|---|---|---|",
    ]
    for record in records:
        name = f'<span id="{record.name}">**{record.name.replace("_", "_<wbr>")}**</span>'
        source = ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", _text(record.source))
        cells = [name, "<br>".join(_facts(record)), *_errors(certificates.get(record.spec)), source]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _facts(record: Activation | GatedPair | VectorFunction) -> Iterator[str]:
    text = record.definition if isinstance(record, VectorFunction) else record.formula
    yield f"`{text}`"
    if not isinstance(record, GatedPair) and record.params:
        yield ", ".join(f"{key} = {value:.6g}" for key, value in record.params.items())
    if isinstance(record, Activation):
        joints = ", ".join(f"{joint:g}" for joint in record.joint_points)
        yield f"range {_text(record.range)}" + (f", joints at {joints}" if joints else "")
    elif isinstance(record, GatedPair) and record.joints:
        yield "joints at gate = " + ", ".join(f"{joint:g}" for joint in record.joints)
    for where, (bound, reason) in getattr(record, "exceptions", {}).items():
        yield f"{where}: {bound:g} allowed, {_text(reason)}"
    if record.aliases:
        yield "also " + ", ".join(f"`{alias}`" for alias in record.aliases)


def _errors(certificate: Mapping[str, Any] | None) -> Iterator[str]:
    """A cell for float64 and for float32, and one for both dtypes of 16 bits."""
    narrow = []
    for dtype in ("float64", "float32", "bfloat16", "float16"):
        orders = certificate["worst"].get(dtype) if certificate else None
        if orders is None:
            worst = []
        elif "16" in dtype:
            worst = [max(float(ulp) for ulp, _, _ in orders.values())]
        else:
            ranks = [RANKS.get(order, 1) for order in orders]
            ulps = [float(ulp) for ulp, _, _ in orders.values()]
            worst = [max(u for u, r in zip(ulps, ranks, strict=True) if r == k) for k in range(3)]
        shown = [f"{ulp:.2f}" if ulp else "0" for ulp in worst]
        if "16" in dtype:
            narrow += shown
        else:
            yield "&nbsp;".join(shown) or "–"
    yield "&nbsp;".join(narrow) or "–"


def _text(words: str) -> str:
    """Words in a cell, where an asterisk or a bracket means itself."""
    return re.sub(r"([*_\[\]|])", r"\\\1", html.escape(words, quote=False))
