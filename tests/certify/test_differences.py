"""Finite differences: what is wrong or not a number in the middle of the line is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import actfunc
from actfunc.certify.differences import differences


@pytest.mark.parametrize("sibling", ["df", "d2f"])
@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
def test_a_derivative_that_is_no_number_somewhere_does_not_hold(sibling, wrong):
    mish = actfunc.get("mish")
    right = getattr(mish, sibling).function
    planted = replace(
        mish, **{sibling: lambda x: torch.where((x - 1).abs() < 0.1, wrong, right(x))}
    )
    assert all(one.held for one in differences(mish))
    assert not differences(planted)[("df", "d2f").index(sibling)].held


@pytest.mark.parametrize(
    "text", ["min(x, 1) * x", "max(x, 1) * x", "abs(x - 1)", "x if x < 1 else 1"]
)
def test_a_corner_that_the_formula_tells_of_is_not_taken_for_an_error(text):
    f = {
        "min(x, 1) * x": lambda x: x.clamp(max=1) * x,
        "max(x, 1) * x": lambda x: x.clamp(min=1) * x,
        "abs(x - 1)": lambda x: (x - 1).abs(),
        "x if x < 1 else 1": lambda x: x.clamp(max=1),
    }[text]
    own = replace(actfunc.Activation.from_function(f, "own"), formula=text)
    assert all(one.held for one in differences(own))
