"""All 65,536 inputs of the 16-bit dtypes: none is left out, and one wrong one is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import actfunc
from actfunc.certify import certify, parse
from actfunc.certify.check import BOUND_16
from actfunc.certify.oracle import truth
from actfunc.certify.sixteen import NEIGHBOURHOOD, every_input, inputs, nans
from actfunc.numerics.ulp import plain_error
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
BOTH = (torch.bfloat16, torch.float16)
both = pytest.mark.parametrize("dtype", BOTH, ids=["bfloat16", "float16"])
SIBLINGS = ("f", "df", "d2f")


@both
def test_every_pattern_is_a_finite_number_an_infinity_or_a_nan(dtype):
    x = inputs(dtype)
    assert len(x) + len(nans(dtype)) + 2 == 2**16
    assert x.isfinite().all()
    assert (x.float().diff() >= 0).all()
    zeros = x[x == 0]
    assert zeros.signbit().tolist() == [True, False]
    assert len(x.view(torch.int16).unique()) == len(x)
    assert len(nans(dtype).view(torch.int16).unique()) == len(nans(dtype))


@each(actfunc.CATALOGUE.values())
@both
def test_a_single_wrong_input_is_found(record, dtype):
    formula = parse(record.formula, tuple(record.params))
    x = inputs(dtype)
    for order, sibling in enumerate(SIBLINGS):
        right = getattr(record, sibling).function
        spot = x[(20011 + 9973 * order) % len(x)].float()

        def wrong(x, right=right, spot=spot, **params):
            y = right(x, **params)
            return torch.where((x == spot) & (x.dtype == torch.float32), y + 1 + y.abs() / 8, y)

        planted = replace(record, **{sibling: wrong})
        found = every_input(planted, formula, dtype, record)
        bad = found.x[found.errors[order] > BOUND_16]
        assert bad.float().tolist() == [spot.item()]


@pytest.mark.parametrize(
    "dtype", [torch.float16, pytest.param(torch.bfloat16, marks=pytest.mark.full)]
)
def test_the_fast_truth_is_the_formulas(dtype):
    """The float64 siblings and the ball arithmetic say the same at every input."""
    record = actfunc.get("mish")
    formula = parse(record.formula)
    fast = every_input(record, formula, dtype, record)
    slow = truth(formula, fast.x)
    for order in range(3):
        fine = fast.true.hi[order]
        near = (fine - slow.hi[order]).abs() <= 1e-14 * slow.hi[order].abs() + 1e-15
        assert near.all()


def test_an_error_of_both_float32_and_float64_is_found_by_the_formula():
    """The float64 siblings are the truth for most inputs, but not for themselves."""
    record = actfunc.get("tanh")

    def wrong(x):
        return torch.tanh(x) * (1 + 0.02 * torch.exp(-((x - 2) ** 2)))

    both_wrong = replace(record, f=wrong)
    assert not certify(both_wrong, dtypes=(torch.float16,)).checks[0].held


@both
def test_next_to_a_zero_crossing_lost_digits_are_no_error_and_elsewhere_they_are(dtype):
    record = actfunc.get("silu")
    formula = parse(record.formula, tuple(record.params))
    found = every_input(record, formula, dtype, record)
    plain = plain_error(found.got[1], found.true.hi[1], found.true.lo[1])
    assert (found.errors[1] <= plain + 1e-9).all()
    crossing = int((found.x.double() < -1.2784645427610738).sum())
    near = (torch.arange(len(found.x)) - crossing).abs() <= NEIGHBOURHOOD
    torch.testing.assert_close(found.errors[1][~near], plain[~near], rtol=1e-9, atol=1e-9)
    assert (found.errors[1][near] < plain[near]).any()
