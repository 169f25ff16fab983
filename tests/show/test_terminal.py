"""Tables for the terminal: at every width all that is in them can be read."""

from __future__ import annotations

import io
import re

import pytest
from rich import box
from rich.console import Console, Group
from rich.text import Text

from actfunc.catalogue import CATALOGUE
from actfunc.show.activations import activation_panel, catalogue_table
from actfunc.show.terminal import FoldingTable

NAMES = ("leaky_relu", "negative_slope=0.1")
FORMULA = "max(x,0)+negative_slope*min(x,0)"


def printed(thing, width):
    console = Console(width=width, file=io.StringIO())
    console.print(thing)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    return "\n".join(lines)


def verdicts(title="worst errors", caption="what it is") -> FoldingTable:
    table = FoldingTable(box=box.SIMPLE_HEAD, title=title, caption=caption)
    table.add_column("function")
    table.add_column("formula")
    table.add_column("float64", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_row(Text(" ".join(NAMES)), FORMULA, "!2047 @ 11.2", "[red]NOT HELD[/red]")
    table.add_row("relu", "max(x, 0)", "0.50 @ -9e-38", "held")
    return table


@pytest.mark.parametrize("width", [22, 30, 40, 50, 60, 80, 140])
def test_names_numbers_and_verdicts_are_whole_at_every_width(width):
    told = printed(Group("first", verdicts()), width)
    assert "…" not in told
    for word in (*NAMES, "!2047 @ 11.2", "NOT HELD", "0.50 @ -9e-38", "worst errors", "what it is"):
        assert word in told or len(word) > 16
    if width < 40 or width > 96:  # folded in a column, its parts are apart
        assert FORMULA in re.sub(r"\s", "", told)


def test_where_there_is_room_it_is_rich_s_own():
    assert FORMULA in printed(verdicts(), 100)
    assert printed(verdicts(), 140).count("\n") == printed(verdicts(), 100).count("\n")


def test_columns_that_may_break_share_the_room_that_is_left():
    table = FoldingTable(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row("name", "some words that may well be broken")
    assert printed(table, 25).splitlines()[0].rstrip() == "name some words that may"


@pytest.mark.parametrize("width", range(16, 30))
def test_a_column_that_is_kept_wide_takes_nothing_from_the_others(width):
    table = FoldingTable(box=None, padding=(0, 1, 0, 0))
    table.add_column("name", min_width=10)
    table.add_column("verdict", no_wrap=True)
    table.add_row("relu", "held")
    assert {"verdict", "held"} <= set(printed(table, width).replace(":", "").split())


def test_too_narrow_a_row_is_a_list_with_its_headers():
    told = printed(verdicts(), 30)
    assert "function: leaky_relu \nnegative_slope=0.1\n" in told
    assert "float64: !2047 @ 11.2\nverdict: NOT HELD\n" in told


@pytest.mark.parametrize("width", [30, 44, 60, 80])
def test_the_whole_catalogue_can_be_read(width):
    told = printed(catalogue_table(CATALOGUE, CATALOGUE.names()), width)
    assert "…" not in told
    assert all(name in told for name in CATALOGUE.names() if len(name) < width - 6)
    panel = printed(activation_panel(CATALOGUE["gelu"], width=width), width)
    assert "arXiv:1606.08415" in panel
