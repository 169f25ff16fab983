"""The derivative by a parameter: right for every record, and what is wrong with it is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import actfunc
from actfunc.certify import certify, parse
from actfunc.certify.parameters import parameters, slope_by
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
with_parameters = each(record for record in actfunc.CATALOGUE.values() if record.params)
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def judged(record, dtype=torch.float64):
    return parameters(record, parse(record.formula, tuple(record.params)), dtype)


@with_parameters
def test_every_parameter_can_be_learnt(record):
    for dtype in DTYPES:
        found = judged(record, dtype)
        assert [one.name for one in found] == list(record.params)
        assert [one for one in found if not one.held] == []


@with_parameters
def test_a_wrong_derivative_by_a_parameter_is_found(record):
    """The value keeps, as only its derivative by the parameter is bent."""
    right = record.f.function
    for name in record.params:

        def bent(x, name=name, **params):
            p = params[name]
            if isinstance(p, torch.Tensor):
                params = {**params, name: p + 1e-6 * (p - p.detach())}
            return right(x, **params)

        bends = dict(zip(record.params, judged(replace(record, f=bent)), strict=True))
        moved = slope_by(record, name, torch.linspace(-3, 3, 61, dtype=torch.float64)).any()
        assert bends[name].held == (not moved)


def test_a_branch_not_taken_that_overflows_is_found():
    """Zero times the infinity of the other branch: the usual NaN of torch.where."""
    elu = actfunc.get("elu")
    careless = replace(elu, f=lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x)))
    assert torch.equal(careless.f(torch.tensor([1e3])), elu.f(torch.tensor([1e3])))
    (found,) = judged(careless)
    assert not found.held
    assert found.worst.got != found.worst.got
    assert found.worst.x > 700


def test_a_certificate_does_not_hold_where_a_parameter_cannot_be_learnt():
    """In float64 an error of a millionth is seen, which float32 would forgive."""
    softplus = actfunc.get("softplus")

    def bent(x, beta):
        if isinstance(beta, torch.Tensor):
            beta = beta + 1e-6 * (beta - beta.detach())
        return softplus.f.function(x, beta=beta)

    found = certify(replace(softplus, f=bent), dtypes=(torch.float64,))
    assert [one.held for one in found.parameters] == [False]
    assert all(one.held for one in (*found.checks, *found.routes, *found.differences))
    assert not found.held
    assert found.parameters in found.rest
