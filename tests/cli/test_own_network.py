"""A network, a loss and data of one's own on the command line: trained, gone on with, compared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")

PURE = """import torch

def init(seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        "into": torch.randn(16, 784, generator=generator) / 28,
        "shift": torch.zeros(16),
        "out": torch.randn(10, 16, generator=generator) / 4,
    }

def net(params, x, activation):
    x = x.flatten(1)
    hidden = activation(x @ params["into"].T + params["shift"])
    return hidden @ params["out"].T
"""

MODULE = """from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, stride=2)
        self.norm = nn.GroupNorm(2, width)
        self.body = nn.Conv2d(width, width, 3, stride=2)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        x = F.relu(self.body(x), inplace=True)
        return self.head(x.mean((-2, -1)))
"""

SMALL = ("--batch-size", "64", "--eager")
COMPARED = ("--seeds", "2", "--processes", "1", *SMALL)


@pytest.fixture
def own(actfunc):
    """The two files, and the command line."""
    Path("pure.py").write_text(PURE)
    Path("module.py").write_text(MODULE)
    return actfunc


def parameters(folder: str) -> dict[str, torch.Tensor]:
    return load_file(Path("runs/silhouettes") / folder / "parameters.safetensors")


@pytest.mark.parametrize(
    ("network", "folder"),
    [("pure.py:net", "relu-pure.py-net"), ("module.py:Net:width=6", "relu-module.py-Net-width=6")],
)
def test_ones_own_network_is_trained_gone_on_with_and_evaluated(own, network, folder):
    asked = ("--network", network, *SMALL)
    assert own("train", "relu", *asked, "--epochs", "1").code == 0
    on = own("train", "relu", *asked, "--epochs", "2", "--json")
    assert on.document["network"] == network
    run = on.document["runs"]["relu"]
    assert (run["epochs"], run["epochs_now"]) == (2, 1)
    assert Path(run["folder"]).name == f"{folder}-seed42"
    cut_off = parameters(f"{folder}-seed42")
    found = own("evaluate", "relu", "--network", network, "--json").document
    assert found["test_accuracy"]["relu"] == run["test_accuracy"]
    # undisturbed it comes to the same
    assert own("train", "relu", *asked, "--epochs", "2", "--overwrite").code == 0
    whole = parameters(f"{folder}-seed42")
    assert whole.keys() == cut_off.keys()
    for name, leaf in whole.items():
        assert_same(cut_off[name], leaf)


def test_a_run_is_not_taken_for_that_of_an_edited_network(own):
    asked = ("--network", "pure.py:net", *SMALL)
    assert own("train", "tanh", *asked).code == 0
    assert own("compare", "tanh", "--network", "pure.py:net", *COMPARED).code == 0
    Path("pure.py").write_text(PURE.replace("/ 28", "/ 20"))
    for command in (
        ("train", "tanh", *asked),
        ("evaluate", "tanh", "--network", "pure.py:net"),
        ("compare", "tanh", "--network", "pure.py:net", *COMPARED),
    ):
        done = own(*command)
        assert done.code == 3, command
        assert "the source of its own network has changed" in done.err
    assert own("train", "tanh", *asked, "--overwrite").code == 0


def test_networks_are_compared_and_members_are_their_single_runs(own):
    done = own(
        "compare", "relu", "--network", "pure.py:net", "--network", "convolutional:channels=4",
        "--hidden", "8", *COMPARED, "--json",
    )  # fmt: skip
    arms = [row["arm"] for row in done.document["stopped"]["standings"]]
    assert {(arm["network"].partition(",")[0], tuple(arm["hidden"])) for arm in arms} == {
        ("pure.py:net", ()),
        ("convolutional:channels=4", ()),
        ("", (8,)),
    }
    lines = next(Path("runs").glob("compare-*")).joinpath("results.jsonl").read_text().splitlines()
    member = next(
        one for one in map(json.loads, lines) if one.get("network") == "pure.py:net" and one["seed"]
    )
    alone = own(
        "train", "relu", "--network", "pure.py:net", "--seed", "1", "--split-seed", "42", *SMALL,
        "--json",
    )  # fmt: skip
    got = alone.document["runs"]["relu"]
    assert got["test_accuracy"] == pytest.approx(member["last"]["test"])
    assert got["validation_accuracy"] == pytest.approx(member["last"]["validation"])


def test_a_perceptron_by_its_spec_is_the_one_by_its_layers(own):
    assert own("train", "relu", "--hidden", "16,8", *SMALL).code == 0
    again = own("train", "relu", "--network", "mlp:hidden=16-8", *SMALL, "--json")
    assert again.document["runs"]["relu"]["epochs_now"] == 0


def test_a_regression_of_ones_own_by_a_loss_of_ones_own(actfunc, monkeypatch):
    monkeypatch.delenv("ACTFUNC_EXAMPLES")
    Path("mine.py").write_text(
        "import torch\n\n\ndef data():\n    x = torch.linspace(-1, 1, 600)\n"
        "    return (x, x.abs()), (x[::7], x[::7].abs())\n\n\n"
        "def loss(outputs, y):\n    return (outputs.squeeze(-1) - y).abs().mean()\n"
    )
    asked = ("--hidden", "16", "--dataset", "mine.py:data", "--batch-size", "20", "--eager")
    default = actfunc("train", "relu", *asked, "--epochs", "8", "--learning-rate", "0.05", "--json")
    assert default.document["loss"] == "squared_error"
    assert default.document["runs"]["relu"]["test_accuracy"] > 95
    assert default.document["dataset"]["test"] == 86
    found = actfunc("evaluate", "relu", "--dataset", "mine.py:data", "--json").document
    assert found["dataset"]["test"] == 86
    refused = actfunc("train", "relu", *asked, "--loss", "mine.py:loss")
    assert refused.code == 3
    assert "loss squared_error, asked for mine.py:loss" in refused.err
    other = actfunc("train", "tanh", *asked, "--epochs", "8", "--loss", "mine.py:loss")
    assert other.code == 0
    assert "targets' variance" in other.err + other.out


def test_spirals_are_learnt_by_a_perceptron(actfunc, monkeypatch):
    monkeypatch.delenv("ACTFUNC_EXAMPLES")
    done = actfunc(
        "train", "tanh", "--dataset", "spirals", "--network", "mlp:hidden=64-64", "--epochs", "60",
        "--learning-rate", "0.1", "--batch-size", "32", "--patience", "20", "--eager", "--json",
    )  # fmt: skip
    assert done.document["runs"]["tanh"]["test_accuracy"] > 95


def test_an_npz_file_is_data(actfunc, monkeypatch):
    monkeypatch.delenv("ACTFUNC_EXAMPLES")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (300, 3, 9, 7), dtype=np.uint8), rng.integers(0, 4, 300)
    np.savez("some.npz", x_train=x[:240], y_train=y[:240], x_test=x[240:], y_test=y[240:])
    for network in ("mlp:hidden=8", "convolutional:channels=4"):
        done = actfunc(
            "train", "relu", "--dataset", "some.npz", "--network", network, "--batch-size", "20",
            "--eager", "--json",
        )  # fmt: skip
        assert done.code == 0, done.err
    assert "channels_in=3" in done.document["network"]
    assert "classes=4" in done.document["network"]
    Path("bad.npz").write_bytes(b"no archive")
    assert "bad.npz" in actfunc("train", "relu", "--dataset", "bad.npz").err
    np.savez("lacks.npz", x_train=x)
    lacking = actfunc("train", "relu", "--dataset", "lacks.npz")
    assert lacking.code == 3
    assert "y_train" in lacking.err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--init", "gaussian:gain=1"), "--init gaussian:gain=1 is of multilayer perceptrons"),
        (("--watch-neurons",), "--watch-neurons is of multilayer perceptrons"),
        (("--loss", "squared_error"), "floating-point numbers"),
        (("--loss", "crossentropi"), "no loss named"),
    ],
)
def test_what_means_nothing_for_a_network_is_said(own, more, told):
    done = own("train", "relu", "--network", "pure.py:net", *more, *SMALL)
    assert done.code == 2
    assert told in done.err
