"""What is told is told as it is: a path or a formula may have brackets, which are rich's markup."""

from __future__ import annotations

import pytest

from actfunc.cli.console import Output, print_error
from actfunc.errors import UsageError

NAME = "runs[old]/x[i]:zero:[/]"
"""Whose brackets rich would take for styles, and `:zero:` for an emoji."""


@pytest.mark.parametrize("hint", ["", NAME])
def test_an_error_and_what_to_do_are_a_line_each(capsys, monkeypatch, hint):
    monkeypatch.setenv("COLUMNS", "20")
    print_error(UsageError(NAME, hint))
    told = capsys.readouterr()
    assert told.err.splitlines() == [f"error: {NAME}", *([f"       {NAME}"] if hint else [])]
    assert told.out == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_every_line_of_talk_has_the_words_it_was_given(capsys, monkeypatch, as_json):
    monkeypatch.setenv("COLUMNS", "20")
    output = Output(as_json)
    output.header(NAME, NAME)
    output.done(True, NAME, NAME)
    output.done(False, "it", NAME)
    output.wrote("figure", NAME)
    told = capsys.readouterr()
    talk, nothing = (told.err, told.out) if as_json else (told.out, told.err)
    assert nothing == ""
    header, held, not_held, wrote = talk.splitlines()
    assert header == f"{NAME} · {NAME}"
    assert held.split() == ["✓", NAME, NAME]
    assert not_held.split() == ["✗", "NOT", "HELD", "it", NAME]
    assert wrote == f"figure: {NAME}"


def test_one_that_is_silent_says_nothing_and_gives_no_document(capsys):
    output = Output(as_json=True, silent=True)
    output.header("it")
    output.line("it")
    output.document({"it": 1})
    assert capsys.readouterr() == ("", "")


def test_what_a_terminal_would_obey_is_written_out(capsys):
    orders, told = "a\x1b[2J\x07b", "a\\x1b[2J\\x07b"
    output = Output()
    output.header(orders)
    output.done(True, orders, orders)
    output.wrote("figure", orders)
    output.line(orders)
    print_error(UsageError(orders, orders))
    printed = capsys.readouterr()
    assert (printed.out + printed.err).count(told) == 7
    assert "\x1b[2J" not in printed.out + printed.err
