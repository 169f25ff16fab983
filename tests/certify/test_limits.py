"""What is claimed of ±inf, poles, NaN and the zeros: whatever is wrong there is found."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

import actfunc
from actfunc import Activation
from actfunc.certify.audited import audited
from actfunc.certify.limits import limits
from actfunc.certify.sixteen import nans

FLOAT32 = (torch.float32,)
TANH = actfunc.get("tanh")
SIBLINGS = ("f", "df", "d2f")
ORDERS = ("value", "first", "second")


def bent(record, sibling, x, answer):
    """The record with another answer at one point, its sign looked at where it is 0."""
    right = getattr(record, sibling).function

    def function(t, **params):
        there = (t == x) & (t.signbit() == (math.copysign(1, x) < 0)) if x == x else t.isnan()
        return torch.where(there, torch.tensor(answer, dtype=t.dtype), right(t, **params))

    return replace(record, **{sibling: function})


def wrong(record, dtypes=FLOAT32):
    return [(one.order, one.x, one.got, one.wanted) for one in limits(record, dtypes)
            if not one.held]  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("sibling", SIBLINGS)
def test_a_function_that_answers_one_nan_with_a_number_is_found(dtype, sibling):
    assert all(one.held for one in limits(TANH, (dtype,)))
    sixteen = dtype in (torch.bfloat16, torch.float16)
    last = nans(dtype)[-1].float() if sixteen else torch.tensor(torch.nan, dtype=dtype)
    pattern = last.view(torch.int64 if dtype == torch.float64 else torch.int32)
    right = getattr(TANH, sibling).function

    def deaf(x):
        return torch.where(x.contiguous().view(pattern.dtype) == pattern, 0.5, right(x))

    found = [one for one in limits(replace(TANH, **{sibling: deaf}), (dtype,)) if not one.held]
    assert [(one.order, one.got) for one in found] == [(ORDERS[SIBLINGS.index(sibling)], 0.5)]


@pytest.mark.parametrize("end", [-math.inf, math.inf])
@pytest.mark.parametrize(("order", "sibling"), [*zip(ORDERS, SIBLINGS, strict=True)])
def test_a_derivative_at_infinity_is_its_own_limit(order, sibling, end):
    """What it is at the largest number will not do: the slope of exp is finite there."""
    wanted = {"value": math.copysign(1, end), "first": 0.0, "second": 0.0}[order]
    found = bent(TANH, sibling, end, 0.25)
    assert wrong(found) == [(order, end, 0.25, wanted)]


def test_the_value_at_the_largest_number_will_not_do():
    square = actfunc.get("square")
    largest = torch.finfo(torch.float32).max
    assert wrong(bent(square, "df", math.inf, largest)) == [("first", math.inf, largest, math.inf)]


def test_a_record_without_asymptotes_is_judged_by_its_formula():
    bare = replace(TANH, asymptotes=(None, None))
    assert wrong(bare) == []
    assert wrong(bent(bare, "df", math.inf, 1.0)) == [("first", math.inf, 1.0, 0.0)]


@pytest.mark.parametrize("name", ["sin", "gcu"])
def test_what_has_no_limit_is_nan(name):
    sine = actfunc.get(name)
    assert wrong(sine) == []
    (found,) = wrong(bent(sine, "df", math.inf, 1.0))
    assert found[:3] == ("first", math.inf, 1.0)
    assert math.isnan(found[3])


def test_a_logarithm_far_out_is_no_limit():
    """It is a few thousand there, and infinite at infinity: without an asymptote, who knows?"""
    log = Activation(
        "log", "log(1 + x**2)", lambda x: torch.log1p(x * x), lambda x: 2 * x / (1 + x * x),
        lambda x: 2 / (1 + x * x),
    )  # fmt: skip
    claims = {(one.order, one.x): one.wanted for one in limits(log, FLOAT32)}
    assert claims["value", math.inf] is None
    assert claims["first", math.inf] == 0


@pytest.mark.parametrize("zero", [-0.0, 0.0])
def test_the_sign_of_zero_is_that_of_the_side_it_lies_on(zero):
    assert wrong(bent(TANH, "f", zero, -zero)) == [("value", zero, -zero, zero)]
    (found,) = wrong(bent(TANH, "f", zero, -zero))
    assert math.copysign(1, found[2]) == -math.copysign(1, found[3])


def test_a_zero_that_comes_from_above_is_positive_and_one_all_along_may_be_either():
    square = actfunc.get("square")
    assert wrong(square) == []
    assert [one[0] for one in wrong(bent(square, "f", -0.0, -0.0))] == ["value"]
    relu = actfunc.get("relu")
    assert wrong(bent(relu, "f", -0.0, -0.0)) == wrong(bent(relu, "f", -0.0, 0.0)) == []


def test_of_what_is_not_ours_the_sign_of_zero_and_slopes_at_nan_are_not_asked():
    assert wrong(audited("relu", torch.relu, actfunc.get("relu"))) == []
    shrink = actfunc.get("tanhshrink")
    plain = audited("plain", lambda x: x - torch.tanh(x), shrink)
    assert not plain.f(torch.tensor(-0.0)).signbit()
    zeros = [one for one in limits(plain, FLOAT32) if one.x == 0]
    assert zeros == []


def test_a_pole_has_a_value_or_none():
    root = actfunc.get("signed_sqrt")
    assert root.poles
    found = [one for one in wrong(bent(root, "f", 0.0, 1.0)) if one[1] == 0]
    assert ("value", 0.0, 1.0, 0.0) in found
