"""Our own Markdown as HTML for a page that loads nothing: formulas are typeset as MathML."""

from __future__ import annotations

import itertools
import re

from docutils.utils.math.latex2mathml import tex2mathml
from markdown_it import MarkdownIt

_FORMULA = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.M | re.S)


def to_html(text: str) -> str:
    """Markdown with tables, HTML and `$$` formulas on lines of their own; headings get anchors."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = renderer.parse(_FORMULA.sub(lambda found: typeset(found[1]), text))
    for heading, content in itertools.pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", anchor(content.content))
    return renderer.renderer.render(tokens, renderer.options, {})


def anchor(heading: str) -> str:
    """A heading as the end of an address: `gradient-flow`."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")


def typeset(latex: str) -> str:
    """A formula on lines of its own."""
    lines = tex2mathml(latex, as_block=True).split("\n")
    return f'<div class="formula">{" ".join(lines)}</div>'
