"""A check of what was computed: the bound, what is beyond it, and what could not be decided."""

from __future__ import annotations

import pytest
import torch

from actfunc.certify.check import WORST, bound_of, check
from actfunc.formulas.balls import Truth

X = torch.tensor([-300.0, -2.0, 0.5, 0.6, 1.0, 70.0])


def found(errors, known=None, exceptions=None):
    """The check of a slope whose errors are these."""
    true = Truth(torch.zeros(4, 6).double(), torch.zeros(4, 6).double(), torch.ones(6).bool())
    true = true._replace(known=true.known if known is None else torch.tensor(known))
    return check(1, X + 1, true, torch.tensor(errors).double(), X, exceptions)


def test_what_is_within_the_bound_holds_and_the_worst_is_told():
    one = found([0.0, 1.0, 4.0, 2.0, 0.0, 3.0])
    assert one.held
    assert (one.order, one.dtype, one.points, one.bound) == ("first", "float32", 6, 4.0)
    assert (one.worst.x, one.worst.got, one.worst.ulp) == (0.5, 1.5, 4.0)
    assert (one.beyond, one.failing, one.undecided) == (0, (), 0)


def test_what_is_beyond_it_is_listed_once_a_binade_worst_first():
    one = found([5.0, 1.0, 7.0, 6.0, float("inf"), 4.1])
    assert not one.held
    assert one.beyond == 5
    assert [point.x for point in one.failing] == [1.0, 0.5, -300.0, 70.0]
    assert len(one.failing) <= WORST


def test_a_point_that_was_not_decided_does_not_hold():
    one = found([0.0] * 6, known=[True, True, False, True, True, False])
    assert not one.held
    assert (one.beyond, one.undecided) == (0, 2)


@pytest.mark.parametrize(
    ("order", "dtype", "bound"),
    [
        (0, torch.float64, 4.0),
        (2, torch.float32, 8.0),
        (1, torch.float32, 11.0),
        (1, torch.float64, 4.0),
        (1, torch.bfloat16, 0.51),
        (2, torch.float16, 0.51),
    ],
)
def test_the_bound_is_that_of_the_dtype_and_order_or_the_records_own(order, dtype, bound):
    assert bound_of(order, dtype, {"float32 first": (11.0, "a reason")}) == bound
