"""`actfunc compare`: what it is asked for, what it says, what it leaves."""

from __future__ import annotations

import csv
import json
import pickle
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch

from actfunc import get, tree
from actfunc.storage import HIDDEN, prepare
from actfunc.training import optimizer

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = ("--hidden", "16,8", "--batch-size", "64", "--processes", "1")


@pytest.fixture
def planned(actfunc, monkeypatch):
    """`planned("relu", "--seeds", "3")` gives what would be trained."""
    plans = []

    def keep(plan, *_, **__):
        plans.append(plan)
        raise KeyboardInterrupt

    monkeypatch.setattr("actfunc.compare.run.compare", keep)

    def call(*arguments: str):
        done = actfunc("compare", *arguments, "--overwrite")
        assert done.code == 130, done.err
        return plans.pop()

    return call


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["relu", "tanh"], ["relu", "tanh"]),
        (["--activations", "relu, elu:alpha=1.0,swish"], ["relu", "elu:alpha=1.0", "swish"]),
        (["--activations", "relu tanh"], ["relu", "tanh"]),
        (["gelu", "--activations", "tanh,relu"], ["gelu", "tanh", "relu"]),
        (["--activations", "softplus:beta=2,threshold=3,relu"], None),
        (["silu", "swish", "relu"], ["silu", "relu"]),
        (["--activations", "relu,my.py:cube,tanh"], ["relu", "my.py:cube", "tanh"]),
    ],
)
def test_activations_are_words_or_one_text(planned, arguments, wanted):
    Path("my.py").write_text("def cube(x):\n    return x ** 3\n")
    if wanted is None:  # two parameters of one activation
        two = next(n for n in get.__self__ if len(get(n).params) > 1)
        spec = f"{two}:" + ",".join(f"{k}={v}" for k, v in get(two).params.items())
        arguments, wanted = ["--activations", f"relu,{spec},tanh"], ["relu", spec, "tanh"]
    assert planned(*arguments).activations == tuple(get(text).spec for text in wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("3", (0, 1, 2)), ("1", (0,)), ("3,5,8", (3, 5, 8)), ("8, 5,8", (8, 5)), ("0,1", (0, 1))],
)
def test_seeds_are_how_many_or_which(planned, text, wanted):
    assert planned("relu", "--seeds", text).seeds == wanted


def test_rates_networks_and_optimisers_may_be_several(planned):
    plan = planned("relu")
    assert (plan.learning_rates, plan.hidden) == ((0.01,), (HIDDEN,))
    assert plan.seeds == tuple(range(10))
    assert plan.optimizers == (optimizer.canonical("sgd"),)
    assert plan.inits == ("linear",)
    plan = planned(
        *("relu", "--init", "recommended", "--init", "gaussian:gain=1", "--init", "recommended"),
        *("--learning-rates", "0.1, 0.01,0.1", "--hidden", "16,8", "--hidden", "8"),
        *("--optimizer", "adam", "--optimizer", "sgd:momentum=0.9"),
    )
    assert plan.inits == ("recommended", "gaussian:gain=1.0,bias=0.0")
    assert plan.learning_rates == (0.01, 0.1)
    assert plan.hidden == ((16, 8), (8,))
    assert plan.optimizers == (optimizer.canonical("adam"), optimizer.canonical("sgd"))


def test_every_process_loads_what_the_command_was_told_to(actfunc, monkeypatch):
    loads = []

    def keep(plan, load, *_, **__):
        loads.append(pickle.loads(pickle.dumps(load)))
        raise KeyboardInterrupt

    monkeypatch.setattr("actfunc.compare.run.compare", keep)
    asked = ("--processes", "2", "--examples", "600", "--split-seed", "7")
    assert actfunc("compare", "relu", *asked).code == 130
    [load] = loads
    found, own = load(), prepare("silhouettes", seed=7, device=torch.device("cpu"), examples=600)
    assert found.dataset.name == "silhouettes"
    assert len(found.split.train.labels) == 500
    for got, wanted in zip(tree.leaves(found.split), tree.leaves(own.split), strict=True):
        assert torch.equal(got, wanted)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "compare needs activations"),
        (["geluu"], "Did you mean gelu"),
        *(
            (["relu", "--seeds", text], "seeds must be")
            for text in ("0", "-1", "two", "3,", "1,-2")
        ),
        *(
            (["relu", "--learning-rates", text], "learning_rates must be")
            for text in ("0", "-1", "fast", "0.1,", "nan", "inf")
        ),
        (["relu", "tanh", "--baseline", "gelu"], "must be one of what is compared, got 'gelu'"),
        (["relu", "--learning-rates", "adam=0.1"], "of an optimiser that is compared, got 'adam'"),
        (["relu", "--learning-rates", "sgd=fast"], "learning_rates must be numbers above 0"),
        (["relu", "tanh", "--baseline", ""], "must be one of what is compared, got ''"),
        (["relu", "tanh", "--baseline", "relu adam"], "no activation named 'adam'"),
        (["relu", "tanh", "--baseline", "relu tanh"], "one of what is compared, got 'relu tanh'"),
        (["relu", "--baseline", "nosuch"], "no activation named 'nosuch'"),
        (["relu", "--hidden", "16,x"], "hidden must be positive whole numbers"),
        (["relu", "--optimizer", "adamm"], "adamm"),
        (["relu", "--schedule", "cosin"], "cosin"),
        (["relu", "--init", "xavier"], "no initialisation named 'xavier'"),
        (["relu", "--precision", "float8"], "precision must be float32, tf32, bfloat16"),
        (["relu", "--device", "tpu"], "device"),
        (["relu", "--epochs", "0"], "--epochs"),
        (["relu", "--patience", "0"], "--patience"),
        (["relu", "--processes", "0"], "--processes"),
        (["relu", "--batch-size", "5000", "--processes", "1"], "batch_size 5000 is more than"),
    ],
)
def test_wrong_usage_is_one_line_what_and_one_line_what_to_do(actfunc, arguments, said):
    done = actfunc("compare", *arguments)
    assert done.code == 2
    [first, *rest] = [line for line in done.err.splitlines() if not line.startswith("note:")]
    assert first.startswith("error: ")
    assert said in first
    assert len(rest) <= 1


def test_optimisers_have_learning_rates_of_their_own(planned):
    both = ("--optimizer", "sgd", "--optimizer", "adamw")
    rates = ("--learning-rates", "0.1,0.01", "--learning-rates", "adamw=0.003,0.001,0.01")
    plan = planned("relu", "--seeds", "2", *both, *rates)
    tried = {
        (one.arm.optimizer.partition(":")[0], one.learning_rate, one.seed) for one in plan.members
    }
    wanted = [("sgd", 0.01), ("sgd", 0.1), *(("adamw", rate) for rate in (0.001, 0.003, 0.01))]
    assert tried == {(*each, seed) for each in wanted for seed in (0, 1)}
    assert (len(plan.members), plan.alike) == (10, 6)
    # without one for all it is the default
    plan = planned("relu", "--seeds", "1", *both, "--learning-rates", "adamw=0.003")
    assert [one.learning_rate for one in plan.members] == [0.01, 0.003]
    # by the whole spec where the name alone is shared
    plan = planned(
        *("relu", "--seeds", "1", "--optimizer", "sgd:momentum=0.5", "--optimizer", "sgd"),
        *("--learning-rates", f"{optimizer.canonical('sgd:momentum=0.5')}=0.3"),
    )
    assert [one.learning_rate for one in plan.members] == [0.3, 0.01]


@pytest.mark.parametrize(
    ("baseline", "wanted"),
    [
        (None, ("relu", (16, 8), "sgd", "linear")),
        ("gelu", ("gelu", (16, 8), "sgd", "linear")),
        ("gelu adamw", ("gelu", (16, 8), "adamw", "linear")),
        ("adamw", ("relu", (16, 8), "adamw", "linear")),
        ("8 gelu recommended adamw", ("gelu", (8,), "adamw", "recommended")),
        ("swish gaussian", ("silu", (16, 8), "sgd", "gaussian")),
    ],
)
def test_the_baseline_is_an_arm(actfunc, monkeypatch, baseline, wanted):
    given = []
    monkeypatch.setattr("actfunc.compare.run.compare", lambda *_, **__: [])
    monkeypatch.setattr(
        "actfunc.cli.comparison.conclude", lambda output, results, arm, *_, **__: given.append(arm)
    )
    arms = ("--hidden", "16,8", "--hidden", "8", "--optimizer", "sgd", "--optimizer", "adamw")
    inits = ("--init", "linear", "--init", "recommended", "--init", "gaussian:gain=1")
    asked = () if baseline is None else ("--baseline", baseline)
    done = actfunc("compare", "relu", "gelu", "silu", *arms, *inits, *asked, "--seeds", "1")
    assert done.code == 0, done.err
    [arm] = given
    activation, rule, init = (
        spec.partition(":")[0] for spec in (arm.activation, arm.optimizer, arm.init)
    )
    assert (activation, arm.hidden, rule, init) == wanted


@pytest.mark.usefixtures("drawn")
def test_a_comparison_from_its_first_line_to_its_files(actfunc):
    asked = ("compare", "relu", "tanh", "sigmoid", "--seeds", "3", "--baseline", "tanh", *SMALL)
    done = actfunc(*asked)
    assert done.code == 0, done.err
    assert "3 networks × 3 seeds: 9 to train · 1 process\n" in done.out
    assert "accuracy with early stopping, over 3 seeds, best first" in done.out
    assert "test accuracy with early stopping less that of tanh" in done.out
    assert "3 seeds can never show a difference" in " ".join(done.out.split())
    assert "sigmoid" in done.out.partition("seeds that leave chance")[2]
    assert done.err.count("1 epochs, val ") == 9
    [folder] = Path("runs").iterdir()
    assert folder.name == "compare-silhouettes-1536examples-1epochs"
    assert {file.name for file in folder.iterdir()} == {
        *("config.json", "members", "results.jsonl", "results.csv", "epochs.csv", "summary.json"),
        *("intervals.svg", "bands.svg", "escape.svg", "index.html", "summary.md"),
    }
    with open(folder / "results.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row["activation"] for row in rows] == ["relu"] * 3 + ["tanh"] * 3 + ["sigmoid"] * 3
    for figure in folder.glob("*.svg"):
        ET.parse(figure)
    page = (folder / "index.html").read_text("utf-8")
    assert "Which activation trains best?" in page
    assert page.count('src="data:image/svg') == 3
    again = actfunc(*asked, "--json")
    assert again.code == 0
    assert "9 trained before" in again.err
    assert "epochs, val" not in again.err
    document = again.document
    assert document["dataset"]["name"] == "silhouettes"
    tests = [float(row["stopped_test"]) for row in rows if row["activation"] == "relu"]
    [relu] = [s for s in document["stopped"]["standings"] if s["arm"]["activation"] == "relu"]
    assert relu["test"]["mean"] == pytest.approx(sum(tests) / 3)
    assert relu["test"]["seeds"] == 3
    assert {d["arm"]["activation"] for d in document["stopped"]["differences"]} == {
        *("relu", "sigmoid"),
    }
    kept = json.loads((folder / "summary.json").read_text())
    assert {k: kept[k] for k in ("stopped", "last", "escapes")} == {
        k: document[k] for k in ("stopped", "last", "escapes")
    }


def test_a_comparison_in_which_networks_diverge(actfunc):
    rates = ("--learning-rates", "0.01,1e9", "--baseline", "tanh")
    done = actfunc("compare", "relu", "tanh", "--seeds", "2", *rates, *SMALL)
    assert done.code == 0, done.err
    assert done.err.count("lr 1e+09: 1 epochs, diverged in epoch 1") == 2
    document = json.loads(
        Path("runs/compare-silhouettes-1536examples-1epochs/summary.json").read_text()
    )
    [relu] = [s for s in document["stopped"]["standings"] if s["arm"]["activation"] == "relu"]
    # no rate is chosen at which they do
    assert [one["diverged"] for one in relu["rates"]] == [0, 2]
    assert [(one["learning_rate"], one["diverged"]) for one in relu["reported"]] == [
        (0.01, None)
    ] * 2
    [row] = [
        line for line in done.out.splitlines() if "2/2" in line and "1e+09" in line and "–" in line
    ][:1]
    assert row.split()[:4] == ["relu", "1e+09", "–", "–"]


def test_members_of_other_settings_end_with_3_and_another_name_is_another_folder(actfunc):
    asked = ("compare", "relu", "--seeds", "1", *SMALL)
    assert actfunc(*asked).code == 0
    other = actfunc(*asked, "--patience", "3")
    assert other.code == 3
    assert "patience 7, asked for 3" in other.err
    assert "--name" in other.err
    assert actfunc(*asked, "--patience", "3", "--name", "hasty").code == 0
    assert Path("runs/hasty/results.csv").exists()


def test_fewer_at_a_time_than_wanted_is_said(actfunc, monkeypatch):
    monkeypatch.setattr("actfunc.training.memory.free_bytes", lambda device: 2**20)
    done = actfunc("compare", "relu", "--seeds", "4", "--json", *SMALL)
    assert done.code == 0
    said = " ".join(done.err.split())
    assert "note: 4 of each activation at a time do not fit in memory; 1 do" in said
    assert done.document["stopped"]["baseline"] is None


def test_members_of_another_precision_are_kept_apart(actfunc):
    quick = ("compare", "tanh", "--seeds", "1", "--epochs", "1", *SMALL)
    assert actfunc(*quick).code == 0
    for other in ("tf32", "bfloat16"):
        refused = actfunc(*quick, "--precision", other)
        assert refused.code == 3
        assert f"precision float32, asked for {other}" in refused.err
