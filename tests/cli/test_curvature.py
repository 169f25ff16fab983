"""`actfunc curvature` of a network just trained: table, figure, JSON, and what is refused."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch

from actfunc.analysis.landscape import landscape
from actfunc.cli.curvature import curvature
from actfunc.storage import tensors

FEW = ("--batch", "32", "--steps", "8", "--probes", "2", "--top", "2")


@pytest.mark.usefixtures("drawn")
def test_a_trained_networks_curvature(actfunc):
    actfunc("train", "silu", "--hidden", "8")
    done = actfunc("curvature", "silu", "--hidden", "8", *FEW, "-o", "c.png")
    assert done.code == 0
    assert "silu" in done.out
    assert Path("c.png").read_bytes().startswith(b"\x89PNG")
    document = actfunc("curvature", "silu", "--hidden", "8", *FEW, "--json").document
    assert document["batch"] == 32
    [found] = document["activations"].values()
    first, second = found["hessian"]["eigenvalues"]
    assert first >= second
    assert found["gauss_newton_trace"] > 0
    assert len(found["singular_values"]) == 10


@pytest.mark.parametrize("name", ["top", "steps", "probes"])
def test_the_command_and_python_take_the_same_where_nobody_says(name):
    asked, taken = (inspect.signature(f).parameters[name].default for f in (curvature, landscape))
    assert asked == taken


def test_more_eigenvalues_than_steps_and_missing_networks_are_refused(actfunc):
    done = actfunc("curvature", "silu", "--top", "9", "--steps", "8")
    assert done.code == 2
    assert "--top 9 asks for more eigenvalues than --steps 8 finds" in done.err
    assert actfunc("curvature", "silu").code == 3


def test_a_network_that_has_diverged_is_named_and_nothing_is_written(actfunc):
    actfunc("train", "silu", "--hidden", "8")
    [file] = Path("runs").rglob("parameters.safetensors")
    weights, text = tensors.read_tensors(file, "")
    lost = {name: torch.full_like(weight, torch.nan) for name, weight in weights.items()}
    tensors.write_tensors(file, lost, text)
    done = actfunc("curvature", "silu", "--hidden", "8", *FEW, "-o", "c.png")
    assert done.code == 4
    assert "the network of silu has diverged" in done.err
    assert "smaller learning rate" in done.err
    assert not Path("c.png").exists()
