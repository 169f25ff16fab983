"""The study as a whole: the published figures exactly, and a fresh machine's drawn data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from actfunc.certify import certificate
from actfunc.certify.certificate import Certificate
from actfunc.cli import run
from actfunc.tutorial import SIX, published, verdict
from actfunc.tutorial.story import trained, untrained
from tests.tutorial.certificates import certified


@pytest.fixture(autouse=True, params=["short", pytest.param("whole", marks=pytest.mark.full)])
def _in_an_empty_folder(request, monkeypatch, tmp_path):
    """In short without 16-bit certificates, histograms of more than one network, and ink."""
    monkeypatch.chdir(tmp_path)
    if request.param == "short":
        request.getfixturevalue("empty_figures")
        monkeypatch.setattr(certificate, "certify", lambda record: certified(record.spec))
        for told, name in ((untrained, "gradients_figure"), (trained, "distribution_figure")):
            monkeypatch.setattr(told, name, of_one(getattr(told, name)))


def of_one(figure: Callable) -> Callable:
    """A figure of many, of one of them."""
    return lambda found: figure({"relu": found["relu"]})


def test_the_published_figures_come_out_exactly(checkpoints, real_data, capsys):
    assert run(["reproduce", "--pretrained", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["dataset"]["name"] == "FashionMNIST"
    assert document["seed"] == 42
    assert document["test_accuracy"] == published.TEST_ACCURACY
    assert document["validation_accuracy"] == published.VALIDATION_ACCURACY
    assert document["dead_neurons"] == published.DEAD_NEURONS
    assert document["published"]["test_accuracy"] == published.TEST_ACCURACY
    assert all(judged["held"] for judged in document["agrees"]["test_accuracy"].values())
    assert all(certificate["held"] for certificate in document["certificates"])

    [folder] = Path("runs").iterdir()
    assert json.loads((folder / "results.json").read_text()) == document
    drawn = {file.stem for file in (folder / "figures").iterdir()}
    assert drawn == {"activations", "examples", "gradients", "distributions", "dead"}
    page = (folder / "index.html").read_text()
    assert_self_contained(page)
    for name, accuracy in published.TEST_ACCURACY.items():
        assert name in page
        assert f"{accuracy:.2f}" in page
    assert page.count(">as published<") == len(SIX) + 3


def test_with_no_data_and_no_network_it_runs_on_the_drawn_set_and_says_so(
    capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("ACTFUNC_DATA", str(tmp_path / "empty"))
    # a port that nothing listens on, so that fetching fails as it does without a network
    monkeypatch.setattr("actfunc.data.fetch.mirrors", lambda: ["http://127.0.0.1:9/"])
    monkeypatch.setenv("ACTFUNC_EXAMPLES", "1200")
    asked = ["reproduce", "--epochs", "2", "--eager"]
    assert run(asked) == 0
    printed = capsys.readouterr().out
    assert "silhouettes" in printed
    assert "not found" in printed
    [folder] = Path("runs").iterdir()
    document = json.loads((folder / "results.json").read_text())
    assert document["dataset"]["name"] == "silhouettes"
    assert set(document["test_accuracy"]) == set(SIX)
    assert {judged["word"] for judged in document["agrees"]["test_accuracy"].values()} == {
        "other data"
    }
    assert all(len(history) == 2 for history in document["epochs"].values())
    page = (folder / "index.html").read_text()
    assert_self_contained(page)
    assert "All results are on the drawn set" in page
    assert (folder / "figures" / "curves.svg").exists()
    [training] = re.findall(r"best epoch<.*?</table>", page, re.S)
    best = [1 + scores.index(max(scores)) for scores in validation_scores(document)]
    assert re.findall(r">(\d) of 2<", training) == [str(epoch) for epoch in best]

    # another start finds all six trained and gives the same, and its end says what did not hold
    for where, what, value in (
        (verdict, "differing", lambda study: ["elu"]),
        (Certificate, "held", False),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, what, value)
            assert run([*asked, "--json"]) == 1
        again = json.loads(capsys.readouterr().out)
        assert again["test_accuracy"] == document["test_accuracy"]
        assert again["epochs"] == document["epochs"]


def validation_scores(document: dict) -> list[list[float]]:
    """Of each network, by epoch."""
    return [[e["validation_accuracy"] for e in epochs] for epochs in document["epochs"].values()]


def assert_self_contained(page: str) -> None:
    """Nothing in the page is loaded from anywhere."""
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]{0,40})', page))
    assert "<link" not in page
    assert "<script" not in page
    assert "url(" not in re.sub(r"data:[^\"]*", "", page)
