"""`neurons`, `distribution` and neurons watched through training, on a little drawn data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actfunc import get, mlp
from actfunc.analysis import distribution, summarise
from actfunc.analysis.neurons import LayerTally, count_neurons, tally
from actfunc.data import normalise
from actfunc.storage import RunFolder, prepare

SMALL = ("--hidden", "24,16")
DEEP = ("--hidden", ",".join(["16"] * 12))


def work():
    return prepare("silhouettes", seed=42, device="cpu", examples=1536)


def test_neurons_tells_what_the_analysis_counts(actfunc):
    done = actfunc("neurons", "relu", "tanh", "--fresh", "--bound", "0.05", *SMALL, "--json")
    assert done.code == 0
    split, params = work().split, mlp.init((784, 24, 16, 10), seed=42)
    assert done.document["images"] == len(split.train.labels)
    for name, found in done.document["activations"].items():
        wanted = tally(count_neurons(params, get(name), split.train.images, bound=0.05))
        assert [list(layer) for layer in found] == [list(LayerTally._fields)] * 2
        for layer, want in zip(found, wanted, strict=True):
            assert layer == {kind: value.item() for kind, value in want._asdict().items()}
    assert list(done.document["activations"]) == ["relu", "tanh"]
    assert Path("neurons.svg").read_bytes().startswith(b"<?xml")


def test_neurons_warns_of_layers_that_starve(actfunc):
    done = actfunc("neurons", "relu", "--fresh", *DEEP)
    assert "always linear" in done.out
    assert "warning: relu: dead are" in done.out
    document = actfunc("neurons", "relu", "--fresh", *DEEP, "--json").document
    layers = document["activations"]["relu"]
    wanted = [n for n, each in enumerate(layers, 1) if each["dead"] > 0.25 * each["neurons"]]
    assert document["starving_layers"]["relu"] == wanted
    assert wanted
    assert "warning" not in actfunc("neurons", "relu", "--fresh", *DEEP, "--warn-above", "100").out
    assert "warning" not in actfunc("neurons", "tanh", "--fresh", *DEEP).out


def test_neurons_refuses_what_means_nothing(actfunc):
    assert actfunc("neurons", "--fresh", "--bound", "0", *SMALL).code == 2
    both = actfunc("neurons", "--fresh", "--pretrained")
    assert both.code == 2
    assert "--fresh and --pretrained" in both.err
    missing = actfunc("neurons", "relu")
    assert missing.code == 3
    assert "no trained network for relu" in missing.err


def test_distribution_tells_figures_beside_the_histograms(actfunc):
    actfunc("train", "relu", *SMALL)
    asked = ("distribution", "relu", *SMALL, "--batch", "200", "--near-zero", "0.1")
    document = actfunc(*asked, "--json").document
    set_ = work()
    params = RunFolder.of(Path("runs"), "silhouettes", "relu", 42).parameters(set_.fresh((24, 16)))
    layers = distribution(params, get("relu").f, normalise(set_.split.train.first(200).images))
    for found, layer in zip(document["activations"]["relu"], layers, strict=True):
        assert found["post"]["zeros"] == summarise(layer.post).zeros.item()
        assert found["near_zero"] == pytest.approx((layer.post.abs() < 0.1).float().mean().item())
        assert 1 < found["rank"]["participation"] < found["rank"]["effective"] <= 24
        assert sum(found["pre"]["histogram"]["counts"]) == layer.pre.numel()
    told = actfunc(*asked).out
    for column in ("mean", "σ", "50 %", "largest", "zeros", "< 0.1", "rank", "ratio"):
        assert column in told


def test_a_network_that_has_diverged_is_an_error_or_a_warning(actfunc):
    actfunc("train", "relu", "--learning-rate", "1e6", *SMALL)
    done = actfunc("distribution", "relu", *SMALL)
    assert done.code == 1
    assert "diverged" in done.err
    assert "diverged" in actfunc("neurons", "relu", *SMALL).out


def test_training_watches_neurons_where_asked(actfunc):
    done = actfunc("train", "relu", *DEEP, "--epochs", "2", "--watch-neurons", "--json")
    assert done.code == 0
    found = done.document["runs"]["relu"]
    assert [epoch["epoch"] for epoch in found["neurons"]] == [1, 2]
    folder = Path(found["folder"])
    lines = (folder / "neurons.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == found["neurons"]
    assert all(layer["neurons"] == 16 for layer in found["neurons"][0]["layers"])
    assert "warning: relu, epoch 1: dead are" in done.err
    more = actfunc("train", "relu", *DEEP, "--epochs", "3", "--watch-neurons", "--json").document
    assert more["runs"]["relu"]["neurons"][:2] == found["neurons"]
    assert len(more["runs"]["relu"]["neurons"]) == 3
    table = actfunc("train", "relu", *DEEP, "--epochs", "3", "--watch-neurons").out
    assert "dead" in table
    anew = actfunc("train", "relu", *DEEP, "--overwrite", "--json").document["runs"]["relu"]
    assert "neurons" not in anew
    assert not (folder / "neurons.jsonl").exists()


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
    assert (again["epochs_now"], again["neurons"]) == (0, [])
    assert "–" in actfunc("train", "relu", *SMALL, "--watch-neurons").out
