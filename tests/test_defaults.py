"""Whatever torch makes a new tensor by default, and where, is nothing to the package."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

import actfunc
from actfunc import analysis, data, get, mlp
from actfunc.analysis.depth import carry, draw
from actfunc.analysis.gaussian import moments
from actfunc.analysis.isometry import jacobian_singular_values
from actfunc.analysis.landscape import landscape
from actfunc.formulas import record
from actfunc.training import Settings, accuracy, fit, start
from tests.entry_points import figures
from tests.reference import assert_same

MADE_BY = {
    f"torch.{name}"
    for name in (
        "tensor", "as_tensor", "zeros", "ones", "empty", "full", "eye", "arange", "linspace",
        "logspace", "rand", "randn", "randint", "randperm",
    )
}  # fmt: skip


def test_every_tensor_of_ours_has_a_place():
    """Those of certificates and of formulas' choices are made within `plain_defaults`, and memory
    is counted on meta."""
    root = Path(actfunc.__file__).parent
    for path in root.rglob("*.py"):
        if {"certify", "formulas"} & {*path.parts} or path.name == "memory.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in MADE_BY:
                where = f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node)}"
                assert "device" in {keyword.arg for keyword in node.keywords}, where


def test_a_formula_is_the_same_whatever_the_defaults_are(tmp_path, monkeypatch):
    text, x = "x*sigmoid(1.25*x)*atan(x)", torch.linspace(-30, 30, 61)
    want = actfunc.get(text)
    found = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    record._made.cache_clear()
    torch.set_default_device("meta")
    try:
        chosen = actfunc.get(text)
        found += [sibling(x) for sibling in chosen.siblings]
    finally:
        torch.set_default_device(None)
        record._made.cache_clear()
    for got, sibling in zip(found, want.siblings, strict=True):
        assert_same(got, sibling(x), x)


@pytest.mark.full
def test_other_defaults_of_torch_change_no_bit(monkeypatch):
    """On `meta`, where every tensor that nobody placed would be one without numbers."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    command = [sys.executable, "-W", "ignore", "-m", "tests.entry_points", "meta"]
    told = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ}
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        before = drawn_from()
        assert json.loads(told.stdout) == figures()
        assert drawn_from() == before
    finally:
        torch.set_num_threads(threads)


def drawn_from():
    """Where the generators stand that are nobody's."""
    return torch.get_rng_state().tolist(), str(np.random.get_state())


@contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextmanager
def warnings_as_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@contextmanager
def another_seed():
    with torch.random.fork_rng():
        torch.manual_seed(99)
        yield


@contextmanager
def numpy_raises():
    with np.errstate(all="raise"):
        yield


IN_FORCE = {
    "gradients off": torch.no_grad,
    "gradients on": torch.enable_grad,
    "inference mode": torch.inference_mode,
    "no device": lambda: torch.device("meta"),
    "float64": default_dtype,
    "deterministic": deterministic,
    "warnings as errors": warnings_as_errors,
    "another seed": another_seed,
    "NumPy raises": numpy_raises,
}


@pytest.mark.parametrize(
    "activation", [get("gelu"), torch.tanh, torch.nn.PReLU()], ids=["record", "function", "module"]
)
@pytest.mark.parametrize("name", IN_FORCE)
def test_whatever_is_in_force_the_numbers_are_the_same(name, activation, one_thread):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (60, 2, 2), dtype=torch.uint8, generator=generator)
    examples = data.Examples(images, torch.arange(60) % 3)
    params, settings = mlp.init((4, 5, 3), seed=0), Settings(batch_size=10, max_epochs=2)

    def found():
        right = accuracy(params, activation, examples)
        yield torch.tensor(right, dtype=torch.float64, device="cpu")
        yield analysis.dead_neurons(params, activation, images)[0]
        yield analysis.distribution(params, activation, images)[0].post
        yield landscape(params, activation, *examples, steps=4, top=1, probes=2).top.values
        yield analysis.backpropagate(params, activation, *examples)[0].weight
        yield jacobian_singular_values(params, activation, images)
        yield carry(activation, draw(4, 3, dtype=torch.float32)).gradient
        yield moments(activation, 1.5).square
        if name != "inference mode":  # in which nothing is trained
            split = data.Split(examples, examples, examples)
            *_, done = fit(start(params, settings), activation, split, settings)
            yield done.best[0].weight

    wanted = list(found())
    with IN_FORCE[name]():
        got = list(found())
    for one, other in zip(got, wanted, strict=True):
        assert_same(one.clone(), other)
