"""The truth about a formula: its value and three derivatives at exact points, all digits proven.

The formula's tree is evaluated in ball arithmetic, at a precision that rises until each number is
known to far more digits than the dtype under test has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import flint
import torch
from flint import arb, arb_series
from torch import Tensor

from actfunc.errors import FormulaError
from actfunc.formulas import series
from actfunc.formulas.formula import MAX_EXPONENT, Formula
from actfunc.formulas.series import TERMS, Series, Undecided
from actfunc.formulas.tree import Apply, Node, Number, Symbol, names

PRECISIONS = (128, 384, 1280, 3072, 8192)
"""Bits to work with, in turn. 1280 resolve what is small next to 1 down to the subnormals."""

GOOD_BITS = 80
BESIDE = 5000
NEGLIGIBLE = arb((1, -1076))
"""Less than half the smallest subnormal float64."""

_FACTORIALS = (1, 1, 2, 6)
_NOTHING = [float("nan")] * TERMS

Place: TypeAlias = Mapping[str, Series]
"""The variables at a point, each a series; the one to differentiate by has the slope 1."""

Evaluator: TypeAlias = Callable[[Place, int], Series]
"""The series of a subtree at a place, at a precision in bits."""

Condition: TypeAlias = Callable[[Place, int], bool]


class Truth(NamedTuple):
    """The formula's value and first three derivatives at the points of a grid.

    hi, lo: (order, point), float64; their sum is the truth to 80 bits or more, hi alone the nearest
            float64 (±inf where the truth is beyond the largest, then lo is 0).
    known:  (point,), False where no precision decided the value: a pole, or a joint of irrational
            place; hi is NaN there.
    """

    hi: Tensor
    lo: Tensor
    known: Tensor


def prove(
    formula: Formula,
    columns: Mapping[str, Tensor],
    settings: Mapping[str, float],
    along: Sequence[str] = ("x",),
) -> list[Tensor]:
    """The parts of a `Truth` at these points, float64 columns.

    settings: the parameters that are the same everywhere; along: the variables to differentiate by.
    """
    values = {name: column.tolist() for name, column in columns.items()}
    evaluate = _Builder(settings, frozenset(columns)).build(formula.tree)
    with series.precision(PRECISIONS[0]):
        found, start = [], 0
        for numbers in zip(*values.values(), strict=True):
            place = {
                name: arb_series([arb(number), arb(name in along)], TERMS)
                for name, number in zip(values, numbers, strict=True)
            }
            # neighbours need about the same precision, so begin where the last point ended
            point, level = _at(evaluate, place, start)
            found.append(point)
            start = level if level > start else max(level - 1, 0)
    hi, lo = (
        torch.tensor(
            [_NOTHING if point is None else point[part] for point in found], dtype=torch.float64
        )
        .reshape(-1, TERMS)
        .T.contiguous()
        for part in (0, 1)
    )
    return [hi, lo, torch.tensor([point is not None for point in found], dtype=torch.bool)]


def proven_at(formula: Formula, x: arb, params: Mapping[str, float]) -> tuple[arb, ...] | None:
    """Value and three derivatives at one exact point, as balls; None where it stays undecided.

    x may be further out than any float, or nearer to 0.
    """
    with series.precision(PRECISIONS[0]):
        evaluate = _Builder(params, frozenset("x")).build(formula.tree)
        found, _ = _balls(evaluate, {"x": arb_series([x, arb(1)], TERMS)}, 0)
    return None if found is None else tuple(found)


def expansion(
    formula: Formula, x: float, unit: float, params: Mapping[str, float], terms: int
) -> tuple[list[float], list[float]] | None:
    """The Taylor coefficients of the formula at x, as many as there are terms, hi and lo of each.

    unit: that of the distance from x; far out and far in the coefficients would else be no floats.
    The first TERMS are proven as in `truth`; those above are as far as that precision knows them.
    None where it cannot be decided.
    """
    with series.precision(PRECISIONS[0]):
        flint.ctx.cap = terms
        place = {"x": arb_series([arb(x), arb(unit)], terms)}
        evaluate = _Builder(params, frozenset("x")).build(formula.tree)
        for bits in PRECISIONS:
            flint.ctx.prec = bits
            try:
                result = evaluate(place, bits)
            except Undecided:
                continue
            balls = [result[order] for order in range(terms)]
            if all(map(settled, balls[:TERMS])):
                middles = [ball.mid() for ball in balls]
                hi = [float(ball) for ball in middles]
                return hi, [rest(ball, high) for ball, high in zip(middles, hi, strict=True)]
    return None


def close_to(
    formula: Formula, point: float, sign: float, params: Mapping[str, float]
) -> tuple[float, ...] | None:
    """Value and derivatives 2⁻⁵⁰⁰⁰ right (sign 1) or left (-1) of a point, closer than any float:
    what vanishes and what grows without bound is 0 and ±inf. None where it cannot be decided."""
    with series.precision(PRECISIONS[-1]):  # so that the sum is exact
        x = arb(point) + arb((1 if sign > 0 else -1, -BESIDE))
        place = {"x": arb_series([x, arb(1)], TERMS)}
        found, _ = _at(_Builder(params, frozenset("x")).build(formula.tree), place, 0)
    return None if found is None else tuple(found[0])


Point: TypeAlias = tuple[list[float], list[float]]
"""hi and lo of the value and the derivatives at one point."""


def _at(evaluate: Evaluator, place: Place, start: int) -> tuple[Point | None, int]:
    """The truth at one point, None where it stays undecided, and the level of precision it took."""
    balls, level = _balls(evaluate, place, start)
    if balls is None:
        return None, level
    hi = [float(ball) for ball in balls]
    return (hi, list(map(rest, balls, hi))), level


def _balls(evaluate: Evaluator, place: Place, start: int) -> tuple[list[arb] | None, int]:
    for level, bits in enumerate(PRECISIONS[start:], start):
        flint.ctx.prec = bits
        try:
            result = evaluate(place, bits)
        except Undecided:
            continue
        balls = [result[order] * factorial for order, factorial in enumerate(_FACTORIALS)]
        if all(map(settled, balls)):
            return balls, level
    return None, 0


def settled(ball: arb) -> bool:
    """Whether a ball tells its number to 80 bits, or that nothing can be seen of it."""
    return ball.rel_accuracy_bits() >= GOOD_BITS or bool(abs(ball) < NEGLIGIBLE)


def rest(ball: arb, high: float) -> float:
    """What of the ball is left beside its nearest float64."""
    return 0.0 if high in (float("inf"), float("-inf")) else float(ball - high)


@dataclass(frozen=True)
class _Builder:
    """Makes of a tree a function of the place, once; what does not vary is kept by precision."""

    params: Mapping[str, float]
    varying: frozenset[str]

    def build(self, node: Node) -> Evaluator:
        evaluator = self.node(node)
        if names(node) & self.varying:
            return evaluator
        kept: dict[int, Series] = {}

        def constant(place: Place, bits: int) -> Series:
            if bits not in kept:
                kept[bits] = evaluator(place, bits)
            return kept[bits]

        return constant

    def node(self, node: Node) -> Evaluator:
        match node:
            case Number(value):
                fraction = flint.fmpq(value.numerator, value.denominator)
                return lambda place, bits: arb_series([arb(fraction)])
            case Symbol(name) if name in self.varying:
                return lambda place, bits: place[name]
            case Symbol("pi"):
                return lambda place, bits: arb_series([arb.pi()])
            case Symbol("e"):
                return lambda place, bits: arb_series([arb.const_e()])
            case Symbol(name):
                setting = float(self.params[name])
                return lambda place, bits: arb_series([arb(setting)])
            case Apply("if", (condition, body, orelse)):
                holds = self.condition(condition)
                yes, no = self.build(body), self.build(orelse)
                return lambda place, bits: (yes if holds(place, bits) else no)(place, bits)
            case Apply("**", (base, exponent)):
                return self.power(base, exponent)
            case Apply(name, (argument,)):
                function, inner = series.FUNCTIONS[name], self.build(argument)
                return lambda place, bits: function(inner(place, bits))
            case Apply(name, (first, second)):
                function = series.FUNCTIONS[name]
                left, right = self.build(first), self.build(second)
                return lambda place, bits: function(left(place, bits), right(place, bits))
        raise AssertionError(node)

    def power(self, base: Node, exponent: Node) -> Evaluator:
        inner, given = self.build(base), self.build(exponent)

        def power(place: Place, bits: int) -> Series:
            k = given(place, bits)
            if not abs(k[0]) <= MAX_EXPONENT:
                got = f"{float(k[0]):.4g}"
                raise FormulaError(f"an exponent is {got}; exponents go to {MAX_EXPONENT}")
            return series.power(inner(place, bits), k)

        return power

    def condition(self, node: Node) -> Condition:
        assert isinstance(node, Apply)
        first, second = node.arguments
        if node.name in series.COMPARISONS:
            compare = series.COMPARISONS[node.name]
            left, right = self.build(first), self.build(second)
            return lambda place, bits: compare(left(place, bits), right(place, bits))
        one, other = self.condition(first), self.condition(second)
        if node.name == "and":
            return lambda place, bits: one(place, bits) and other(place, bits)
        return lambda place, bits: one(place, bits) or other(place, bits)
