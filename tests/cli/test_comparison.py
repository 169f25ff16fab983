"""What `compare` makes of the results that it has: here of made-up ones, which nobody trained."""

from __future__ import annotations

import json

import pytest

from actfunc.cli.comparison import conclude
from actfunc.cli.console import Output
from actfunc.compare.records import Reading
from actfunc.show import comparison_figures
from tests.compare.small import LOAD, made_up

RATES = (0.01, 0.1)


def result(activation: str, rate: float, seed: int):
    """The smaller rate is better by the validation images, and each test accuracy is another."""
    validation, test = 60 - 100 * rate + seed, 40 + 100 * rate + seed
    made = made_up(activation, seed=seed, rate=rate, loss=rate)
    stopped = Reading(validation, test, 2, 2)
    return made._replace(stopped=stopped, last=stopped._replace(test=test + 5))


@pytest.fixture
def figures(monkeypatch):
    """What the figures were given, by the name of the function that draws them."""
    given = {}

    def watched(name, draw):
        def keep(*what, **more):
            given[name] = (what, more)
            return draw(*what, **more)

        return keep

    for name in ("intervals_figure", "bands_figure"):
        draw = getattr(comparison_figures, name)
        monkeypatch.setattr(comparison_figures, name, watched(name, draw))
    return given


def test_figures_are_of_the_members_of_the_chosen_rate(figures, tmp_path, capsys):
    results = [result(f, rate, seed) for f in ("relu", "tanh") for rate in RATES for seed in (0, 1)]
    conclude(Output(as_json=True), results, "relu", tmp_path, LOAD(), seconds=1.0)
    standings = json.loads(capsys.readouterr().out)["stopped"]["standings"]
    assert [one["learning_rate"] for one in standings] == [0.01, 0.01]
    points = figures["intervals_figure"][1]["points"]
    assert {arm.activation: sorted(tests) for arm, tests in points.items()} == {
        "relu": [41, 42], "tanh": [41, 42],
    }  # fmt: skip
    [curves] = figures["bands_figure"][0]
    assert {band.members for bands in curves.values() for band in bands} == {2}
    assert json.loads((tmp_path / "summary.json").read_text())["stopped"]["standings"] == standings
