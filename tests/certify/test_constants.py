"""Text and functions wrong alike: the constants that were made without either say so."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from rich.console import Console

import actfunc
from actfunc.certify import certify, parse
from actfunc.certify.check import ORDERS
from actfunc.certify.constants import constants, table
from actfunc.certify.grids import branch_points
from actfunc.show.failing import failing_points
from tests.records import HANDFUL, each

pytestmark = pytest.mark.usefixtures("one_thread")
CATALOGUE = tuple(actfunc.CATALOGUE.values())
each_record = each(CATALOGUE)


def of(record, formula=None):
    text = formula or record.formula
    return constants(replace(record, formula=text), parse(text, tuple(record.params)))


@pytest.mark.parametrize("record", CATALOGUE, ids=lambda record: record.name)
def test_every_record_is_the_published_function_in_all_its_parts(record):
    known = table()[record.name]
    settings = [setting["params"] for setting in known["settings"]]
    assert [one for one in of(record) if not one.held] == []
    at_joints = 2 if "joints" in known else 0
    assert len(of(record)) == len(ORDERS) * len(settings) + at_joints
    # at the parameters of the source, and at others that all differ from them
    assert all(set(params) == set(record.params) for params in settings)
    for name, default in record.params.items():
        assert any(params[name] != pytest.approx(default) for params in settings), name
    # on every branch there is
    for params in settings:
        bound = record.bind(**params)
        meet = branch_points(parse(record.formula, tuple(params)), params)
        ends = [-float("inf"), *sorted({*bound.joint_points, *meet}), float("inf")]
        for low, high in pairwise(ends):
            if high - low > 1e-6:
                assert any(low < x < high for x in known["x"]), (low, high)
    assert not set(known["x"]) & {0.0, *record.joint_points}


@pytest.mark.parametrize("record", CATALOGUE, ids=lambda record: record.name)
def test_the_functions_are_the_published_ones_too(record):
    known = table()[record.name]
    x = torch.tensor(known["x"], dtype=torch.float64)
    for setting in known["settings"]:
        bound = record.bind(**setting["params"])
        for sibling, order in zip((bound.f, bound.df, bound.d2f), ORDERS, strict=True):
            wanted = torch.tensor(setting[order], dtype=torch.float64)
            torch.testing.assert_close(sibling(x), wanted, rtol=1e-12, atol=1e-15)


@each_record
def test_text_and_functions_wrong_alike_are_found(record):
    for factor in ("1.000001", "(1 + 1e-9 * x)"):
        wrong = of(record, f"({record.formula}) * {factor}")
        assert not all(one.held for one in wrong)


def test_a_default_that_no_source_has_is_found(monkeypatch):
    wrong = replace(actfunc.get("serlu"), params={"scale": 1.07862, "alpha": 2.90472})
    monkeypatch.setitem(actfunc.CATALOGUE._records, "serlu", wrong)
    [found, *others] = of(wrong)
    assert (found.params, found.got, found.wanted, found.held) == ("alpha", 2.90472, 2.90427, False)
    assert all(one.held for one in others)
    shown = Console(width=200, file=StringIO())
    shown.print(failing_points([certify(wrong, dtypes=(torch.float64,))]))
    assert "the default of alpha is not the published one" in shown.file.getvalue()


@pytest.mark.parametrize(
    ("name", "right", "wrong", "orders"),
    [
        ("relu", "x > 0", "x >= 0", {"first"}),
        ("relu6", "x >= 6", "x > 6", {"first"}),
        ("hardshrink", "> lambd", ">= lambd", {"value", "first"}),
        ("threshold", "x > threshold", "x >= threshold", {"value", "first"}),
        ("hardtanh", "x <= min_val", "x < min_val", {"first"}),
    ],
)
def test_the_other_side_at_a_joint_is_found(name, right, wrong, orders):
    """Right all around it: what holds at the point itself is torch's convention."""
    record = actfunc.get(name)
    assert right in record.formula
    found = of(record, record.formula.replace(right, wrong))
    assert {one.order for one in found if not one.held} == orders


@pytest.mark.parametrize(
    ("name", "formula", "f", "df", "d2f"),
    [
        ("relu", "x if x > 0 else 1e-6 * x", *(None,) * 3),
        ("elu", "x if x > 0 else alpha * alpha * expm1(x)", *(None,) * 3),
    ],
)
def test_a_certificate_of_both_wrong_alike_does_not_hold(name, formula, f, df, d2f):
    """Made of the wrong text itself, so that every other judge agrees."""
    record = actfunc.get(name)
    plain = parse(formula, tuple(record.params))

    def value(x, **params):
        if name == "relu":
            return torch.where(x > 0, x, 1e-6 * x)
        alpha = params["alpha"]
        return torch.where(x > 0, x, alpha * alpha * torch.expm1(x.clamp(max=0)))

    def slope(x, **params):
        if name == "relu":
            return torch.where(x > 0, 1.0, 1e-6 + 0 * x)
        alpha = params["alpha"]
        return torch.where(x > 0, 1.0, alpha * alpha * torch.exp(x.clamp(max=0)))

    def curvature(x, **params):
        return torch.where(x > 0, 0 * x, slope(x, **params) if name == "elu" else 0 * x)

    both = replace(record, formula=formula, f=value, df=slope, d2f=curvature)
    certificate = certify(both, dtypes=(torch.float64,))
    assert all(one.held for one in certificate.checks)
    wrong = [one for one in certificate.constants if not one.held]
    assert wrong
    assert not certificate.held
    assert plain.params == tuple(record.params)
    assert failing_points([certificate]) is not None


def test_one_s_own_function_of_that_name_is_one_s_own():
    record = replace(actfunc.get("relu"), formula="2 * x if x > 0 else 0", place="own.py:relu")
    assert constants(record, parse(record.formula)) == ()
    assert constants(replace(record, name="mine", place=""), parse(record.formula)) == ()


@pytest.fixture(scope="module")
def make():
    """make_constants.py, which finds its definitions beside it."""
    folder = str(Path(__file__).parents[1] / "catalogue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [folder, *sys.path])
        yield importlib.import_module("make_constants")


def test_the_constants_are_what_the_definitions_give(make):
    assert [row.name for row in make.ROWS] == list(table())
    for row, known in zip(make.ROWS, table().values(), strict=True):
        if row.name in HANDFUL:
            assert json.loads(json.dumps(make.line(row))) == known
