"""The compiled step of every activation and optimiser lowers for a GPU, without one."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import Any

import pytest

from actfunc import CATALOGUE
from actfunc.training import optimizer
from tests.docs.pages import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="torch's compiler has no Triton here"
)

AT_ONCE = 24
"""Activations in a process, side by side in one step: it takes ten seconds to start."""

EVERY = [record.spec for record in CATALOGUE.values()]
GROUPS = [EVERY[at : at + AT_ONCE] for at in range(0, len(EVERY), AT_ONCE)]

FALLING_BACK = """
import torch


def act(x):
    return torch.digamma(1 + x * x)
"""
"""The compiler has it for CPUs alone."""


def made(*arguments: str) -> dict[str, Any]:
    """What `python -m tests.lowering` tells."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.lowering", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def check(found: dict[str, Any], architectures: tuple[int, ...]) -> None:
    """Nothing but kernels and products, and each kernel compiles."""
    assert found["fallbacks"] == []
    assert found["on_host"] == 0
    assert {*found["library"]} <= {"bmm", "baddbmm", "mm", "addmm"}
    assert found["assembled"] == {str(each): [] for each in architectures}
    assert found["launches"] >= found["kernels"] > 0


def test_a_step_lowers_for_a_gpu():
    check(made("gelu", "--for", "90"), (90,))


@pytest.mark.full
def test_what_falls_back_is_seen(tmp_path):
    file = tmp_path / "falling.py"
    file.write_text(FALLING_BACK)
    found = made(f"{file}:act", "--for")
    assert any("digamma" in each for each in found["fallbacks"])


@pytest.mark.full
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group[0]}…")
def test_every_activation_lowers_for_a_gpu(group, precision):
    architectures = (80, 90) if precision == "float32" else (90,)
    chosen = ["--precision", precision, "--for", *map(str, architectures)]
    check(made(*group, *chosen), architectures)


@pytest.mark.full
@pytest.mark.parametrize("rule", optimizer.OPTIMIZERS.names())
def test_every_optimiser_lowers_for_a_gpu(rule):
    check(made("gelu", "--optimizer", rule, "--for", "90"), (90,))
