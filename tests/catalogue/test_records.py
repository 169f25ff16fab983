"""Every record by itself: derivatives against differences of the function, limits, what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from actfunc import CATALOGUE, Activation
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
RECORDS = [
    *CATALOGUE.values(),
    *(r.bind(**{k: 0.6 * v for k, v in r.params.items()}) for r in CATALOGUE.values() if r.params),
]
catalogue = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.spec)
bent = pytest.mark.parametrize(
    "record", [record for record in RECORDS if record.joint_points], ids=lambda record: record.spec
)


def off_joints(record: Activation, far: float = 12.0) -> Tensor:
    """Points in float64, none within 1e-2 of a joint."""
    x = torch.linspace(-far, far, 1201, dtype=torch.float64) + 0.00371
    for joint in record.joint_points:
        x = x[(x - joint).abs() > 1e-2]
    for pole in record.poles:  # differences need a derivative with a bound
        x = x[(x - pole).abs() > 1]
    return x


def gap_to_differences(record: Activation) -> float:
    """The largest relative gap of df and d2f to the five-point differences of f and df."""
    x, h, worst = off_joints(record), 1e-3, 0.0
    for function, derivative in ((record.f, record.df), (record.df, record.d2f)):
        near, far = (function(x + k * h) - function(x - k * h) for k in (1, 2))
        gap = (derivative(x) - (8 * near - far) / (12 * h)).abs()
        worst = max(worst, float((gap / (1 + function(x).abs())).max()))
    return worst


@catalogue
def test_derivatives_are_those_of_the_function(record):
    assert gap_to_differences(record) < 1e-10


@each(RECORDS)
@pytest.mark.parametrize("sibling", ["f", "df", "d2f"])
def test_a_wrong_sibling_would_be_seen(record, sibling):
    right = getattr(record, sibling).function

    def wrong(x, **params):
        return right(x, **params) + 1e-6 * torch.sin(x)

    assert gap_to_differences(replace(record, **{sibling: wrong})) > 1e-8


@each(RECORDS)
def test_slopes_are_those_autograd_finds_off_the_joints(record):
    x = off_joints(record, far=8.0).requires_grad_()
    (slope,) = torch.autograd.grad(record.f(x).sum(), x, create_graph=True)
    torch.testing.assert_close(slope.detach(), record.df(x).detach(), rtol=1e-9, atol=1e-12)


@bent
def test_joints_are_where_something_jumps(record):
    """At a joint the value, the slope or the curvature has two sides."""
    for joint in record.joint_points:
        sides = torch.tensor([joint - 1e-9, joint + 1e-9], dtype=torch.float64)
        jumps = [abs(float(f(sides).diff())) for f in (record.f, record.df, record.d2f)]
        assert max(jumps) > 1e-3


@catalogue
def test_tails_are_finite_but_where_a_derivative_overflows(record):
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        largest = torch.finfo(dtype).max
        x = torch.tensor([-largest, largest, -1e4, 1e4, -100, 100], dtype=torch.float64).to(dtype)
        for sibling in (record.f, record.df, record.d2f):
            y = sibling(x)
            assert not y.isnan().any()
            # what is too large for the dtype is so in float64 too
            assert (y.isfinite() | (sibling(x.double()).abs() > largest / 2)).all()


@pytest.mark.parametrize("name", ["silu", "gelu", "mish", "gish", "tanh_exp"])
def test_what_is_flushed_to_zero_keeps_the_zeros_there_are(name):
    zeros = torch.tensor([-0.0, 0.0])
    for y in (CATALOGUE[name].f(zeros), CATALOGUE[name](zeros)):
        assert not y.any()
        assert y.signbit().tolist() == [True, False]


@pytest.mark.parametrize("name", ["silu", "mish"])
def test_a_nan_beside_it_takes_no_digits_from_a_tail(name):
    x = torch.tensor([-91.0, -88.5, -3.0])
    beside = torch.cat([x, torch.tensor([torch.nan])])
    assert torch.equal(CATALOGUE[name].f(beside)[:-1], CATALOGUE[name].f(x))


def test_the_identity_can_be_called_where_derivatives_are_recorded():
    x = torch.tensor([2.0, -0.0], requires_grad=True)
    y = CATALOGUE["identity"](x)
    assert torch.equal(y, x)
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == [1, 1]


def test_a_factor_of_zero_can_be_learnt_though_zero_is_what_is_flushed():
    gamma = torch.tensor(0.0, requires_grad=True)
    y = CATALOGUE["dyt"](torch.tensor([1.0]), gamma=gamma)
    slope = torch.autograd.grad(y.sum(), gamma)[0]
    torch.testing.assert_close(slope, CATALOGUE["dyt"].f(torch.tensor(1.0)))


def test_a_record_tells_what_it_is():
    for record in CATALOGUE.values():
        assert record.formula, record.name
        assert record.source, record.name
        assert record.name == record.name.lower()
        assert all(isinstance(value, float) for value in record.params.values()), record.name
