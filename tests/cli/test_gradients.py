"""`actfunc gradients`: its options, its numbers, and the tutorial's own on the real data."""

from __future__ import annotations

import pytest

from actfunc import get, mlp
from actfunc.analysis import backpropagate
from actfunc.data import normalise


def test_per_example_adds_a_table_and_a_part_of_the_document(actfunc):
    done = actfunc("gradients", "relu", "--batch", "64", "--hidden", "32,16", "--per-example")
    assert done.code == 0
    assert "first : last" in done.out
    assert "noise scale" in done.out
    which = ("gradients", "relu", "--batch", "64", "--hidden", "32,16", "--per-example", "--json")
    document = actfunc(*which).document
    assert document["batch"] == 64
    found = document["per_example"]["relu"]
    assert len(found["layers"]) == len(document["activations"]["relu"]) == 3
    assert found["network"]["norm"]["shape"] == [64]
    assert sum(found["network"]["norm"]["histogram"]["counts"]) == 64


def test_without_per_example_the_document_is_as_before(actfunc):
    document = actfunc("gradients", "relu", "--hidden", "16", "--json").document
    assert "per_example" not in document
    assert list(document["activations"]["relu"][0]) == ["signal", "weight", "bias"]


def test_whole_is_one_big_batch(actfunc):
    which = ("gradients", "relu", "--hidden", "32,16", "--json")
    whole = actfunc(*which, "--whole").document
    assert whole["batch"] > 256
    batch = actfunc(*which, "--batch", str(whole["batch"])).document
    for layer, other in zip(
        whole["activations"]["relu"], batch["activations"]["relu"], strict=True
    ):
        for part in ("weight", "bias"):
            for figure in ("norm", "std", "largest"):
                assert layer[part][figure] == pytest.approx(other[part][figure], rel=1e-4)


def test_layers_gives_a_table_each(actfunc):
    out = actfunc("gradients", "relu", "tanh", "--hidden", "16", "--layers").out
    assert out.count("what each layer receives") == 2
    assert out.count("signal") == 4


def test_one_image_has_no_spread(actfunc):
    done = actfunc("gradients", "relu", "--batch", "1", "--per-example")
    assert done.code == 2
    assert "two or more images, got 1" in done.err


def test_the_tutorials_statements_about_sigmoid(real_split):
    """Input-layer gradients around 1e-5, output-layer ones up to 0.1."""
    params = mlp.init((784, 512, 256, 256, 128, 10), seed=42)
    images, labels = real_split.train.first(256)
    found = backpropagate(params, get("sigmoid"), normalise(images), labels)
    first, last = (float(layer.weight.abs().max()) for layer in (found[0], found[-1]))
    assert 0.5e-5 < first < 2e-5
    assert 0.05 < last < 0.15


def test_two_settings_of_one_function_are_told_apart(actfunc):
    done = actfunc("gradients", "elu:alpha=0.5", "elu:alpha=2", "--hidden", "8,6")
    assert "elu alpha=0.5" in done.out
    assert "elu alpha=2.0" in done.out


def test_a_seed_beyond_torchs_is_refused(actfunc):
    done = actfunc("gradients", "relu", "--seed", str(2**63))
    assert done.code == 2
    assert "a seed is under 2**63" in done.err
