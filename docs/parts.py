"""What the site shows and no page has to repeat: the catalogue with its certificates, tables.

`<!-- catalogue -->` becomes every record, family by family with a figure, so that one that is added
appears by itself. `<!-- benchmark NAME -->` becomes the tables of the results of that name.
A line that is only a link to a file of this folder, `[words](table.md)` with a file that is no page
of the site, becomes the file: where the page is read without being built, the link is there.
A block of code with a title, which is a file of the reader's, gets it as its caption.
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
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

DOCS = Path(__file__).parent
PARTS = ("torch-table.md", "compare-sigmoid.md", "compare-init.md", "compare-eight.md")
"""Files of this folder that are part of a page and no page."""

BENCHMARK = re.compile(r"^<!-- benchmark (?P<name>[\w-]+) -->$", re.M)
TITLED = re.compile(r'^```(?P<language>\w+) title="(?P<title>[^"]+)"$', re.M)
ARXIV = re.compile(r"arXiv:(\d+\.\d+)")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx: pages are expanded as they are read, figures lie beside them at the end."""
    app.connect("source-read", expand)
    app.connect("build-finished", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def expand(app: Sphinx, page: str, source: list[str]) -> None:
    """Called by Sphinx with every page."""
    source[0] = expanded(source[0])


def draw(app: Sphinx, problem: Exception | None) -> None:
    """Called by Sphinx with the site: the families' figures, to which the catalogue leads."""
    if problem is None:
        (app.outdir / "figures").mkdir(exist_ok=True)
        for family in FAMILIES:
            (app.outdir / "figures" / figure_name(family)).write_bytes(thumbnails(family))


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
    markdown = TITLED.sub(r"```{code-block} \g<language>\n:caption: \g<title>\n", markdown)
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
        names = ", ".join(one.name for one in members)
        parts += [
            f"## {family.capitalize()}{'' if family.endswith('gates') else ' functions'}",
            # as HTML: Sphinx looks for a picture of Markdown before this one is drawn
            f'<img src="figures/{figure_name(family)}" alt="{names}, each with two derivatives">',
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
