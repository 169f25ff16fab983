"""Each command does what it says, on a little of the drawn data."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

import actfunc as package
from actfunc.analysis.gain import recommend
from actfunc.catalogue import PAIRS, VECTORS
from actfunc.certify import parse
from actfunc.tutorial import SIX
from tests.records import each

FIGURES = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}


def test_list_shows_every_activation_and_its_formula(actfunc):
    done = actfunc("list")
    assert done.code == 0
    for name in package.names():
        assert name in done.out
    document = actfunc("list", "--json").document
    assert [record["name"] for record in document["activations"]] == list(package.names())


def test_list_is_of_what_has_all_the_words(actfunc):
    document = actfunc("list", "gated", "arXiv:1606", "--json").document
    found = [one["name"] for one in document["activations"]]
    assert "gelu" in found
    assert len(found) < len(package.names())
    facts = " ".join(actfunc("list", "gelu", "--facts").out.split())
    for part in ("arXiv:1606.08415", "range [-0.1700, inf)", "ulp"):
        assert part in facts
    refused = actfunc("list", "no such thing")
    assert refused.code == 2
    assert "nothing has no such thing" in refused.err


def test_show_takes_several(actfunc):
    document = actfunc("show", "relu", "swiglu", "--json").document
    assert [one["name"] for one in document["activations"]] == ["relu", "swiglu"]
    out = actfunc("show", "relu", "tanh").out
    assert out.index("relu") < out.index("tanh")


def test_plot_has_a_range_and_derivatives_or_says_what_is_wrong(actfunc):
    own = ("--range=-4,4", "--derivatives", "1,0", "--title", "both", "--slide")
    for more in ((), ("--overlay",)):
        assert actfunc("plot", "relu", "gelu", *own, *more, "-o", "both.svg").code == 0
    for wrong in (("--range", "4,1"), ("--range", "a"), ("--derivatives", "0,3")):
        refused = actfunc("plot", "relu", *wrong)
        assert refused.code == 2
        assert wrong[0] in refused.err


@each(package.CATALOGUE.values())
def test_show_tells_all_about_one(actfunc, record):
    done = actfunc("show", record.name)
    assert done.code == 0
    facts = " ".join(done.out.split())
    for part in (record.name, record.range, record.source, "f′(x)", "━━ f"):
        assert part in facts
    document = actfunc("show", record.name, "--json").document
    assert document["formula"] == record.formula
    assert document["latex"]["df"] == parse(record.formula, record.params).latex(1)


@pytest.mark.parametrize("ending", FIGURES)
def test_plot_writes_the_format_of_the_ending(actfunc, ending):
    assert actfunc("plot", "relu", "gelu", "-o", f"figure{ending}").code == 0
    assert Path(f"figure{ending}").read_bytes().startswith(FIGURES[ending])


def test_plot_takes_ones_own_function(actfunc):
    Path("my.py").write_text("import torch\ndef cube(x):\n    return x ** 3\n")
    assert actfunc("plot", "my.py:cube", "-o", "cube.svg").code == 0
    assert Path("cube.svg").exists()


def test_train_keeps_all_in_a_run_folder_and_skips_what_is_done(actfunc):
    done = actfunc("train", "relu", "elu:alpha=0.5", "--json")
    assert done.code == 0
    runs = done.document["runs"]
    assert list(runs) == ["relu", "elu:alpha=0.5"]
    folder = Path(runs["relu"]["folder"])
    assert {file.name for file in folder.iterdir()} == {
        *("config.json", "curve.svg", "metrics.jsonl"),
        *("parameters.safetensors", "progress.safetensors"),
    }
    config = json.loads((folder / "config.json").read_text())
    assert config["dataset"]["name"] == "silhouettes"
    assert config["made_by"]["torch"]
    [line] = (folder / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["epoch"] == 1
    again = actfunc("train", "relu", "--json").document["runs"]["relu"]
    assert again["epochs_now"] == 0
    assert again["test_accuracy"] == runs["relu"]["test_accuracy"]
    anew = actfunc("train", "relu", "--overwrite", "--json").document["runs"]["relu"]
    assert anew["epochs_now"] == 1
    assert anew["test_accuracy"] == runs["relu"]["test_accuracy"]


def test_a_network_that_diverged_says_so_and_when(actfunc):
    told = "warning: relu diverged in epoch 1: its loss or parameters are no finite numbers"
    quick = ("relu", "--hidden", "16,8")
    done = actfunc("train", *quick, "--learning-rate", "1e9")
    assert done.code == 0
    assert f"{told}; nothing of use is kept\n" in done.out
    [row] = [line for line in done.out.splitlines() if "diverged, epoch 1" in line]
    assert row.split()[:3] == ["relu", "–", "–"]
    # found trained it says so again, and the other commands do
    [again] = actfunc("train", *quick, "--learning-rate", "1e9", "--json").document["runs"].values()
    assert (again["diverged"], again["epochs_now"]) == (1, 0)
    assert again["validation_accuracy"] is again["test_accuracy"] is None
    found = actfunc("evaluate", "relu", "--json")
    assert found.document["test_accuracy"] == {"relu": None}
    assert told in found.err
    assert "–" in actfunc("evaluate", "relu").out
    dead = actfunc("dead", "relu", *quick[1:])
    assert dead.code == 3
    assert "error: the trained network of relu has diverged" in dead.err
    fine = actfunc("train", *quick, "--overwrite", "--json")
    assert fine.document["runs"]["relu"]["diverged"] is None
    assert "warning" not in fine.err + actfunc("evaluate", "relu").out


def test_what_a_network_was_before_it_diverged_is_kept(actfunc):
    """Each step makes the weights half as large again: there are some until they overflow."""
    growing = ("--optimizer", "sgd:momentum=0,weight_decay=25000", "--learning-rate", "1e-4")
    quick = ("--hidden", "16,8", "--epochs", "5", "--batch-size", "64", "--json")
    done = actfunc("train", "relu", *growing, *quick)
    [run] = done.document["runs"].values()
    assert run["best_epoch"] < run["diverged"]
    assert run["test_accuracy"] > 0
    assert f"diverged in epoch {run['diverged']}" in done.err
    assert "kept is its best epoch" in done.err
    found = actfunc("evaluate", "relu", "--json")
    assert found.document["test_accuracy"] == {"relu": run["test_accuracy"]}
    assert f"diverged in epoch {run['diverged']}" in found.err


def test_train_goes_on_with_more_epochs_and_refuses_other_settings(actfunc):
    actfunc("train", "relu")
    more = actfunc("train", "relu", "--epochs", "2", "--json").document["runs"]["relu"]
    assert (more["epochs"], more["epochs_now"]) == (2, 1)
    other = actfunc("train", "relu", "--learning-rate", "0.1")
    assert other.code == 3
    assert "learning_rate 0.01, asked for 0.1" in other.err
    assert "--overwrite" in other.err


def test_train_draws_the_weights_as_asked_and_does_not_mix_the_ways(actfunc):
    runs = actfunc("train", "relu", "tanh", "--init", "recommended", "--json").document["runs"]
    for spec, run in runs.items():
        wanted = recommend(package.get(spec)).spec
        config = json.loads((Path(run["folder"]) / "config.json").read_text())
        assert run["init"] == config["settings"]["init"] == wanted
    assert actfunc("train", "tanh", "--init", "recommended").code == 0
    other = actfunc("train", "tanh")
    assert other.code == 3
    assert "init gaussian:gain=1.467" in " ".join(other.err.split())
    unknown = actfunc("train", "tanh", "--init", "xavier")
    assert unknown.code == 2
    assert "linear, gaussian" in unknown.err


def test_evaluate_gives_what_train_gave(actfunc):
    trained = actfunc("train", "relu", "--json").document["runs"]["relu"]
    found = actfunc("evaluate", "relu", "--json").document
    assert found["test_accuracy"]["relu"] == trained["test_accuracy"]
    assert found["validation_accuracy"]["relu"] == trained["validation_accuracy"]
    assert "relu" in actfunc("evaluate", "relu").out


def test_evaluate_takes_the_split_that_train_took(actfunc):
    """By another, images that were trained on would be among those to validate on."""
    which = ("relu", "--seed", "3", "--split-seed", "42")
    trained = actfunc("train", *which, "--json").document["runs"]["relu"]
    for asked in (which, which[:3]):
        found = actfunc("evaluate", *asked, "--json").document
        assert (found["seed"], found["split_seed"]) == (3, 42)
        assert found["validation_accuracy"]["relu"] == trained["validation_accuracy"]
    other = actfunc("evaluate", *which[:3], "--split-seed", "3")
    assert other.code == 2
    assert "--split-seed 3 is asked for, but relu learnt from 1,536 images" in other.err
    assert "split by seed 42" in other.err
    assert "%" not in other.out


def test_gradients_of_all_six_by_default(actfunc):
    document = actfunc("gradients", "--hidden", "24,16", "-o", "g.png", "--json").document
    assert list(document["activations"]) == [package.get(spec).spec for spec in SIX.values()]
    for layers in document["activations"].values():
        assert [layer["weight"]["shape"] for layer in layers] == [[24, 784], [16, 24], [10, 16]]
        for layer in layers:
            counts = layer["weight"]["histogram"]["counts"]
            assert sum(counts) == layer["weight"]["shape"][0] * layer["weight"]["shape"][1]
    assert Path("g.png").read_bytes().startswith(FIGURES[".png"])
    assert "first : last" in actfunc("gradients", "relu", "--hidden", "24,16").out
    [layers] = actfunc("gradients", "relu", "--json").document["activations"].values()
    sizes = [784, 512, 256, 256, 128, 10]  # the tutorial's
    shapes = [layer["weight"]["shape"] for layer in layers]
    assert shapes == [[n, m] for m, n in pairwise(sizes)]


def test_distribution_and_dead_look_into_a_trained_network(actfunc):
    actfunc("train", "relu")
    layers = actfunc("distribution", "relu", "--json").document["activations"]["relu"]
    assert [layer["post"]["shape"][1] for layer in layers] == [512, 256, 256, 128]
    assert all(layer["post"]["smallest"] == 0.0 for layer in layers)
    dead = actfunc("dead", "--json").document["dead_neurons"]
    assert list(dead) == ["untrained", "trained", "deep"]
    assert [len(counts) for counts in dead.values()] == [4, 4, 10]


def test_dead_says_where_to_look_when_nothing_is_exactly_0(actfunc):
    assert "actfunc neurons gelu" in actfunc("dead", "gelu").out
    deep = actfunc("dead", "relu")
    assert "10" in deep.out
    assert "actfunc neurons" not in deep.out


def test_dead_without_a_trained_network_says_so_and_counts_the_rest(actfunc):
    done = actfunc("dead")
    assert done.code == 0
    assert "no trained network for relu" in done.out
    assert "untrained" in done.out


def test_json_is_alone_on_stdout_and_says_what_made_it(actfunc):
    for command in (["train", "relu"], ["gradients", "relu"], ["dead"], ["evaluate", "relu"]):
        done = actfunc(*command, "--json")
        document = done.document
        assert document["dataset"]["name"] == "silhouettes"
        assert document["seed"] == 42
        assert set(document["made_by"]) >= {"actfunc", "torch", "python", "device", "command"}
        assert "silhouettes" in done.err


def test_certify_ends_with_1_when_a_derivative_does_not_hold(actfunc):
    Path("my.py").write_text(
        "import torch\nfrom actfunc import Activation\n"
        "right = Activation('right', 'x / 2', f=lambda x: x / 2,\n"
        "                   df=lambda x: x.clamp(0.5, 0.5), d2f=lambda x: x.clamp(0, 0))\n"
        "wrong = Activation('wrong', 'x / 2', f=lambda x: x / 2,\n"
        "                   df=lambda x: torch.full_like(x, 0.5001), d2f=torch.zeros_like)\n"
    )
    done = actfunc("certify", "my.py:wrong", "--no-compiled")
    assert done.code == 1
    assert "NOT HELD" in done.out
    assert actfunc("certify", "my.py:right", "--no-compiled", "--dtype", "float32").code == 0


def test_gated_pairs_and_vector_functions_are_shown_and_certified_too(actfunc):
    formulas = {"swiglu": PAIRS["swiglu"].formula, "softmax": VECTORS["softmax"].definition}
    for name, formula in formulas.items():
        assert formula in actfunc("show", name).out
    done = actfunc("certify", *formulas, "--dtype", "float32", "--no-compiled", "--json")
    assert done.code == 0
    held = {one["name"]: one["held"] for one in done.document["certificates"]}
    assert held == {"swiglu": True, "softmax": True}


def test_nothing_is_invented_of_a_plain_function(actfunc):
    """Of a formula one can be told that it has no joints; of a function it is not known."""
    Path("own.py").write_text("def bent(x):\n    return x.abs().sigmoid()\n")
    told = actfunc("show", "own.py:bent").out
    facts = {line.split()[0]: line.split()[1] for line in told.splitlines()[2:6]}
    unknown = {"range": "unknown", "joints": "unknown"}
    assert facts == unknown | {"parameters": "none", "source": "own.py:bent"}
    document = actfunc("show", "own.py:bent", "--json").document
    assert (document["range"], document["joints"]) == (None, None)
    assert actfunc("show", "gelu", "--json").document["joints"] == []


def test_pairs_have_no_16_bit_part_which_is_said_before_the_work(actfunc, monkeypatch):
    begun = []
    monkeypatch.setattr(
        "actfunc.cli.certify.certificates_of", lambda records, *_: begun.append([*records]) or []
    )
    refused = actfunc("certify", "gelu", "swiglu", "--dtype", "float16")
    assert refused.code == 2
    assert "swiglu is certified in float64 and float32" in refused.err
    assert begun == []
    done = actfunc("certify", "--all", "--dtype", "float16")
    assert done.code == 0
    assert "note: pairs and vector functions have no 16-bit part, and are left out" in done.out
    [names] = begun
    assert "gelu" in names
    assert "swiglu" not in names


def test_explore_writes_a_page_and_says_where(actfunc):
    done = actfunc("explore")
    assert done.code == 0
    assert done.out == "page: explorer.html\n"
    assert actfunc("explore", "-o", "in a folder/of mine.htm").code == 0
    written = Path("in a folder/of mine.htm").read_bytes()
    assert written == Path("explorer.html").read_bytes()
    assert written.startswith(b"<!doctype html>")
    for name in package.names():
        assert f'"name":"{name}"'.encode() in written
    assert actfunc("explore", "-o", "in a folder").code == 2
