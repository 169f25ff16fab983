"""The search of a certificate: whatever is wrong between the points of its grid is looked at."""

from __future__ import annotations

import pytest
import torch

import actfunc
from actfunc.certify import certify, parse, search
from actfunc.certify.audited import audited
from actfunc.certify.certificate import on_grid
from actfunc.certify.check import BOUNDS, measured
from actfunc.certify.oracle import truth
from actfunc.certify.search import SEED, widened
from actfunc.certify.surroundings import surroundings
from actfunc.certify.suspects import EVEN, REACH, beside, strips, suspected, thinned, values
from actfunc.certify.taylor import taylor
from actfunc.numerics.ulp import error, ulp
from tests.certify.planted import SIBLINGS, bump, places, stretch
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
CATALOGUE = tuple(actfunc.CATALOGUE.values())
DTYPES = (torch.float64, torch.float32)
both = pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])
each_record = each(CATALOGUE)
WIDTH = 1e-4


def formula_of(record):
    return parse(record.formula, tuple(record.params))


def between(x, start, width):
    return (x.double() > start) & (x.double() < start + width)


def found(record, dtype):
    """All that a certificate judges, on the grid and by the search."""
    judge = formula_of(record)
    return widened(record, judge, on_grid(record, judge, dtype))[0]


def seen(judged, order, start, width=WIDTH):
    """Whether far more than the bound was found on a stretch."""
    return (judged.errors[order][between(judged.x, start, width)] > 4 * BOUNDS[order]).any()


# What is planted


@pytest.mark.parametrize("name", ["gelu", "elu", "gompertz"])
@both
def test_and_proven(name, dtype):
    record = wrong = actfunc.get(name)
    planted = [places(record, 1, seed=7 + order)[0] for order in range(3)]
    for order, place in enumerate(planted):
        wrong = stretch(wrong, order, place, WIDTH)
    judged = found(wrong, dtype)
    for order, place in enumerate(planted):
        assert seen(judged, order, place)
        assert between(judged.x[judged.errors[order].argmax()], place, WIDTH)


@pytest.mark.parametrize("start", [0.0, -WIDTH, 2e-4, -3e-4, 1e-6])
@both
def test_next_to_a_joint(start, dtype):
    record = actfunc.get("elu")
    for order in (0, 1) if start >= 0 else (0, 1, 2):
        assert seen(found(stretch(record, order, start, WIDTH), dtype), order, start)


@pytest.mark.parametrize("order", [0, 1])
@both
def test_far_out_and_far_in(order, dtype):
    wrong, planted = actfunc.get("seagull"), (
        (1e5, 100.0), (-1e5, 100.0), (3e-7, 1e-9), (1e30, 1e29), (47.0, 0.1)
    )  # fmt: skip
    for start, width in planted:
        wrong = stretch(wrong, order, start, width)
    judged = found(wrong, dtype)
    for start, width in planted:
        assert seen(judged, order, start, width), start


@both
@pytest.mark.parametrize("width", [3e-4, 3e-3, 3e-2])
def test_a_function_that_is_wrong_smoothly_and_all_of_it(dtype, width):
    """Its derivatives are those of what is wrong, so that neighbours agree with one another."""
    wrong, places = actfunc.get("gelu"), (-2.7182, 6.54321)
    for place in places:
        wrong = bump(wrong, place, width, 1e-5)
    judged = found(wrong, dtype)
    for place in places:
        near = judged.errors[:, between(judged.x, place - 5 * width, 10 * width)]
        assert (near.amax(1) > torch.tensor(BOUNDS)).all()


@pytest.mark.parametrize(
    ("name", "order", "start", "width", "relative"),
    [
        ("isru", 0, 7.7001, WIDTH, 1e-14),
        ("silu", 1, -3.14159, WIDTH, 6e-14),
        ("gelu", 0, 2.71828, WIDTH, 2e-12),
        ("elu", 2, -1.301e-3, 1e-6, 1e-13),
        ("softplus", 0, -61.3, 0.0125, 2e-13),
        ("sin", 1, 33.3, 0.007, 3e-12),
    ],
)
def test_a_narrow_stretch_that_is_off_by_tens_or_hundreds_of_units(
    name, order, start, width, relative
):
    """Where the formula cancels it is seen along the line, where a wave is fast beside it."""
    wrong = stretch(actfunc.get(name), order, start, width, relative=relative)
    assert seen(found(wrong, torch.float64), order, start, width)


@both
def test_a_single_nan(dtype):
    judged = found(stretch(actfunc.get("mish"), 2, 5.5, WIDTH, relative=float("nan")), dtype)
    assert judged.errors[2].max() == float("inf")


def test_a_nan_is_suspected_wherever_it_is():
    record = wrong = actfunc.get("mish")
    planted = [3.1 * number - 17.003 for number in range(12)]
    for place in planted:
        wrong = stretch(wrong, 0, place, WIDTH, relative=float("nan"))
    x = suspected(wrong, formula_of(record), torch.float64, SEED).x
    assert [place for place in planted if not between(x, place, WIDTH).any()] == []


@pytest.mark.parametrize("name", ["gelu", "elu"])
def test_where_nothing_is_wrong_little_is_suspected(name):
    """In a few of the 700 bins of each order: it would hide what is wrong there."""
    record = actfunc.get(name)
    assert len(suspected(record, formula_of(record), torch.float64, SEED).x) < 100


def test_a_strangers_function_is_held_against_the_record():
    right = actfunc.get("silu")
    wrong = stretch(right, 0, -7.7771, WIDTH)
    for judge, formula in ((right, None), (None, right.formula.replace("beta", "1"))):
        for dtype in DTYPES:
            theirs = audited("theirs", wrong, judge, formula=formula)
            certificate = certify(theirs, dtypes=(dtype,))
            assert [one.held for one in certificate.checks] == [False, True, True]
            assert -7.7771 < certificate.checks[0].worst.x < -7.7770


def test_a_kernel_for_one_dtype_is_searched_in_that_alone():
    silu = actfunc.get("silu")

    def kernel(x):
        assert x.dtype == torch.float32
        return silu(x)

    certificate = certify(audited("kernel", kernel, silu), dtypes=(torch.float32,))
    assert [one.held for one in certificate.checks] == [True, True, True]
    assert certificate.checks[0].searched > EVEN


# What is right


@each(CATALOGUE, ("elu", "signed_sqrt"))
@both
def test_the_worst_is_at_least_that_of_the_grid_and_how_many_were_tried_is_said(record, dtype):
    judge = formula_of(record)
    grid = on_grid(record, judge, dtype)
    judged, tried = widened(record, judge, grid)
    assert (judged.errors.amax(1) >= grid.errors.amax(1)).all()
    assert tried > EVEN > len(judged.x) > len(grid.x)
    assert (judged.x.diff() >= 0).all()
    assert torch.isin(grid.x, judged.x).all()
    assert not torch.isin(judged.x, torch.tensor(record.poles, dtype=dtype)).any()
    # what came together is what belongs together
    for order, sibling in enumerate(SIBLINGS):
        got = getattr(record, sibling)(judged.x)
        # torch's loops for few and for many may differ in the last digit of an exponential
        torch.testing.assert_close(got, judged.got[order], rtol=4 * torch.finfo(dtype).eps, atol=0)


def test_a_certificate_is_the_same_again_and_another_seed_looks_elsewhere():
    record = actfunc.get("softsign")
    judge = formula_of(record)
    grid = on_grid(record, judge, torch.float64)
    first, again = (widened(record, judge, grid)[0].x for _ in range(2))
    assert first.equal(again)
    assert not torch.isin(widened(record, judge, grid, seed=1)[0].x, first).all()


def test_it_climbs_to_what_the_grid_has_not():
    """gelu's slope in float32 is worst around an extremum of it, between two points of the grid."""
    record = actfunc.get("gelu")
    judge = formula_of(record)
    for dtype in DTYPES:
        grid = on_grid(record, judge, dtype)
        judged, _ = widened(record, judge, grid)
        assert (judged.errors.amax(1) > 1.05 * grid.errors.amax(1)).any()


def test_narrower_windows_find_worse(monkeypatch):
    record = actfunc.get("gelu")
    judge = formula_of(record)
    grid = on_grid(record, judge, torch.float64)
    found = []
    for windows in (search.NARROWER, search.NARROWER[:1]):
        monkeypatch.setattr(search, "NARROWER", windows)
        found.append(widened(record, judge, grid)[0].errors.amax(1))
    assert (found[0] >= found[1]).all()
    assert (found[0] > found[1]).any()


# The parts


def test_every_stretch_of_a_ten_thousandth_has_a_point_of_the_net():
    assert 2 * REACH / EVEN < WIDTH
    for dtype in DTYPES:
        net = strips(dtype, torch.Generator().manual_seed(3))
        even = net[0].x.to(dtype).double()
        assert even.diff().max() < WIDTH
        assert even[0] < -REACH + WIDTH
        assert even[-1] > REACH - WIDTH
        for strip in net:
            assert (strip.x.diff() >= 0).all()
            assert strip.x.isfinite().all()
        assert len(thinned(net, 2)[0].x) == EVEN // 2


@each_record
def test_the_plain_series_is_the_formulas_but_for_rounding(record):
    x = torch.linspace(-3, 3, 101, dtype=torch.float64)[:-1] + 0.0123
    found = taylor(formula_of(record), x, record.params)
    true = truth(formula_of(record), x, record.params).hi[:3]
    torch.testing.assert_close(found, true, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "expm1(x) / 3 - log1p(x * x)",
        "sqrt(1 + x**2) * sin(x) - cos(pi * x)",
        "x**3 / (1 + abs(x))**2.5",
        "asinh(x) * atan(x) + erf(x / 7)",
        "tan(x / 40) * cosh(x / 9) - sinh(x / 9)",
        "e**2 * softplus(3*x) + log(2 + sigmoid(x))",
        "sigmoid(x) * x**-2 if x < -1 else max(x, 0.25) - min(x, -0.125)",
        "x * erfc(-x) * sign(x) + sinc(x + 2)",
        "1 if x > 2 and x < 4 or x <= -2 else tanh(-x)",
    ],
)
def test_the_plain_series_of_every_function(text):
    x = torch.linspace(-3, 3, 100, dtype=torch.float64)
    torch.testing.assert_close(
        taylor(parse(text), x, {}), truth(parse(text), x).hi[:3], rtol=1e-9, atol=1e-9
    )


@each_record
def test_float64_beside_float32_is_the_measure(record):
    x = torch.linspace(-4.3, 4.1, 20_001)
    here = values(record)
    found = beside(here(x), here(x.double()), x)
    few = slice(50, None, 997)
    true = truth(formula_of(record), x[few], record.params)
    for order, got in enumerate(all_of_it[few] for all_of_it in here(x)):
        wanted = error(got, true.hi[order], true.lo[order], true.hi[order + 1], x[few])
        torch.testing.assert_close(found[order, few], wanted, rtol=0.05, atol=1e-5)


@each_record
def test_a_series_tells_the_errors_all_around_its_centre(record):
    formula, here = formula_of(record), values(record)
    generator = torch.Generator().manual_seed(0)
    for centre in (-7.123, -1.41, 0.2345, 3.3, 1e3):
        around = surroundings(formula, centre, record.params, abs(centre) / 64)
        if any(abs(centre - joint) < abs(centre) / 32 for joint in record.joint_points):
            continue
        if around is None:  # beyond every number
            assert record.name in ("exponential", "symexp")
            continue
        assert 1e-5 * abs(centre) < around.reach <= abs(centre) / 64
        offset = 2 * torch.rand(40, dtype=torch.float64, generator=generator) - 1
        x = (centre + around.reach * offset).unique()
        true = truth(formula, x, record.params)
        found, wanted = around.errors(here(x), x), measured(here(x), true, x)
        # what the polynomial takes off is rounded: where a derivative and the next are 0 together,
        # as at -9π/4 of snake, that is more than a hundredth of the unit
        middle = truth(formula, torch.tensor([centre], dtype=x.dtype), record.params).hi[:3]
        units = ulp(true.hi[:3], x.dtype) + true.hi[1:4].abs() * ulp(x, x.dtype)
        rounding = 2.0**-52 * (true.hi[:3] - middle).abs() / units
        off = (found - wanted).abs()
        assert ((off <= 0.02 + 0.01 * wanted + rounding) | (found == wanted)).all()


def test_a_series_is_no_further_good_than_it_reaches():
    near = surroundings(parse("1 / (x - 1)"), 1.01, {}, 1.0)
    assert near.reach < 0.01
    assert surroundings(parse("1 / x"), 0.0, {}, 1.0) is None


# All of the catalogue, which takes the longest and so comes last


@each(
    (r for r in CATALOGUE if r.d2f(torch.tensor([0.7], dtype=torch.float64)).item()),
    ("gelu", "elu", "xielu"),
)
@both
def test_a_stretch_of_a_ten_thousandth_is_suspected_wherever_it_is(record, dtype):
    """Of each order one in that dtype alone and one in both."""
    planted = {
        (order, place): alone
        for order in range(3)
        for place, alone in zip(places(record, 2, seed=order), (dtype, None), strict=True)
    }
    wrong = record
    for (order, place), alone in planted.items():
        wrong = stretch(wrong, order, place, WIDTH, dtype=alone)
    x = suspected(wrong, formula_of(record), dtype, SEED).x.to(dtype)
    for order, place in planted:
        assert between(x, place, WIDTH).any(), (SIBLINGS[order], place)
