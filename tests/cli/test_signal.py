"""`actfunc signal`: gains, fixed points, real networks, one document, and errors that say why."""

from __future__ import annotations

import json as json_module
import math
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from actfunc.cli import signal
from actfunc.errors import UsageError
from actfunc.tutorial import SIX


@pytest.fixture
def run(monkeypatch, tmp_path):
    """`run("tanh", "--json")`: the command alone, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    app = typer.Typer()
    signal.register(app)

    def call(*args: str) -> str:
        done = CliRunner().invoke(app, list(args), catch_exceptions=False, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.stdout

    return call


def test_the_table_names_gain_torchs_and_phase(run):
    text = run("relu", "tanh", "softplus")
    for part in ("1.4142", "1.6667", "1.4674", "critical", "values only", "both", "ordered", "∞"):
        assert part in text
    assert Path("signal.svg").read_bytes().startswith(b"<?xml")


def test_the_document_has_every_figure(run):
    document = json_module.loads(run("--json", "-o", "six.png"))
    assert len(document["activations"]) == len(SIX)
    [relu] = [one for spec, one in document["activations"].items() if spec == "relu"]
    assert relu["gain"]["weight"] == pytest.approx(math.sqrt(2)) == relu["torch"]
    [point] = relu["fixed_points"]
    assert point["depth_scale"] is None
    assert point["phase"] == "critical"
    assert relu["measured"] is None
    assert len(relu["predicted"]["variance"]) == document["depth"] == 30
    assert Path("six.png").exists()


def test_measuring_runs_networks_of_the_gain_asked_for(run):
    args = ("--gain", "1", "--measure", "--width", "64", "--depth", "5", "--networks", "3")
    document = json_module.loads(run("relu", *args, "--json"))
    one = document["activations"]["relu"]
    assert one["used"] == [1, 0]
    assert one["predicted"]["variance"] == pytest.approx([1, 0.5, 0.25, 0.125, 0.0625])
    assert len(one["measured"]["mean"]["gradient"]) == 5
    assert (document["width"], document["networks"], document["seed"]) == (64, 3, 42)
    assert document["made_by"]["device"].startswith("cpu")
    assert "real networks" in run("relu", *args)


@pytest.mark.parametrize(
    ("option", "value"), [("--gain", "0"), ("--gain", "nan"), ("--bias", "-1")]
)
def test_a_spread_that_is_none_is_an_error(run, option, value):
    with pytest.raises(UsageError, match=f"{option[2:]} must be") as raised:
        run("relu", option, value)
    assert option in raised.value.hint


def test_the_table_is_whole_at_80_columns_and_names_what_draws_so(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = [line.split() for line in run("relu", "softplus", "elu:alpha=0.5").splitlines()]
    assert lines[2][1:5] == ["E[φ]", "E[φ²]", "E[φ′²]", "σ_w"]
    assert lines[2][-1] == "keeps"
    assert any("--init" in line and "recommended" in line for line in lines)
