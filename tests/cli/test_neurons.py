"""`neurons` on a little drawn data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from actfunc import CATALOGUE, get, mlp
from actfunc.analysis.neurons import LayerTally, count_neurons, tally
from actfunc.storage import prepare

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
    assert "always on one line" in done.out
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


def test_a_network_that_has_diverged_is_an_error_or_a_warning(actfunc):
    actfunc("train", "relu", "--learning-rate", "1e6", *SMALL)
    done = actfunc("distribution", "relu", *SMALL)
    assert done.code == 4
    assert "diverged" in done.err
    assert "diverged" in actfunc("neurons", "relu", *SMALL).out


def test_an_unknown_activation_is_told_before_any_data_is_read(actfunc):
    done = actfunc("neurons", "rellu", "--fresh", *SMALL)
    assert done.code == 2
    assert "Did you mean relu" in done.err
    assert "silhouettes" not in done.out


def test_a_network_of_other_sizes_is_told_what_to_do(actfunc):
    actfunc("train", "relu", *SMALL)
    for hidden in ("24", "24,16,16", "20,16"):
        done = actfunc("neurons", "relu", "--hidden", hidden)
        assert done.code == 2
        assert (
            f"--hidden {hidden} is asked for, but the hidden layers of relu are 24,16" in done.err
        )
        assert "leave --hidden out" in done.err
    found = actfunc("neurons", "relu", "--json").document["activations"]["relu"]
    assert [layer["neurons"] for layer in found] == [24, 16]


def test_a_wrong_slope_in_a_record_changes_the_counts(actfunc, monkeypatch):
    asked = ("neurons", "relu", "--fresh", *DEEP, "--json")
    right = actfunc(*asked).document["activations"]["relu"]
    relu = CATALOGUE["relu"]
    wrong = replace(relu, df=lambda x: relu.df(x) + 0.5)
    monkeypatch.setattr("actfunc.catalogue.get", lambda text: wrong)
    found = actfunc(*asked).document["activations"]["relu"]
    assert sum(layer["dead"] for layer in right) > 0
    assert sum(layer["dead"] for layer in found) == 0


def test_a_name_is_printed_as_it_is(actfunc):
    """`own.py:zero:` is no emoji."""
    Path("own.py").write_text("def zero(x):\n    return x * 0\n")
    assert "own.py:zero: dead are" in actfunc("neurons", "own.py:zero", "--fresh", *SMALL).out
