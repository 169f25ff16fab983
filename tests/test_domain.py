"""Parameters at the door: numbers of any kind, and nothing outside the interval of the record."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from actfunc import Activation, get
from actfunc.domain import interval
from actfunc.errors import UsageError

X = torch.linspace(-2, 2, 6)
SCALED = Activation(
    "scaled",
    "k * x",
    lambda x, k, most: torch.clamp(k * x, max=most),
    lambda x, k, most: k + 0 * x,
    lambda x, k, most: 0 * x,
    params={"k": 1.0, "most": 5.0},
    domain={"k": "(0, 2 * most]"},
)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("(0, inf)", (5e-324, 1.0, 1e308), (0.0, -0.0, -1.0, math.inf, math.nan)),
        ("[-1, 1]", (-1, 0, 1), (-1.0000000000000002, 1.1)),
        ("[0, 1)", (0.0, 0.9999999999999999), (1.0, -5e-324)),
        ("(-inf, top]", (3.0, -1e308), (3.0000000000000004, -math.inf)),
        ("(0, e * top)", (8.15,), (8.16, 0.0)),
        ("(-2 * top, -top]", (-3.0, -5.9), (-6.0, -2.9)),
    ],
)
def test_an_interval_is_what_its_text_says(text, inside, outside):
    found = interval(text, {"top": 3.0})
    assert all(found.holds(number) for number in inside)
    assert not any(found.holds(number) for number in outside)


@pytest.mark.parametrize(
    "value",
    [
        2, np.float32(2.5), np.int64(2), np.array(1.5), Fraction(3, 2), Decimal("1.5"),
        torch.tensor(1.5), torch.tensor([1.5], dtype=torch.float64), torch.full((6,), 1.5),
    ],
)  # fmt: skip
def test_a_number_of_any_kind_is_a_parameter(value):
    assert torch.equal(SCALED(X, k=value), SCALED(X, k=float(np.ravel(value)[0])))
    assert SCALED(X, k=value).dtype == X.dtype


def test_a_bound_number_is_a_float_that_the_spec_can_say():
    assert SCALED.bind(k=np.float64(0.5)).spec == "scaled:k=0.5,most=5.0"
    assert type(get("elu").bind(alpha=np.float32(2)).params["alpha"]) is float


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "scaled: k must be in (0, 2 * most], got 0"),
        (-1.5, "got -1.5"),
        (10.5, "got 10.5"),
        (math.nan, "got nan"),
        (math.inf, "got inf"),
        (torch.tensor([1.0, -3.0]), "got -3"),
        ("1", "scaled: k must be a number or a tensor, got '1'"),
        (None, "got None"),
        ([1.0, 2.0], "must be a number or a tensor"),
        (True, "must be a number or a tensor, got True"),
        (np.True_, "must be a number or a tensor"),
        (torch.tensor(True), "must be a number or a tensor"),
        (2j, "got 2j"),
        (np.array([1.0]), "must be a number or a tensor"),
        (10**999, "must be a number or a tensor"),
    ],
)
def test_what_is_outside_is_refused_by_every_door(value, said):
    for call in (
        lambda: SCALED(X[:2], k=value),
        lambda: SCALED.f(X[:2], k=value),
        lambda: SCALED.df(X[:2], k=value),
        lambda: SCALED.d3f(X[:2], k=value),
        lambda: SCALED.bind(k=value),
    ):
        with pytest.raises(UsageError) as refused:
            call()
        assert said in str(refused.value) or "tensor([" in str(refused.value)


def test_an_end_that_is_a_parameter_moves_with_it():
    with pytest.raises(UsageError, match=r"k must be in \(0, 2 \* most\], got 1"):
        SCALED(X, most=0.4)
    assert SCALED.bind(most=20.0, k=30.0).params == {"k": 30.0, "most": 20.0}


def test_a_record_outside_of_its_own_domain_is_none():
    with pytest.raises(UsageError, match="k must be in"):
        Activation(
            "k", "k * x", *(lambda x, k: k * x,) * 3, params={"k": -1.0}, domain={"k": "(0, 1)"}
        )


def test_a_parameter_never_widens_and_spreads_the_input():
    elu, one_each = get("elu"), torch.linspace(0.5, 2, 6, dtype=torch.float64)
    for function in (elu, elu.f, elu.df, elu.d2f, elu.d3f):
        for dtype in (torch.float32, torch.bfloat16, torch.float64):
            found = function(X.to(dtype)[:, None], alpha=one_each)
            assert (found.dtype, found.shape) == (dtype, (6, 6))
        assert torch.equal(
            function(X[:, None], alpha=one_each)[:, 2],
            function(X, alpha=float(one_each.float()[2])),
        )


def test_what_a_transform_holds_is_taken_on_trust():
    rates = torch.tensor([0.5, 1.0])
    found = torch.func.vmap(lambda k: SCALED(X, k=k))(rates)
    assert torch.equal(found[1], SCALED(X))
