"""The truth against mpmath, which shares no code with it, and against published constants."""

import math
import re
from functools import cache

import flint
import mpmath
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import actfunc
from actfunc.certify.oracle import truth
from actfunc.errors import FormulaError
from actfunc.formulas.formula import parse
from tests.records import each

DIGITS = 50
MPMATH = {
    name: getattr(mpmath, name)
    for name in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh")
} | {
    "tanh": mpmath.tanh, "asinh": mpmath.asinh, "atan": mpmath.atan, "erf": mpmath.erf,
    "erfc": mpmath.erfc, "sign": mpmath.sign, "abs": abs, "max": max, "min": min,
    "pi": mpmath.pi, "e": mpmath.e, "sigmoid": lambda u: 1 / (1 + mpmath.exp(-u)),
    "softplus": lambda u: mpmath.log1p(mpmath.exp(u)), "sinc": mpmath.sinc, "mpf": mpmath.mpf,
}  # fmt: skip
OTHERS = (
    "expm1(x) / 3 - log1p(x * x)",
    "sqrt(1 + x**2) * sin(x) - cos(pi * x)",
    "x**3 / (1 + abs(x))**2.5",
    "asinh(x) * atan(x) + erf(x / 7)",
    "tan(x / 40) * cosh(x / 9) - sinh(x / 9)",
    "e**2 * softplus(3*x)",
    "sigmoid(x) * x**-2 if x < -1 else max(x, 0.25) - min(x, -0.125)",
    "tanh(x) - x",
    "x * erfc(-x)",
)
each_record = each(actfunc.CATALOGUE.values())


def one(text, x, params=None):
    """hi + lo of the value and three derivatives at one point, as mpmath's numbers."""
    found = truth(parse(text, tuple(params or ())), torch.tensor([x], dtype=torch.float64), params)
    assert found.known.item()
    pairs = zip(found.hi[:, 0].tolist(), found.lo[:, 0].tolist(), strict=True)
    with mpmath.workdps(DIGITS):
        return [mpmath.mpf(hi) + mpmath.mpf(lo) for hi, lo in pairs]


@cache
def by_mpmath(text):
    # Python would round a decimal to a float, and divide whole numbers as such
    exact = re.sub(r"(?<![\w.])(\d+\.?\d*)(?![\w.])", r"mpf('\1')", text)
    return compile(exact, text, "eval")


def agrees(text, params, x):
    # the text is this file's or the catalogue's, so Python may read it
    words = {**MPMATH, **{name: mpmath.mpf(value) for name, value in params.items()}}

    def function(point):
        return mpmath.mpf(eval(by_mpmath(text), words, {"x": point}))

    ours = one(text, x, params)
    with mpmath.workdps(DIGITS):
        for order, mine in enumerate(ours):
            other = mpmath.diff(function, mpmath.mpf(x), order)
            assert abs(mine - other) <= 1e-20 * abs(other) + mpmath.mpf(10) ** -30, (order, x)


@each_record
@given(x=st.floats(-30, 30).filter(lambda x: abs(x) > 1e-3))
@settings(max_examples=12, deadline=None)
def test_records_agree_with_mpmath(record, x):
    assume(all(abs(x - joint) > 1e-3 for joint in record.joint_points))
    agrees(record.formula, dict(record.params), x)


@pytest.mark.parametrize("text", OTHERS)
@given(x=st.floats(-20, 20).filter(lambda x: min(abs(x + 1), abs(x), abs(x - 0.25)) > 1e-3))
@settings(max_examples=12, deadline=None)
def test_every_function_agrees_with_mpmath(text, x):
    if "log1p" not in text or x > -1:
        agrees(text, {}, x)


@pytest.mark.parametrize(
    ("name", "order", "x", "wanted"),
    [
        ("sigmoid", 0, 1.0, "0.73105857863000487925115924182183627"),
        ("tanh", 0, 1.0, "0.76159415595576488811945828260479359"),
        ("tanh", 1, 1.0, "0.41997434161402606939449673904170144"),
        ("elu", 0, -1.0, "-0.63212055882855767840447622983853913"),
        ("softplus", 0, 0.0, "0.69314718055994530941723212145817657"),
        ("gelu", 0, 1.0, "0.84134474606854294858523254563203792"),
        ("gelu", 2, 0.0, "0.79788456080286535587989211986876373"),
    ],
)
def test_constants(name, order, x, wanted):
    record = actfunc.get(name)
    with mpmath.workdps(40):
        ours = one(record.formula, x, dict(record.params))[order]
        assert abs(ours - mpmath.mpf(wanted)) < 1e-28


def test_the_working_precision_of_flint_is_left_as_it_was():
    before = flint.ctx.prec, flint.ctx.cap
    one("exp(x)", 1.0)
    with pytest.raises(FormulaError, match="exponents go to"):
        one("x**k", 1.0, {"k": 1e6})
    assert (flint.ctx.prec, flint.ctx.cap) == before


@each_record
def test_it_knows_the_whole_line(record):
    ends = [5e-324, 2.3e-308, 1e-9, 745.0, 1e5, 1e18, 1e200, 1.797e308]
    line = torch.tensor([0.0, -0.0, *ends, *(-end for end in ends)], dtype=torch.float64)
    found = truth(parse(record.formula, record.params), line, record.params)
    assert found.known.all()
    assert not found.hi.isnan().any()


def test_digits_survive_next_to_one_and_in_the_tail():
    # all of it cancels in float64; the truth is x³/3 and e^-800, below every subnormal
    assert float(one("x - tanh(x)", 1e-60)[0]) == pytest.approx(1e-180 / 3)
    assert float(one("log(1 + exp(x))", -700.0)[0]) == pytest.approx(math.exp(-700))
    assert one("log(1 + exp(x))", -1e6)[0] == 0


def test_exponents_beyond_those_of_flint():
    assert [float(v) for v in one("1 / (1 + exp(-x))", -1e300)] == [0, 0, 0, 0]
    assert [float(v) for v in one("x * tanh(log(1 + exp(x)))", 1e300)] == [1e300, 1, 0, 0]
    assert float(one("exp(x)", 1e300)[2]) == math.inf


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("x if x > 0 else 0", (0, 0)),
        ("x if x >= 0 else 0", (1, 0)),
        ("x*x if x > 0 else -x", (-1, 0)),
        ("abs(x)", (0, 0)),
        ("max(x, 0)", (0.5, 0)),
        ("min(2*x, x)", (1.5, 0)),
        ("0 if x < 0 else x if 0 <= x < 1 else x*x", (1, 0)),
        ("0 if x < 0 or x > 1 else 3*x*x", (0, 6)),
        ("0 if x > 0 and x > -1 else 2*x", (2, 0)),
    ],
)
def test_the_branch_that_holds_at_a_joint_gives_the_slope(text, slopes):
    assert tuple(float(v) for v in one(text, 0.0)[1:3]) == slopes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 if 1 < 1 + x*x else 3", 2),
        ("2 if 1 + x*x < 1 else 3", 3),
        ("2 if 1 <= 1 - x*x else 3", 3),
        ("2 if 1 + x*x > 1 else 3", 2),
        ("2 if 1 - x*x >= 1 else 3", 3),
    ],
)
def test_what_is_nearly_a_tie_is_decided_by_more_digits(text, wanted):
    assert one(text, 1e-200)[0] == wanted
    # a tie that no number of digits decides
    tie = text.replace("x*x", "(exp(x) - e)").replace("1 ", "0 + 1 ", 1)
    assert not truth(parse(tie), torch.ones(1, dtype=torch.float64)).known.any()


def test_what_cannot_be_decided_is_said_to_be_unknown():
    x = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    assert truth(parse("1 / x"), x).known.tolist() == [True, False, True]
    assert truth(parse("sqrt(x)"), x).known.tolist() == [False, False, True]
    assert truth(parse("log(x)"), x).hi[0].isnan().tolist() == [True, True, False]


def test_numbers_are_the_decimals_written_and_parameters_the_floats_they_are():
    assert one("0.1 + 0*x", 1.0)[0] != one("a + 0*x", 1.0, {"a": 0.1})[0]
    with mpmath.workdps(40):
        assert abs(one("0.1 + 0*x", 1.0)[0] * 10 - 1) < 1e-25
