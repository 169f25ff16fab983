"""Certificates as people see them: the command, its tables, its figure, its document."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import pytest
import torch
from rich.console import Console

import actfunc
from actfunc.certify import certify
from actfunc.certify.check import Point
from actfunc.certify.curve import curve
from actfunc.cli import run
from actfunc.show import certificates as show


@cache
def deviating():
    """A record whose slope is wrong in the middle, where differences see it."""
    tanh = actfunc.get("tanh")
    wrong = replace(tanh, name="wrong", df=lambda x, **_: tanh.df.function(x) * 1.01)
    return (certify(wrong, dtypes=(torch.float64,)),)


@cache
def found():
    """A record that holds, and the same with a slope that is wrong on the right and deaf at inf."""
    tanh = actfunc.get("tanh")

    def wrong(x, **_):
        return torch.where(x > 3, 1e-5, tanh.df.function(x))

    both = (tanh, replace(tanh, name="wrong", df=wrong))
    return tuple(certify(record, dtypes=(torch.float32,)) for record in both)


def printed(thing, width=80):
    """What a terminal of that width shows."""
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(thing)
    return captured.get()


def test_the_table_says_what_holds_with_the_worst_first():
    shown = printed(show.certificate_table(found()))
    lines = [line.split() for line in shown.splitlines() if " float32" in line]
    lines = [line for line in lines if "searched," not in line]
    assert [line[0] for line in lines] == ["wrong", "tanh"]
    assert shown.count("NOT HELD") == 1
    assert "…" not in shown
    assert "float32" in shown


def test_every_verdict_is_seen_at_80_columns():
    """Of a NaN all along, too; and what has no dtype has a line where float64 was left out."""
    deaf = replace(actfunc.get("tanh"), name="deaf", **dict.fromkeys(("f", "df", "d2f"), _nan))
    unnamed = replace(actfunc.get("relu"), name="unnamed", joints=())
    for record in (deaf, unnamed):
        certificate = certify(record, dtypes=(torch.float32,))
        shown = printed(show.certificate_table([certificate]))
        [line] = [line.split() for line in shown.splitlines() if line.startswith(record.name)]
        assert line[-2:] == ["NOT", "HELD"]
        others = [one.held for part in certificate.rest for one in part]
        assert line[-3] == f"{sum(others)}/{len(others)}"


def _nan(x, **_):
    return torch.full_like(x, torch.nan)


def test_failing_points_are_listed_with_x_got_and_wanted():
    assert show.failing_points(found()[:1]) is None
    shown = printed(show.failing_points(found()))
    assert "wrong, float32, first derivative:" in shown
    assert "points beyond 4" in shown
    assert "at ±inf, at NaN, at a pole or at a zero of its sign" in shown
    assert "tanh, " not in shown
    for column in ("x", "got", "wanted", "ulp", "of the", "9.99999975e-06"):
        assert column in shown
    assert "finite differences say otherwise" in printed(show.failing_points(deviating()))


def test_ways_that_give_the_same_are_told_together():
    certificate, lost = found()[0], Point(-math.inf, math.nan, 0.0, math.nan)
    values = [way for way in certificate.routes if way.order == "value" and not way.compiled]
    wrong = [way._replace(held=False, different=1, worst=lost) for way in values]
    shown = printed(show.failing_points([certificate._replace(routes=wrong)]), width=200)
    assert shown.count("value by") == 1 < len(values)
    assert f"value by {values[0].name} and {len(values) - 1} more way" in shown


def test_many_functions_get_a_line_each():
    certificates = [found()[1], *found() * 2]
    shown = printed(show.certificate_table(certificates))
    assert "2 of 5 held" in shown
    lines = [line for line in shown.splitlines() if line.startswith(("wrong", "tanh"))]
    assert [line.split()[0] for line in lines] == ["wrong"] * 3 + ["tanh"] * 2
    assert all("!" in line and "NOT HELD" in line for line in lines[:3])
    assert "…" not in shown


def test_the_document_is_plain_json():
    document = json.loads(json.dumps(show.certificates_document(found()), allow_nan=False))
    assert not document["held"]
    assert [one["held"] for one in document["certificates"]] == [True, False]
    check = document["certificates"][1]["checks"][1]
    assert check["order"] == "first"
    assert set(check["failing"][0]) == {"x", "got", "wanted", "ulp"}
    assert document["certificates"][1]["limits"][0]["x"] == "-inf"


def test_the_figure_has_a_panel_for_each_function_and_dtype():
    records = (actfunc.get("tanh"), actfunc.get("relu"))
    drawn = show.error_figure(
        [curve(r, d) for r in records for d in (torch.float64, torch.float32)]
    )
    assert [axes.get_title(loc="left") for axes in drawn.axes] == [
        *("tanh, float64", "tanh, float32", "relu, float64", "relu, float32")
    ]


def test_the_command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = ("--dtype", "float32")
    assert run(["certify", "relu", *quick, "--plot", "error.svg"]) == 0
    assert "held" in capsys.readouterr().out
    assert (tmp_path / "error.svg").stat().st_size > 1000
    assert run(["certify", "torch:tanh", "--formula", "tanh(x)", *quick, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert not document["held"]
    assert document["torch"] == torch.__version__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name an activation"),
        (["relu", "tanh", "--formula", "x"], "exactly one"),
        (["--all", "--formula", "x"], "exactly one"),
        (["relu", "--dtype", "int8"], "float64, float32, bfloat16, float16, got 'int8'"),
        (["relu", "tanh", "--as", "gelu"], "exactly one"),
        (["relu", "--derivative", "torch:cos", "--all"], "exactly one"),
        (["torch:tanh", "--as", "tanh", "--formula", "x"], "two judges"),
        (["torch:tanh", "--as", "tahn"], "Did you mean tanh"),
        (["relu", "--against", "nowhere.jsonl", "--dtype", "float16"], "--all --save"),
        (["relu", "--formula", "x.__class__"], "attribute access"),
        (["relu", "--plot", "error.xyz"], "error.xyz"),
        (["relo"], "relu"),
        (["torch:tanh"], "--formula"),
    ],
)
def test_wrong_usage(capsys, arguments, message):
    assert run(["certify", *arguments]) in (2, 3)
    assert message in capsys.readouterr().err
