"""Formula text: what is accepted means what it says, all else is refused quickly."""

import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import actfunc
from actfunc.errors import FormulaError, UsageError
from actfunc.formulas.formula import ARITY, parse

HOSTILE = (
    "__import__('os').system('true')", "x.real", "x.__class__", "(lambda: 1)()", "x[0]", "'a'",
    "f'{x}'", "9**9**9", "9" * 999,
    "(" * 400 + "x" + ")" * 400, "-" * 900 + "x", "+".join("x" * 500),
    "x" * 100_000, "x\0", "(x := 1)", "[x for x in x]", "1j", "0x10", "0b1",
    "x if x else 1", "x > 0",
    "exp", "y", "exp(x, x)", "exp(x=1)", "exp(*x)", "x**x", "2**x", "x**65",
    "x**(2**3)", "x**1e300",
    "x**(1/0)", "x // 2", "x % 2", "x == 1 if x > 0 else 1", "not x", "", " ", "()", "(x, x)",
    "x and x", "1e999", "True", "None", "...", "print(x)", "x(1)",
    "exp(x)(x)", "await x", "yield x",
    "x @ x", "x << 3", "~x", "x if 1 else 2", "x if x > 0",
    "(((9**64)**64)**64)**64", "((1 + 2*x)**9)**9", "lambda x: x", "import os", "x; x",
    "exec(x)", "eval(x)", "x is x", "x in x", "σ(x)", "x -> x", "*x", "max(x)", "{x}", "`x`", "\\x",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
def test_hostile_text_is_refused_within_milliseconds(text: str) -> None:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        with pytest.raises(FormulaError) as refusal:
            parse(text)
        best = min(best, time.perf_counter() - start)
    assert best < 0.005
    assert len(refusal.value.message) < 300


def test_a_refusal_says_what_is_not_accepted_and_what_is() -> None:
    with pytest.raises(FormulaError, match="attribute access is not accepted") as refusal:
        parse("x.real + alpha", ("alpha",))
    for accepted in ("alpha", "+ - * / **", *ARITY):
        assert accepted in refusal.value.hint


PIECES = st.sampled_from(
    ["x", "1", "0.5", "e", "pi", "+", "-", "*", "/", "**", "(", ")", ",", " if ",
     " else ", "<", ">=", "=", " and ", " or ", " not ", "exp", "max", ".", "1e9", "_", "\n", "[",
     "lambda ", ":",      "'", "1_"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
@settings(max_examples=600, deadline=None)
def test_any_text_is_a_formula_or_a_formula_error(text: str) -> None:
    try:
        formula = parse(text)
    except FormulaError:
        return
    assert formula.evaluate([0.5, 1.0]).shape == (2,)


@pytest.mark.parametrize("name", actfunc.names())
def test_what_is_shown_is_the_function_and_its_derivatives(name: str) -> None:
    record = actfunc.get(name)
    formula = parse(record.formula, record.params)
    x = torch.linspace(-5, 5, 100, dtype=torch.float64)
    torch.testing.assert_close(formula.evaluate(x, **record.params), record.f(x))
    for order, sibling in enumerate((record.f, record.df, record.d2f)):
        shown = parse(formula.plain(order), record.params).evaluate(x, **record.params)
        torch.testing.assert_close(shown, sibling(x), rtol=1e-6, atol=1e-8)
        assert formula.latex(order)
        assert formula.pretty(order)


def test_asymptotes_are_formulas() -> None:
    for record in map(actfunc.get, actfunc.names()):
        for text, end in zip(record.asymptotes, (-1e3, 1e3), strict=True):
            if text is not None:
                assert not parse(text, record.params).evaluate(end, **record.params).isnan()


@pytest.mark.parametrize(
    ("text", "x", "wanted"),
    [
        ("-x**2", 3.0, -9.0),
        ("2 if 0 < x <= 3 else 5", 3.0, 2.0),
        ("2 if 0 < x <= 3 else 5", 0.0, 5.0),
        ("1 if x < -1 or x > 1 else 0", 0.5, 0.0),
        ("1 if x > -1 and x < 1 else 0", 0.5, 1.0),
        ("max(x, 0) - min(x, 0) - abs(x)", -4.0, 0.0),
        ("e**2 - exp(2) + 0*x", 1.0, 0.0),
        ("softplus(x) - log1p(exp(x)) + sigmoid(0)", 1.0, 0.5),
        ("1_000 * x + 2.5e-3", 1.0, 1000.0025),
    ],
)
def test_the_language_means_what_python_means(text: str, x: float, wanted: float) -> None:
    assert parse(text).evaluate(x).item() == pytest.approx(wanted, abs=1e-12)


def test_cases_are_set_as_cases_and_words_as_words() -> None:
    formula = parse("x if x > 0 else negative_slope * x", ("negative_slope",))
    assert r"\begin{cases}" in formula.latex()
    assert r"\mathrm{negative\_slope}" in formula.latex(1)
    assert formula.plain(1) == "1 if x > 0 else negative_slope"


def test_a_missing_or_unknown_parameter_is_named() -> None:
    with pytest.raises(UsageError, match="takes the parameters alpha; got beta"):
        parse("alpha * x", ("alpha",)).evaluate(1.0, beta=2.0)
