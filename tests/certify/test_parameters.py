"""Other parameters, and the derivatives by them: what is wrong with either is found.

That every record is right with others, and can learn them, is in test_certificate.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import actfunc
from actfunc import Activation
from actfunc.certify import certify, parse
from actfunc.certify import parameter_ends as ends
from actfunc.certify.oracle import truth
from actfunc.certify.parameters import (
    CHANNELS,
    DECIMALS,
    LARGE,
    MANY,
    NUMBERS,
    ONE,
    OWN,
    parameters,
    slope_by,
)
from actfunc.certify.settings import settings
from actfunc.numerics.ulp import error
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
with_parameters = each(
    (record for record in actfunc.CATALOGUE.values() if record.params),
    ("elu", "hardshrink", "xielu"),
)
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
SIBLINGS = ("f", "df", "d2f")
ORDERS = ("value", "first", "second")
ELU = replace(actfunc.get("elu"), domain={"alpha": "(-inf, inf)"})


def judged(record, dtype=torch.float64):
    return parameters(record, parse(record.formula, tuple(record.params)), dtype)


def wrong(record, dtype=torch.float64):
    """What does not hold: by which parameter, of what, and how the parameters were given."""
    return {(one.by, one.order, one.given) for one in judged(record, dtype) if not one.held}


def bent(record, sibling, change):
    """The record with a sibling that is `change(y, x, params)`."""
    right = getattr(record, sibling).function

    def function(x, **params):
        return change(right(x, **params), x, params)

    return replace(record, **{sibling: function})


def test_what_is_judged():
    every = judged(ELU, torch.float32)
    found = {(one.by, one.order, one.given) for one in every}
    for given in (OWN, "other parameters"):
        assert {("alpha", order, given) for order in ORDERS[:2]} <= found
    for given in (NUMBERS, ONE, CHANNELS, MANY, LARGE, DECIMALS):
        assert {("", order, given) for order in ORDERS} <= found
    assert all(one.points >= (100 if one.given == DECIMALS else 140) for one in every)
    assert judged(actfunc.get("relu")) == ()


@pytest.mark.parametrize(
    ("domain", "ends", "signs"),
    [
        ("(-inf, inf)", set(), {-1, 0, 1}),
        ("(0, inf)", set(), {1}),
        ("[0, inf)", {0.0}, {0, 1}),
        ("[0.25, 3)", {0.25}, {1}),
        ("(-inf, 2]", {2.0}, {-1, 0, 1}),
    ],
)
def test_the_settings_are_from_the_whole_domain_and_nothing_else(domain, ends, signs):
    record = replace(ELU, domain={"alpha": domain})
    formula = parse(record.formula, ("alpha",))
    drawn = settings(record, formula, torch.float32).params["alpha"].flatten()
    low, high = (float(end) for end in domain[1:-1].split(","))
    assert ((drawn >= low) & (drawn <= high)).all()
    assert ends <= set(drawn.tolist())
    assert {low, high} & set(drawn.tolist()) == ends
    assert set(drawn.sign().tolist()) == signs
    assert len(drawn.unique()) > 12
    if low == 0:  # next to an end that is not in it, and far from it
        assert drawn[drawn > 0].min() < 0.01
        assert drawn.max() > 100


@pytest.mark.parametrize("sibling", SIBLINGS)
def test_a_fault_in_a_range_of_a_parameter_is_found(sibling):
    def change(y, x, params):
        alpha = torch.as_tensor(params["alpha"])
        return torch.where((alpha > 2) & (alpha < 4), y * 1.01, y)

    order = ORDERS[SIBLINGS.index(sibling)]
    for dtype in DTYPES:
        found = wrong(bent(ELU, sibling, change), dtype)
        assert {("", order, given) for given in (NUMBERS, ONE, CHANNELS)} <= found


def test_a_joint_that_float32_has_not_is_not_where_its_nearest_number_is():
    hardtanh = actfunc.get("hardtanh")

    def slope(x, min_val, max_val):
        return torch.where((x > min_val) & (x < max_val), 1.0, 0.0).to(x.dtype)

    assert wrong(hardtanh, torch.float32) == set()
    found = wrong(replace(hardtanh, df=slope), torch.float32)
    assert ("", "first", DECIMALS) in found


@pytest.mark.parametrize("sibling", SIBLINGS)
@pytest.mark.parametrize(("low", "high"), [(2.0, 2.0), (0.5, 0.5), (1.6, 2.0), (-4.0, -3.0)])
def test_a_fault_at_one_common_value_or_in_a_narrow_range_is_found(sibling, low, high):
    def change(y, x, params):
        alpha = params["alpha"]
        return y * 1.001 if isinstance(alpha, float) and low <= alpha <= high else y

    assert {given for _, _, given in wrong(bent(ELU, sibling, change))} >= {MANY}


@pytest.mark.parametrize("sibling", SIBLINGS)
def test_one_a_channel_on_many_elements_is_judged(sibling):
    def change(y, x, params):
        return y * 1.001 if x.numel() > 65536 else y

    record = actfunc.get("elu")
    assert wrong(bent(record, sibling, change)) == {("", ORDERS[SIBLINGS.index(sibling)], LARGE)}


@pytest.mark.parametrize("sibling", SIBLINGS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
@pytest.mark.parametrize(
    ("end", "answer"), [(torch.inf, 3.0), (-torch.inf, 3.0), (torch.nan, 1.0), (-0.0, 0.0)]
)
def test_a_fault_at_an_end_with_other_parameters_alone_is_found(sibling, dtype, end, answer):
    def change(y, x, params):
        there = x.isnan() if end != end else (x == end) & (x.signbit() == (end < 0 or end == 0))
        other = torch.as_tensor(params["alpha"]) != 1
        return torch.where(there & other, torch.full_like(y, answer), y)

    found = {given for _, _, given in wrong(bent(ELU, sibling, change), dtype)}
    if end or sibling == "f":  # of a derivative the sign of zero is not asked
        assert found >= {ends.NUMBERS, ends.CHANNELS}


def test_erf_acts_curvature_where_it_was_off_by_400_units():
    """e^-q² for a q² of hundreds, which has to be known beyond its last digit."""
    record, params = actfunc.get("erf_act"), {"alpha": 23.838455200195312, "beta": 2.0**-7}
    x = torch.linspace(-12, 3, 301, dtype=torch.float64)
    true = truth(parse(record.formula, tuple(params)), x, params)
    got = record.d2f(x, **params)
    assert error(got, true.hi[2], true.lo[2], true.hi[3], x).max() < 8


@pytest.mark.parametrize(
    ("name", "params", "sibling", "x", "right"),
    [
        ("sin", {"omega": 1.5}, "f", -0.0, -0.0),
        ("sin", {"omega": -1.5}, "f", 0.0, -0.0),
        ("sin", {"omega": 0.0}, "f", torch.inf, 0.0),
        ("sin", {"omega": 0.0}, "df", -torch.inf, 0.0),
        ("sinlu", {"a": 1.0, "b": -3.0}, "f", -0.0, 0.0),
        ("sinlu", {"a": 0.0, "b": 1.0}, "df", torch.inf, 1.0),
        ("sinlu", {"a": 1.0, "b": 0.0}, "d2f", torch.inf, 0.0),
        ("polu", {"n": 2.0**-8}, "df", -torch.inf, 0.0),
    ],
)
def test_what_was_wrong_at_an_end(name, params, sibling, x, right):
    for dtype in (torch.float64, torch.float32):
        got = getattr(actfunc.get(name), sibling)(torch.tensor([x], dtype=dtype), **params).item()
        assert repr(got).removeprefix("-" if sibling != "f" else "") == repr(right)


@pytest.mark.parametrize("sibling", SIBLINGS)
def test_a_fault_at_negative_parameters_is_found(sibling):
    def change(y, x, params):
        return torch.where(torch.as_tensor(params["alpha"]) < 0, -y, y)

    assert ("", ORDERS[SIBLINGS.index(sibling)], NUMBERS) in wrong(bent(ELU, sibling, change))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (NUMBERS, lambda alpha: isinstance(alpha, float) and alpha != 1),
        (ONE, lambda alpha: isinstance(alpha, torch.Tensor) and alpha.shape == (1,)),
        (ONE, lambda alpha: isinstance(alpha, torch.Tensor) and alpha.dim() == 0),
        (CHANNELS, lambda alpha: isinstance(alpha, torch.Tensor) and alpha.numel() > 1),
    ],
)
def test_a_fault_by_how_a_parameter_is_given_is_found(given, fault):
    def change(y, x, params):
        return y * 1.01 if fault(params["alpha"]) else y

    found = wrong(bent(ELU, "f", change))
    assert ("", "value", given) in found
    assert {one for one in (NUMBERS, ONE, CHANNELS) if ("", "value", one) in found} == {given}


def test_a_parameter_that_widens_the_result_is_a_finding_that_says_so():
    def change(y, x, params):
        return y * torch.ones(1, dtype=torch.float64)

    found = {one.failure for one in judged(bent(ELU, "f", change), torch.float32)}
    assert "it gives float64 for float32" in found


def test_a_parameter_in_float32_is_taken_as_it_is_rounded():
    """An own record is no further off for 0.1 not being a float32."""
    own = Activation(
        "own", "tanh(a * x)",
        lambda x, a: torch.tanh(a * x),
        lambda x, a: a / torch.cosh((a * x).clamp(-80, 80)) ** 2,
        lambda x, a: -2 * a * a * torch.tanh(a * x) / torch.cosh((a * x).clamp(-80, 80)) ** 2,
        params={"a": 0.1}, domain={"a": "[0.1, 0.2]"},
    )  # fmt: skip
    found = [one for one in judged(own, torch.float32) if one.by == "" and one.order == "value"]
    assert [one for one in found if not one.held] == []


@with_parameters
def test_a_wrong_derivative_by_a_parameter_is_found(record):
    """The value keeps, as only its derivative by the parameter is bent."""
    right = record.f.function
    for name in record.params:

        def bend(x, name=name, **params):
            p = params[name]
            if isinstance(p, torch.Tensor):
                params = {**params, name: p + 1e-6 * (p - p.detach())}
            return right(x, **params)

        line = settings(record, parse(record.formula, tuple(record.params)), torch.float64)
        moved = slope_by(record, name, line).any()
        found = {by for by, *_ in wrong(replace(record, f=bend)) if by}
        assert found == ({name} if moved else set())


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_derivative_by_a_parameter_that_is_dropped_on_a_part_of_the_line_is_found(dtype):
    right = ELU.f.function

    def dropped(x, alpha):
        part = (x > -2.5) & (x < -2)
        kept = alpha.detach() if isinstance(alpha, torch.Tensor) else alpha
        return torch.where(part, right(x, kept), right(x, alpha))

    assert ("alpha", "value", OWN) in wrong(replace(ELU, f=dropped), dtype)


@pytest.mark.parametrize("dtype", DTYPES[:2])
def test_a_mixed_derivative_that_is_dropped_is_found(dtype):
    right = ELU.df.function

    def dropped(x, alpha):
        return right(x, alpha.detach() if isinstance(alpha, torch.Tensor) else alpha)

    found = {one for one in wrong(replace(ELU, df=dropped), dtype) if one[0]}
    assert found == {("alpha", "first", OWN), ("alpha", "first", "other parameters")}


def test_a_branch_not_taken_that_overflows_is_found():
    """Zero times the infinity of the other branch: the usual NaN of torch.where."""
    careless = replace(ELU, f=lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x)))
    assert torch.equal(careless.f(torch.tensor([1e3])), ELU.f(torch.tensor([1e3])))
    found = [one for one in judged(careless) if not one.held]
    assert {(one.by, one.order) for one in found} == {("alpha", "value")}
    assert found[0].worst.got != found[0].worst.got
    assert found[0].worst.x > 700


def test_a_certificate_does_not_hold_where_a_parameter_cannot_be_learnt():
    """In float64 an error of a millionth is seen, which float32 would forgive."""
    softplus = actfunc.get("softplus")

    def bend(x, beta):
        if isinstance(beta, torch.Tensor):
            beta = beta + 1e-6 * (beta - beta.detach())
        return softplus.f.function(x, beta=beta)

    found = certify(replace(softplus, f=bend), dtypes=(torch.float64,))
    assert "beta" in {one.by for one in found.parameters if not one.held}
    assert all(one.held for one in (*found.checks, *found.routes, *found.differences))
    assert not found.held
    assert found.parameters in found.rest
