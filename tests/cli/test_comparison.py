"""What `compare` makes of the results that it has: here of made-up ones, which nobody trained."""

from __future__ import annotations

import csv
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


def conclude_all(results, folder):
    """The document that `compare --json` gives, the first arm the baseline."""
    conclude(Output(as_json=True), results, results[0].member.arm, folder, LOAD(), seconds=1.0)
    return json.loads((folder / "summary.json").read_text())


def test_figures_are_of_the_members_of_the_chosen_rate(figures, tmp_path, capsys):
    results = [result(f, rate, seed) for f in ("relu", "tanh") for rate in RATES for seed in (0, 1)]
    kept = conclude_all(results, tmp_path)
    assert json.loads(capsys.readouterr().out)["stopped"] == kept["stopped"]
    standings = kept["stopped"]["standings"]
    assert [one["best_rate"] for one in standings] == [0.01, 0.01]
    assert [one["test"] for one in standings[0]["reported"]] == [41, 42]
    assert [one["validation"]["mean"] for one in standings[0]["rates"]] == [59.5, 50.5]
    [curves] = figures["bands_figure"][0]
    assert {band.members for bands in curves.values() for band in bands} == {2}


def test_what_diverged_is_in_every_file_and_in_no_mean(figures, tmp_path, capsys):
    def lost(one):
        both = {"stopped": one.stopped, "last": one.last}
        return one._replace(**{rule: read._replace(diverged=1) for rule, read in both.items()})

    fine = [result(f, 0.01, seed) for f in ("relu", "tanh", "gelu") for seed in range(7)]
    gone = {("tanh", 0), *(("gelu", seed) for seed in range(7))}
    results = [
        lost(one) if (one.member.arm.activation, one.member.seed) in gone else one for one in fine
    ]
    kept = conclude_all(results, tmp_path)
    by_name = {one["arm"]["activation"]: one for one in kept["stopped"]["standings"]}
    assert by_name["tanh"]["test"]["seeds"] == 6
    assert [one["diverged"] for one in by_name["tanh"]["reported"]] == [1, *[None] * 6]
    assert (by_name["gelu"]["test"], by_name["gelu"]["rates"][0]["diverged"]) == (None, 7)
    assert not any(one["shown"] for one in kept["stopped"]["differences"])
    rows = list(csv.DictReader((tmp_path / "results.csv").read_text().splitlines()))
    assert [row["stopped_diverged"] for row in rows] == [*[""] * 7, "1", *[""] * 6, *["1"] * 7]
    # its curve would be that of noise
    [curves] = figures["bands_figure"][0]
    members = {arm.activation: found[0].members for arm, found in curves.items()}
    assert members == {"relu": 7, "tanh": 6}
    for file in ("summary.md", "index.html"):
        text = (tmp_path / file).read_text("utf-8")
        assert "Diverged, and in no mean: tanh 1 of 7, gelu 7 of 7." in text


def test_what_the_comparison_is_of_is_on_its_page(tmp_path, capsys):
    results = [result(f, rate, seed) for f in ("relu", "tanh") for rate in RATES for seed in (0, 1)]
    conclude_all(results, tmp_path)
    page, text = ((tmp_path / name).read_text("utf-8") for name in ("index.html", "summary.md"))
    # 600 images were asked for
    assert (
        "on silhouettes: 500 images to train on and 100 to validate on, the first 600 of 60,000;"
        " 100 to test on." in page
    )
    for told in ("With another 100 test images", "2 seeds can never show a difference"):
        assert told in page
        assert told in text
    # both readings' differences, of which the second is in no figure
    assert text.count("| less relu |") == 2
