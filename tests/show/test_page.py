"""A page: any text is shown as it is, and nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import html
import re

import pytest

from actfunc.show.page import Cell, Page, Section, Table, render

TEXT = '1 < 2 & "x" > <b>0</b>'
"""What HTML would take for a tag and for a character of its own."""


def page(text: str, **more) -> Page:
    """One with the text wherever there is any."""
    table = Table([text, text], [[Cell(text), Cell(text, True)], [Cell(text), Cell(text, False)]])
    section = Section(text, text, [text], text, table=table)
    return Page(text, [text], [section], [(text, text)], notice=text)


def test_text_of_any_kind_is_shown_as_it_is():
    made = render(page(TEXT))
    assert "<b>" not in made
    assert html.unescape(made) == render(page("PLACE")).replace("PLACE", TEXT)


@pytest.mark.parametrize(("ending", "kind"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_a_figure_is_in_the_page(tmp_path, ending, kind):
    path = tmp_path / f"figure.{ending}"
    path.write_bytes(b"what is drawn")
    section = Section("title", "question", [], "command", [path], ["caption"])
    made = render(Page("title", [], [section], []))
    [kind_there, content] = re.findall(r'<img[^>]* src="data:([^;]*);base64,([^"]*)"', made)[0]
    assert kind_there == kind
    assert base64.b64decode(content) == b"what is drawn"
    assert "caption" in made
    assert str(tmp_path) not in made


def test_what_held_and_what_did_not_look_different():
    made = render(page("PLACE"))
    for look in ("held", "nothold"):
        assert made.count(f'<td class="words {look}">PLACE</td>') == 1
    assert made.count("<td>PLACE</td>") == 2
