"""What is told of a training beside its end: the curve, and its neurons where they are watched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actfunc.storage import RunFolder

SMALL = ("--hidden", "24,16")
DEEP = ("--hidden", ",".join(["16"] * 12))


@pytest.mark.usefixtures("drawn")
def test_training_watches_neurons_where_asked(actfunc):
    done = actfunc("train", "relu", *DEEP, "--epochs", "2", "--watch-neurons", "--json")
    assert done.code == 0
    found = done.document["runs"]["relu"]
    assert [epoch["epoch"] for epoch in found["neurons"]] == [1, 2]
    folder = Path(found["folder"])
    figure = folder / "neurons.svg"
    assert found["neurons_figure"] == str(figure)
    drawn = figure.read_bytes()
    lines = (folder / "neurons.jsonl").read_text().splitlines()
    *epochs, of = map(json.loads, lines)
    assert epochs == found["neurons"]
    assert of["of"]["activation"] == "relu"
    assert all(layer["neurons"] == 16 for layer in found["neurons"][0]["layers"])
    assert "warning: relu, epoch 1: dead are" in done.err
    more = actfunc("train", "relu", *DEEP, "--epochs", "3", "--watch-neurons", "--json").document
    assert more["runs"]["relu"]["neurons"][:2] == found["neurons"]
    assert len(more["runs"]["relu"]["neurons"]) == 3
    assert figure.read_bytes() != drawn
    table = actfunc("train", "relu", *DEEP, "--epochs", "3", "--watch-neurons").out
    assert "dead" in table
    anew = actfunc("train", "relu", *DEEP, "--overwrite", "--json").document["runs"]["relu"]
    assert "neurons" not in anew
    assert not (folder / "neurons.jsonl").exists()
    assert not figure.exists()


def test_watching_changes_no_number_of_the_training(actfunc):
    options = ("train", "relu", *SMALL, "--epochs", "3")
    actfunc(*options, "--out", "plain")
    actfunc(*options, "--out", "watched", "--watch-neurons")
    plain, watched = (
        RunFolder.of(Path(root), "silhouettes", "relu", 42) for root in ("plain", "watched")
    )
    assert plain.parameters_file.read_bytes() == watched.parameters_file.read_bytes()
    histories = [
        [json.loads(line) | {"seconds": 0} for line in folder.metrics_file.read_text().splitlines()]
        for folder in (plain, watched)
    ]
    assert histories[0] == histories[1]
    assert not plain.neurons_file.exists()
    [*_, last] = watched.watched()
    assert last["epoch"] == 3


def test_watching_is_not_what_makes_a_run_another(actfunc):
    first = actfunc("train", "relu", *SMALL, "--json").document["runs"]["relu"]
    assert first["epochs_now"] == 1
    again = actfunc("train", "relu", *SMALL, "--watch-neurons", "--json").document["runs"]["relu"]
    assert (again["epochs_now"], again["neurons"], again["neurons_figure"]) == (0, [], None)
    assert "not watched" in actfunc("train", "relu", *SMALL, "--watch-neurons").out


def test_an_epoch_that_nobody_watched_leaves_a_gap(actfunc):
    for epochs, watching in (("1", True), ("2", False), ("3", True)):
        done = actfunc("train", "relu", *SMALL, "--epochs", epochs, *["--watch-neurons"] * watching)
        assert done.code == 0
    folder = RunFolder.of(Path("runs"), "silhouettes", "relu", 42)
    assert [line["epoch"] for line in folder.watched()] == [1, 3]
    assert folder.neurons_figure_file.exists()


def test_a_kill_between_watching_and_saving_loses_no_epoch(actfunc, monkeypatch):
    save = RunFolder.save
    asked = ("train", "relu", *SMALL, "--epochs", "3", "--watch-neurons")
    actfunc(*asked, "--out", "whole")
    for after in (False, True):

        def cut(folder, progress, after=after):
            if after or len(progress.history) < 2:
                save(folder, progress)
            if len(progress.history) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(RunFolder, "save", cut)
        assert actfunc(*asked, "--out", f"cut-{after}").code == 130
        monkeypatch.setattr(RunFolder, "save", save)
        assert actfunc(*asked, "--out", f"cut-{after}").code == 0
        whole, resumed = (
            RunFolder.of(Path(root), "silhouettes", "relu", 42).watched()
            for root in ("whole", f"cut-{after}")
        )
        assert [line["epoch"] for line in resumed] == [1, 2, 3]
        assert resumed == whole


@pytest.mark.usefixtures("drawn")
def test_a_figure_that_was_removed_is_drawn_again(actfunc):
    asked = ("train", "relu", *SMALL, "--watch-neurons", "--json")
    figure = Path(actfunc(*asked).document["runs"]["relu"]["neurons_figure"])
    before = figure.read_bytes()
    figure.unlink()
    actfunc(*asked)
    assert figure.read_bytes() == before


@pytest.mark.usefixtures("drawn")
def test_the_curve_has_the_epochs_that_there_are(actfunc):
    asked = ("train", "relu", "--hidden", "8")
    actfunc(*asked)
    curve = RunFolder.of(Path("runs"), "silhouettes", "relu", 42).curve_file
    of_one_epoch = curve.read_bytes()
    actfunc(*asked, "--epochs", "2")
    assert curve.read_bytes() != of_one_epoch
    actfunc(*asked, "--overwrite")
    assert curve.read_bytes() == of_one_epoch
    curve.unlink()
    actfunc(*asked)
    assert curve.read_bytes() == of_one_epoch
