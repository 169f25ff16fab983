"""A page: text of results is shown as it is, and nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import html
import re

import pytest
from matplotlib.figure import Figure

from actfunc.show.markdown import to_html
from actfunc.show.page import Cell, Code, Drawn, Page, Prose, Table, Told, render

TEXT = '1 < 2 & "x" > <b>0</b>'
"""What HTML would take for a tag and for a character of its own."""


def page(text: str) -> Page:
    """One with the text wherever there is any."""
    table = Table([text, text], [[Cell(text), Cell(text, True)], [Cell(text), Cell(text, False)]])
    return Page(text, [Code(text), Told([text], table=table, command=text)], [(text, text)], text)


def test_text_of_any_kind_is_shown_as_it_is():
    made = render(page(TEXT), {})
    assert "<b>" not in made
    assert html.unescape(made) == render(page("PLACE"), {}).replace("PLACE", TEXT)


@pytest.mark.parametrize(("ending", "kind"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_a_figure_is_in_the_page(tmp_path, ending, kind):
    path = tmp_path / f"figure.{ending}"
    path.write_bytes(b"what is drawn")
    told = Told([], [Drawn("one", Figure(), "caption")])
    made = render(Page("title", [told], []), {"one": path})
    [kind_there, content] = re.findall(r'<img[^>]* src="data:([^;]*);base64,([^"]*)"', made)[0]
    assert kind_there == kind
    assert base64.b64decode(content) == b"what is drawn"
    assert "caption" in made
    assert str(tmp_path) not in made


def test_what_held_and_what_did_not_look_different():
    made = render(page("PLACE"), {})
    for look in ("held", "nothold"):
        assert made.count(f'<td class="words {look}">PLACE</td>') == 1
    assert made.count("<td>PLACE</td>") == 2


def test_headings_are_the_contents_and_formulas_are_typeset():
    text = "## Gradient flow\n\n[there](#gradient-flow)\n\n$$\n\\frac{1}{x}\n$$\n"
    made = render(Page("title", [Prose(to_html(text))], []), {})
    assert made.count('href="#gradient-flow"') == 2
    assert made.count('id="gradient-flow"') == 1
    assert "<mfrac>" in made
    assert "frac{" not in made


def test_a_result_is_markdown_in_a_notebook():
    table = Table(["a", "b"], [[Cell("1"), Cell("2")]])
    assert Told(["x < y", "z"], table=table).markdown() == (
        "x &lt; y\n\nz\n\n| a | b |\n| :-- | --: |\n| 1 | 2 |"
    )
