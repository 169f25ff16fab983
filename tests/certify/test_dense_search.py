"""benchmarks/search.py: what is planted is found, parameters are drawn from the whole domain."""

from __future__ import annotations

import importlib
import json
import random
import sys
from dataclasses import replace

import pytest
import torch

import actfunc
from tests.certify.planted import stretch
from tests.docs.pages import ROOT

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def dense():
    """The module of the command."""
    pytest.importorskip("cpuinfo", reason="py-cpuinfo is not installed: -e '.[benchmarks]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
        yield importlib.import_module("search")


def test_what_is_right_is_told_and_ends_with_0(dense, tmp_path, capsys):
    out = tmp_path / "found.json"
    words = ["softsign", "elu", "--evaluations", "2e5", "--proven", "3e3", "--processes", "1"]
    with pytest.raises(SystemExit) as ended:
        dense.main([*words, "--out", str(out)])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "none beyond" in shown
    found = json.loads(out.read_text())
    assert found["beyond"] == []
    assert found["evaluated"] >= 2e5
    assert found["proven"] >= 3e3
    assert f"seed {found['seed']}" in shown
    assert len(found["worst"]) == 2 * 2 * 3
    assert {one["name"] for one in found["worst"]} == {"softsign", "elu:alpha=1.0"}


@pytest.mark.parametrize(
    "dtype", [torch.float32, pytest.param(torch.float64, marks=pytest.mark.full)]
)
def test_what_is_wrong_is_told_and_ends_with_1(dense, tmp_path, capsys, monkeypatch, dtype):
    right = actfunc.get("tanh")
    wrong = stretch(
        right, 1, -1.43, 0.02, dtype=dtype, relative=3e-14 if dtype.itemsize == 8 else 1e-5
    )
    monkeypatch.setattr(type(actfunc.CATALOGUE), "named", lambda *_: wrong)
    out = tmp_path / "found.json"
    with pytest.raises(SystemExit) as ended:
        dense.main(["tanh", "--evaluations", "7e5", "--proven", "24000", "--processes", "1",
                    "--seed", "5", "--out", str(out)])  # fmt: skip
    assert ended.value.code == 1
    beyond = json.loads(out.read_text())["beyond"]
    assert {(one["dtype"], one["order"]) for one in beyond} == {
        (str(dtype).removeprefix("torch."), "first")
    }
    assert all(-1.43 < one["x"] < -1.41 and one["ulp"] > one["bound"] == 4 for one in beyond)
    assert "beyond their bounds" in capsys.readouterr().out


def test_a_fault_at_other_parameters_is_found_over_the_domain(dense, tmp_path, monkeypatch):
    right = actfunc.get("elu")
    slope = right.df.function

    def wrong(x, alpha):
        return torch.where(x > 0, 1.0, alpha * torch.exp(x.clamp(max=0)) if alpha < 30 else 1.0)

    planted = replace(right, df=wrong, domain={"alpha": "(0, inf)"})
    assert slope is not wrong
    named = type(actfunc.CATALOGUE).named

    def found(catalogue, text):
        params = named(catalogue, text).params
        return planted.bind(**params)

    monkeypatch.setattr(type(actfunc.CATALOGUE), "named", found)
    out = tmp_path / "found.json"
    words = ["elu", "--over-parameters", "--evaluations", "4e5", "--proven", "8e3"]
    with pytest.raises(SystemExit) as ended:
        dense.main(
            [*words, "--settings", "24", "--processes", "1", "--seed", "1", "--out", str(out)]
        )
    assert ended.value.code == 1
    beyond = json.loads(out.read_text())["beyond"]
    large = {one["name"] for one in beyond if one["order"] == "first"}
    assert len(large) >= 2
    assert all(float(name.partition("=")[2]) >= 30 for name in large)


def test_parameters_are_drawn_from_the_domain_all_of_it(dense):
    record = replace(
        actfunc.get("hardtanh"),
        domain={"min_val": "(-inf, max_val]", "max_val": "[0, 2)"},
    )
    chance = random.Random(2)
    drawn = [dense.drawn(record, "max_val", chance) for _ in range(400)]
    assert 0.0 in drawn
    assert 1.0 in drawn
    assert 1.98 < max(drawn) < 2
    assert min(x for x in drawn if x > 0) < 1e-3
    low = [dense.drawn(record, "min_val", chance) for _ in range(400)]
    assert -1e4 in low
    assert min(low) < -1e3
    assert 0 < max(x for x in low if x < 1) <= 1
    assert all(torch.tensor(x).item() == x for x in drawn + low)
    specs = list(dense.settings(record, 30, chance))
    assert len(specs) == 30
    assert specs[0] == record.spec
