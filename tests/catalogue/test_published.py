"""Every record against values that were not made here: other libraries, mpmath, printed means.

`published.json` is a table of constants, made by `make_published.py` without this package. The
certificate holds a record against its own formula; here the formula itself is what is judged.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from actfunc import CATALOGUE, Activation
from actfunc.certify.oracle import truth
from actfunc.formulas.formula import Formula, parse
from tests.records import HANDFUL

pytestmark = pytest.mark.usefixtures("one_thread")

TABLE = json.loads((Path(__file__).parent / "published.json").read_text(encoding="utf-8"))
PUBLISHED: dict[str, Any] = TABLE["functions"]

SINGLE = ("keras.activations.tanh(x)",)
"""Library calls that answer in float32 (keras on jax)."""

EXACT = 1e-15
LIBRARY, ROUNDING = 1e-13, 2e-15
"""A library's float64 values: of the value, and of the terms that it may have added up to it."""
FLOAT64 = 1e-12


def record_of(name: str) -> Activation:
    """The record behind a published name, which may be an alias of it."""
    canonical = CATALOGUE.canonical(name)
    assert canonical is not None
    return CATALOGUE[canonical]


class Setting(NamedTuple):
    """One function at one setting of its parameters, as published."""

    name: str
    params: dict[str, float]
    x: Tensor
    exact: Tensor
    libraries: dict[str, Tensor]

    def record(self) -> Activation:
        record = record_of(self.name)
        assert set(self.params) <= set(record.params), (
            f"published.json calls parameters of {self.name} {', '.join(self.params)}, "
            f"the record has {', '.join(record.params) or 'none'}"
        )
        return record.bind(**self.params)

    def __str__(self) -> str:
        return ",".join([self.name, *(f"{key}={value}" for key, value in self.params.items())])


def column(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


SETTINGS = [
    Setting(
        name,
        given["params"],
        column(given["x"]),
        column(given["exact"]),
        {call: column(values) for call, values in given["libraries"].items()},
    )
    for name, about in PUBLISHED.items()
    for given in about["entries"]
]
HERE = [setting for setting in SETTINGS if CATALOGUE.canonical(setting.name) is not None]
settings = pytest.mark.parametrize("setting", HERE, ids=str)
with_moments = pytest.mark.parametrize(
    "name", [n for n, a in PUBLISHED.items() if a["moments"] and CATALOGUE.canonical(n) is not None]
)


def off(got: Tensor, wanted: Tensor, relative: float, absolute: Tensor | float = 0.0) -> Tensor:
    """Which points differ by more than `relative` of the wanted value and `absolute`."""
    return ~((got - wanted).abs() <= relative * wanted.abs() + absolute)


def formula_of(record: Activation) -> Formula:
    return parse(record.formula, tuple(record.params))


def disagreements(formula: Formula, params: dict[str, float], setting: Setting) -> list[str]:
    """What the formula's true values contradict, a line each."""
    true = truth(formula, setting.x, params)
    assert true.known.all(), "a published point lies on a joint or a pole"
    got, scale = true.hi[0], setting.x.abs().clamp(min=1.0)
    columns = {"mpmath": (setting.exact, off(got, setting.exact, EXACT))}
    for call, values in setting.libraries.items():
        relative = 1e-6 if call in SINGLE else LIBRARY
        columns[call] = (values, off(got, values, relative, ROUNDING * scale))
    return [
        f"{setting} at {float(setting.x[i])}: formula {float(got[i])!r}, {by} {float(values[i])!r}"
        for by, (values, wrong) in columns.items()
        for i in wrong.nonzero().flatten().tolist()
    ]


@settings
def test_the_formula_is_the_published_function(setting):
    record = setting.record()
    assert not disagreements(formula_of(record), dict(record.params), setting)


@settings
def test_the_function_and_the_plain_formula_give_the_published_values(setting):
    record = setting.record()
    assert not off(record.f(setting.x), setting.exact, FLOAT64).any()
    # evaluated as it is written, a formula may lose to cancellation what it adds up
    plain = formula_of(record).evaluate(setting.x, **record.params)
    assert not off(plain, setting.exact, FLOAT64, ROUNDING * setting.x.abs().clamp(min=1.0)).any()


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(each, id=str(each), marks=() if each.name in HANDFUL else pytest.mark.full)
        for each in HERE
    ],
)
def test_a_formula_wrong_by_a_billionth_would_be_seen(setting):
    record = setting.record()
    wrong = parse(f"({record.formula}) * 1.000000001", tuple(record.params))
    seen = disagreements(wrong, dict(record.params), setting)
    assert any("mpmath" in line for line in seen)
    double = all(call in SINGLE for call in setting.libraries)
    assert double or any("mpmath" not in line for line in seen)


EDGES = (-11, -9, -7, -6, -5, -4, -3, -2.5, -2, -1.5, -1, -0.5, 0)
"""Between these and their mirror images every function of the table is smooth, at its defaults."""


def normal_rule() -> tuple[Tensor, Tensor]:
    """Points and weights that integrate a function against the standard normal density."""
    nodes, weights = map(torch.from_numpy, np.polynomial.legendre.leggauss(10))
    edges = column([*EDGES, *(-edge for edge in reversed(EDGES[:-1]))])
    middle, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    x = (middle[:, None] + half[:, None] * nodes).flatten()
    density = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return x, (half[:, None] * weights).flatten() * density


def means(formula: Formula, params: dict[str, float]) -> dict[str, float]:
    """E[φ], E[φ²] and E[φ′²] of the formula under N(0, 1)."""
    x, weights = normal_rule()
    value, slope = truth(formula, x, params).hi[:2]
    terms = {"mean": value, "q": value**2, "chi": slope**2}
    return {which: float((weights * term).sum()) for which, term in terms.items()}


def unlike(found: dict[str, float], printed: dict[str, float | None]) -> list[str]:
    """Those that do not round to the four printed digits, which are themselves good to 1e-6."""
    wrong = []
    for which, number in printed.items():
        if number is None:  # infinite
            continue
        digit = 10.0 ** (math.floor(math.log10(abs(number))) - 3) if number else 0.0
        if not abs(found[which] - number) <= digit / 2 + 1e-6:
            wrong.append(f"{which}: found {found[which]!r}, printed {number}")
    return wrong


@with_moments
def test_the_means_of_the_formula_are_the_printed_ones(name):
    record = record_of(name)
    formula, params, printed = formula_of(record), dict(record.params), PUBLISHED[name]["moments"]
    assert not unlike(means(formula, params), printed)
    wrong = parse(f"({record.formula}) * 1.001", formula.params)
    assert unlike(means(wrong, params), printed), "an error of a thousandth would not be seen"


def test_the_table_covers_the_catalogue_and_what_it_says():
    assert set(CATALOGUE) <= set(PUBLISHED)
    assert len([name for name, about in PUBLISHED.items() if about["moments"]]) == 99
    assert all(len(setting.x) >= 7 for setting in SETTINGS)
    witnessed = {setting.name for setting in SETTINGS if setting.libraries}
    assert len(witnessed) >= 0.9 * len(PUBLISHED)
