"""Where branches of a formula meet, and what it does at a pole: a record that says otherwise."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

import actfunc
from actfunc import Activation
from actfunc.certify import certify, parse
from actfunc.certify.grids import grid
from actfunc.certify.joints import at_poles, joints
from actfunc.formulas.balls import close_to
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
CATALOGUE = tuple(actfunc.CATALOGUE.values())
WITH_JOINTS = [record for record in CATALOGUE if set(record.joint_points) - set(record.poles)]
DTYPES = (torch.float64, torch.float32)


def of(record):
    return joints(record, parse(record.formula, tuple(record.params)))


@pytest.mark.parametrize("record", CATALOGUE, ids=lambda record: record.name)
def test_every_joint_of_every_formula_is_named_by_its_record(record):
    for changed in (record, record.bind(**{k: 1.25 * v for k, v in record.params.items()})):
        found = of(changed)
        assert [one for one in found if not one.held] == []
        assert len(found) <= len(changed.joint_points)
        # and what the record names besides does jump
        seen = [one.x for one in found]
        for named in set(record.joint_points) - set(record.poles) if changed is record else ():
            assert min(abs(named - x) for x in seen) < 1e-9


@each(WITH_JOINTS)
def test_a_joint_that_is_not_declared_is_found(record):
    for left_out in record.joint_points:
        rest = tuple(x for x in record.joint_points if x != left_out)
        quiet = replace(record, joints=rest, poles=())
        (wrong,) = [one for one in of(quiet) if not one.held]
        assert wrong.x == pytest.approx(left_out, abs=1e-12)
    assert not certify(replace(record, joints=()), dtypes=(torch.float32,)).held


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("x if x > 0.5 else 0", {0.5: "value"}),
        ("max(x, -1) + min(x, 3)", {-1.0: "first", 3.0: "first"}),
        ("x * abs(x - 2) ** 2", {}),
        ("(x - 2) * abs(x - 2)", {2.0: "second"}),
        ("x**3 if x > 0 else x**4", {}),
        ("x**2 if x > 1e-3 else x**2 + 1e-9", {1e-3: "value"}),
        ("tanh(x)", {}),
    ],
)
def test_the_lowest_order_that_jumps_is_told(text, orders):
    own = Activation(
        "own", text, torch.relu, torch.relu, torch.relu, joints=tuple(orders), place="own.py:own"
    )
    found = joints(own, parse(text))
    assert {one.x: one.order for one in found} == orders
    assert all(one.held for one in found)
    assert [one.held for one in joints(replace(own, joints=()), parse(text))] == [False] * len(
        orders
    )


def test_the_grid_has_the_joint_of_the_formula_on_both_sides():
    record = replace(actfunc.get("softshrink"), joints=())
    for dtype in DTYPES:
        x = grid(record, dtype, parse(record.formula, tuple(record.params)))
        joint = torch.tensor(0.5, dtype=dtype)
        around = [torch.nextafter(joint, torch.tensor(end, dtype=dtype)) for end in (0.0, 1.0)]
        assert torch.isin(torch.stack([joint, *around]), x).all()


def test_a_function_that_takes_the_other_branch_at_an_undeclared_joint_is_found():
    record = actfunc.get("softshrink")
    right = record.df.function

    def wrong(x, **params):
        return torch.where(x == 0.5, 1.0, right(x, **params))

    checks = certify(replace(record, df=wrong, joints=()), dtypes=DTYPES).checks
    assert [one.worst.x for one in checks if not one.held] == [0.5, 0.5]


# Poles


def test_close_to_a_point_is_closer_than_any_float():
    root = parse("sign(x - 2) * sqrt(abs(x - 2))")
    value, slope, curvature, _ = close_to(root, 2.0, 1.0, {})
    assert (value, slope, curvature) == (0.0, math.inf, -math.inf)
    assert close_to(root, 2.0, -1.0, {})[2] == math.inf
    assert close_to(parse("1 / (x - 0.1)"), 0.1, -1.0, {})[0] > 1e16  # one tenth is no float
    assert close_to(parse("x if x > 1 else 3"), 1.0, -1.0, {})[:2] == (3.0, 0.0)


@pytest.mark.parametrize(
    ("sibling", "answer", "held"),
    [
        ("df", math.inf, True),
        ("df", 0.0, False),
        ("df", 1e30, False),
        ("df", -math.inf, False),
        ("df", math.nan, False),
        ("d2f", math.inf, True),
        ("d2f", -math.inf, True),  # the other side's
        ("d2f", 0.0, False),
        ("d2f", math.nan, False),
    ],
)
def test_a_wrong_slope_at_a_declared_pole_is_found(sibling, answer, held):
    record = actfunc.get("signed_sqrt")
    right = getattr(record, sibling).function
    planted = replace(record, **{sibling: lambda x: torch.where(x == 0, answer, right(x))})
    found = list(at_poles(planted, parse(record.formula), DTYPES))
    assert len(found) == 4
    wrong = [one for one in found if not one.held]
    assert [one.order for one in wrong] == (
        [] if held else [{"df": "first", "d2f": "second"}[sibling]] * 2
    )


def test_a_certificate_asks_at_the_poles_of_the_record():
    gelu = actfunc.get("gelu")
    hidden = replace(gelu, poles=(0.0,), d2f=lambda x: torch.where(x == 0, 0.5, gelu.d2f(x)))
    found = certify(hidden, dtypes=(torch.float32,))
    assert all(one.held for one in found.checks)
    assert {(one.order, one.x) for one in found.limits if not one.held} == {("second", 0.0)}


def test_a_pole_that_is_none_hides_nothing():
    record = actfunc.get("gelu")
    right = record.df.function
    planted = replace(record, poles=(0.0,), df=lambda x: torch.where(x == 0, 0.6, right(x)))
    assert not all(one.held for one in at_poles(planted, parse(record.formula), DTYPES))
    honest = replace(record, poles=(0.0,))
    assert all(one.held for one in at_poles(honest, parse(record.formula), DTYPES))


def test_where_no_side_can_be_told_nothing_is_claimed():
    own = Activation("own", "log(x)", torch.log, torch.reciprocal, torch.abs, poles=(0.0,))
    wanted = {one.order: one.wanted for one in at_poles(own, parse("log(x)"), DTYPES[:1])}
    assert wanted == {"first": math.inf, "second": -math.inf}  # of the right side alone


@pytest.mark.parametrize(("sibling", "order"), [("df", "first"), ("d2f", "second")])
def test_a_wrong_derivative_at_a_pole_is_found(sibling, order):
    root = actfunc.get("signed_sqrt")
    assert all(one.held for one in at_poles(root, parse(root.formula), DTYPES))
    right = getattr(root, sibling).function
    bent = replace(root, **{sibling: lambda x: torch.where(x == 0, 3.0, right(x))})
    found = at_poles(bent, parse(root.formula), DTYPES[:1])
    wrong = [(one.order, one.got, one.wanted) for one in found if not one.held]
    assert wrong == [(order, 3.0, math.inf)]
