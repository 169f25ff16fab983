"""What is claimed of ±inf, poles and NaN: what is deaf to one of the NaNs is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import actfunc
from actfunc.certify.limits import limits
from actfunc.certify.sixteen import nans


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_a_function_that_answers_one_nan_with_a_number_is_found(dtype):
    tanh = actfunc.get("tanh")
    assert all(one.held for one in limits(tanh, (dtype,)))
    sixteen = dtype in (torch.bfloat16, torch.float16)
    last = nans(dtype)[-1].float() if sixteen else torch.tensor(torch.nan, dtype=dtype)
    pattern = last.view(torch.int64 if dtype == torch.float64 else torch.int32)

    def deaf(x):
        return torch.where(x.contiguous().view(pattern.dtype) == pattern, 0.5, torch.tanh(x))

    found = [one for one in limits(replace(tanh, f=deaf), (dtype,)) if not one.held]
    assert [(one.order, one.got) for one in found] == [("value", 0.5)]


def test_a_pole_has_a_value_or_none():
    root = actfunc.get("signed_sqrt")
    assert root.poles
    wrong = replace(root, f=lambda x: torch.where(x == 0, 1.0, root.f.function(x)))
    found = [one for one in limits(wrong, (torch.float32,)) if not one.held]
    assert [(one.x, one.got, one.wanted) for one in found] == [(0.0, 1.0, 0.0)]
