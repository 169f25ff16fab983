"""Gaussian averages: the published digits, mpmath's, closed forms, and what has no average."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from actfunc import CATALOGUE, get
from actfunc.analysis.gaussian import Moments, moments, moments_error, nodes
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
catalogue = each(CATALOGUE.values())

# E[φ], E[φ²] and E[φ′²] as they were published beside each function, to four significant digits
PUBLISHED = {
    name: function["moments"]
    for name, function in json.loads(
        (Path(__file__).parents[1] / "catalogue" / "published.json").read_text()
    )["functions"].items()
    if function["moments"]
}
# printed 0.5852, where the digits go on 0.58525089
ROUNDED_DOWN = {("reu", "chi")}


def agrees(value: float, text: float | None) -> bool:
    """Whether `text` is the value to four significant digits, a tie rounded either way."""
    if text is None:  # JSON has no word for the infinite one
        return math.isinf(value)
    unit = 10.0 ** (math.floor(math.log10(abs(text))) - 3)
    return abs(value - text) <= 0.5 * unit * (1 + 1e-9)


def test_the_published_digits():
    wrong = {}
    for name, published in PUBLISHED.items():
        found = moments(get(name), 1.0)
        for key, value in (("q", float(found.square)), ("chi", float(found.slope))):
            if not agrees(value, published[key]):
                wrong[name, key] = value, published[key]
    assert wrong.keys() == ROUNDED_DOWN, wrong


def test_the_row_that_was_rounded_down_is_what_mpmath_says():
    with mp.workdps(30):
        left = mp.quad(lambda x: mp.npdf(x) * ((1 + x) * mp.exp(x)) ** 2, [-20, -8, -3, -1, 0])
        want = float(left + mp.mpf(1) / 2)
    assert float(moments(get("reu"), 1.0).slope) == pytest.approx(want, rel=1e-14)
    assert 0.58525 < want < 0.585251


def test_ninety_nine_functions_were_published_with_their_averages():
    assert len(PUBLISHED) == 99
    assert all({"q", "chi"} <= set(figures) for figures in PUBLISHED.values())


@catalogue
def test_the_quadratures_own_error_is_small(record):
    found, error = moments(record, 1.0), moments_error(record, 1.0)
    for part, value, wrong in zip(Moments._fields, found, error, strict=True):
        scale = max(1.0, abs(float(value))) if value.isfinite() else math.inf
        assert float(wrong) <= 1e-12 * scale, part
        assert float(wrong) >= 0


@catalogue
def test_growth_is_the_difference_quotient_of_the_square(record):
    step = 1e-4
    for variance in (0.5, 1.0, 3.0):
        up, down = (moments(record, variance + side * step).square for side in (1, -1))
        want = (up - down) / (2 * step)
        got = moments(record, variance).growth
        torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-7)


@settings(deadline=None, max_examples=30)
@given(st.floats(1e-6, 1e4))
def test_closed_forms_at_any_variance(variance):
    v = variance
    # arcsine kernel, Williams 1997; ReLU, Cho & Saul 2009; characteristic function of N(0, v)
    wanted = {
        "identity": (0, v, 1),
        "relu": (math.sqrt(v / 2 / math.pi), v / 2, 0.5),
        "erf": (
            0,
            2 / math.pi * math.asin(2 * v / (1 + 2 * v)),
            4 / math.pi / math.sqrt(1 + 4 * v),
        ),
        "square": (v, 3 * v**2, 4 * v),
        "abs": (math.sqrt(2 * v / math.pi), v, 1),
        "normal_cdf": (0.5, None, None),
    }
    if v <= 1e3:
        wanted["sin"] = (0, -math.expm1(-2 * v) / 2, (1 + math.exp(-2 * v)) / 2)
    for name, figures in wanted.items():
        for got, want in zip(moments(get(name), v)[:3], figures, strict=True):
            if want is not None:
                assert float(got) == pytest.approx(want, rel=1e-11, abs=1e-11), (name, v)


def test_exponentials_weigh_far_out():
    # E[exp(2·2|z|)]: most of it is beyond four standard deviations
    v = 4.0
    got = moments(get("symexp"), v).slope
    want = 2 * math.exp(2 * v) * 0.5 * math.erfc(-2 * math.sqrt(v) / math.sqrt(2))
    assert float(got) == pytest.approx(want, rel=1e-12)


def test_a_slope_without_an_integral_is_infinite_and_the_rest_is_not():
    found = moments(get("signed_sqrt"), torch.tensor([0.5, 1.0, 2.0]))
    assert found.slope.isinf().all()
    torch.testing.assert_close(
        found.square, torch.tensor([0.5, 1, 2]).double().mul(2 / math.pi).sqrt()
    )


def test_a_plain_function_and_the_record_give_the_same():
    got, want = moments(torch.tanh, 1.0), moments(get("tanh"), 1.0)
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-15)


def test_parameters_are_the_records():
    for slope in (0.1, 0.3):
        found = moments(get(f"leaky_relu:negative_slope={slope}"), 1.0)
        assert float(found.square) == pytest.approx((1 + slope**2) / 2, rel=1e-14)


@pytest.mark.parametrize("name", ["relu", "gelu", "hardshrink", "signed_sqrt"])
def test_vmap_and_shapes_and_compile(name):
    record = get(name)
    variances = torch.tensor([[0.1, 1.0, 7.0], [2.0, 3.0, 20.0]], dtype=torch.float64)
    want = moments(record, variances)
    mapped = torch.func.vmap(torch.func.vmap(lambda v: moments(record, v)))(variances)
    compiled = torch.compile(lambda v: moments(record, v), backend="eager", fullgraph=True)(
        variances
    )
    for index, one in enumerate(want):
        assert one.shape == variances.shape
        torch.testing.assert_close(mapped[index], one)
        torch.testing.assert_close(compiled[index], one)
        for place in ((0, 1), (1, 2)):
            alone = moments(record, variances[place])[index]
            torch.testing.assert_close(alone, one[place])


def test_the_gradient_for_the_variance_is_the_growth():
    v = torch.tensor(1.3, dtype=torch.float64)
    got = torch.func.grad(lambda v: moments(get("tanh"), v).square)(v)
    torch.testing.assert_close(got, moments(get("tanh"), v).growth)


def test_weights_add_up_to_one():
    for split in (1, 3):
        _, _, root = nodes(torch.tensor(2.0, dtype=torch.float64), edges=(0.3,), split=split)
        assert float(root.square().sum()) == pytest.approx(1, abs=1e-14)


def by_tanh_sinh(function, ends, step=2.0**-5):
    """The integral over panels between the ends, by a rule that endpoint singularities suit.

    Takahasi & Mori 1974. Nothing of it is shared with Gauss and Legendre's.
    """
    t = torch.arange(-3.5, 3.5 + step, step, dtype=torch.float64)
    bent = math.pi / 2 * t.sinh()
    weights = step * math.pi / 2 * t.cosh() / bent.cosh().square()
    low, high = ends[:-1, None], ends[1:, None]
    # from the nearer end on, so that the distance from a singularity keeps its digits
    from_end = (high - low) / (1 + (2 * bent.abs()).exp())
    z = torch.where(t < 0, low + from_end, high - from_end)
    return ((high - low) / 2 * weights * function(z)).sum()


@catalogue
def test_another_quadrature_says_the_same(record):
    for variance in (1e-3, 1.0, 30.0):
        check_by_tanh_sinh(record, variance)


def check_by_tanh_sinh(record, variance):
    root = math.sqrt(variance)
    near = torch.tensor([-8, -2, -0.5, 0.5, 2, 8, *record.joint_points, *record.poles]).double()
    ends = torch.cat([torch.arange(-38, 39, 2).double(), (near / root).clamp(-38, 38)]).unique()
    found, error = moments(record, variance), moments_error(record, variance)

    def average(part, power):
        # the power outside of the density's root: a far value's square overflows
        def weighed(z):
            density = torch.exp(-z.square() / (2 * power)) / (2 * math.pi) ** (0.5 / power)
            return (part(root * z) * density) ** power

        return float(by_tanh_sinh(weighed, ends))

    size = float(found.square)
    for name, part, power in (
        ("mean", record.f, 1),
        ("square", record.f, 2),
        ("slope", record.df, 2),
    ):
        got = float(getattr(found, name))
        if math.isinf(got):
            assert (record.name, name) == ("signed_sqrt", "slope")
            continue  # as there is no integral
        scale = math.sqrt(size) if name == "mean" else got
        room = 1e-11 * scale + 10 * float(getattr(error, name))
        assert got == pytest.approx(average(part, power), rel=0, abs=room), name
