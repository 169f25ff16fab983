"""The truth about a formula: its value and three derivatives at exact points, all digits proven.

The formula's tree is evaluated in ball arithmetic, at a precision that rises until each number is
known to far more digits than the dtype under test has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import flint
import torch
from flint import arb, arb_series
from torch import Tensor

from actfunc.certify import series
from actfunc.certify.formula import MAX_EXPONENT, Formula
from actfunc.certify.series import TERMS, Series, Undecided
from actfunc.certify.tree import Apply, Node, Number, Symbol, names
from actfunc.errors import FormulaError

PRECISIONS = (128, 384, 1280, 3072, 8192)
"""Bits to work with, in turn. 1280 resolve what is small next to 1 down to the subnormals."""

GOOD_BITS = 80
NEGLIGIBLE = arb((1, -1076))
"""Less than half the smallest subnormal float64."""

_FACTORIALS = (1, 1, 2, 6)
_NOTHING = [float("nan")] * TERMS

Evaluator: TypeAlias = Callable[[Series, int], Series]
"""The series of a subtree at a point (itself a series), at a precision in bits."""

Condition: TypeAlias = Callable[[Series, int], bool]


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


def truth(formula: Formula, x: Tensor, params: Mapping[str, float] | None = None) -> Truth:
    """The truth about `formula` at the finite points `x` (any floating dtype, taken as exact).

    The parameters are taken as the float64 numbers they are, numbers in the text as the decimals
    written. Raises FormulaError for an exponent out of bounds.
    """
    evaluate = _build(formula.tree, dict(params or {}))
    flat = x.detach().to(torch.float64).flatten().tolist()
    with series.precision(PRECISIONS[0]):
        found, start = [], 0
        for value in flat:
            # neighbours need about the same precision, so begin where the last point ended
            point, level = _at(evaluate, value, start)
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
    return Truth(hi, lo, torch.tensor([point is not None for point in found], dtype=torch.bool))


Point: TypeAlias = tuple[list[float], list[float]]
"""hi and lo of the value and the derivatives at one point."""


def _at(evaluate: Evaluator, x: float, start: int) -> tuple[Point | None, int]:
    """The truth at one point, None where it stays undecided, and the level of precision it took."""
    point = arb_series([arb(x), arb(1)], TERMS)
    for level, bits in enumerate(PRECISIONS[start:], start):
        flint.ctx.prec = bits
        try:
            result = evaluate(point, bits)
        except Undecided:
            continue
        balls = [result[order] * factorial for order, factorial in enumerate(_FACTORIALS)]
        if all(map(_settled, balls)):
            hi = [float(ball) for ball in balls]
            lo = [_rest(ball, high) for ball, high in zip(balls, hi, strict=True)]
            return (hi, lo), level
    return None, 0


def _settled(ball: arb) -> bool:
    return ball.rel_accuracy_bits() >= GOOD_BITS or bool(abs(ball) < NEGLIGIBLE)


def _rest(ball: arb, high: float) -> float:
    return 0.0 if high in (float("inf"), float("-inf")) else float(ball - high)


def _build(node: Node, params: Mapping[str, float]) -> Evaluator:
    """A tree as a function of the point, built once; subtrees without x are kept by precision."""
    evaluator = _build_node(node, params)
    if "x" in names(node):
        return evaluator
    kept: dict[int, Series] = {}

    def constant(point: Series, bits: int) -> Series:
        if bits not in kept:
            kept[bits] = evaluator(point, bits)
        return kept[bits]

    return constant


def _build_node(node: Node, params: Mapping[str, float]) -> Evaluator:
    match node:
        case Number(value):
            fraction = flint.fmpq(value.numerator, value.denominator)
            return lambda point, bits: arb_series([arb(fraction)])
        case Symbol("x"):
            return lambda point, bits: point
        case Symbol("pi"):
            return lambda point, bits: arb_series([arb.pi()])
        case Symbol("e"):
            return lambda point, bits: arb_series([arb.const_e()])
        case Symbol(name):
            setting = float(params[name])
            return lambda point, bits: arb_series([arb(setting)])
        case Apply("if", (condition, body, orelse)):
            holds = _build_condition(condition, params)
            yes, no = _build(body, params), _build(orelse, params)
            return lambda point, bits: yes(point, bits) if holds(point, bits) else no(point, bits)
        case Apply("**", (base, exponent)):
            return _build_power(base, exponent, params)
        case Apply(name, (argument,)):
            function, inner = series.FUNCTIONS[name], _build(argument, params)
            return lambda point, bits: function(inner(point, bits))
        case Apply(name, (first, second)):
            function = series.FUNCTIONS[name]
            left, right = _build(first, params), _build(second, params)
            return lambda point, bits: function(left(point, bits), right(point, bits))
    raise AssertionError(node)


def _build_power(base: Node, exponent: Node, params: Mapping[str, float]) -> Evaluator:
    inner, constant = _build(base, params), _build(exponent, params)

    def power(point: Series, bits: int) -> Series:
        k = constant(point, bits)[0]
        if not abs(k) <= MAX_EXPONENT:
            raise FormulaError(f"an exponent is {float(k):.4g}; exponents go to {MAX_EXPONENT}")
        return series.power(inner(point, bits), k)

    return power


def _build_condition(node: Node, params: Mapping[str, float]) -> Condition:
    assert isinstance(node, Apply)
    first, second = node.arguments
    if node.name in series.COMPARISONS:
        compare = series.COMPARISONS[node.name]
        left, right = _build(first, params), _build(second, params)
        return lambda point, bits: compare(left(point, bits), right(point, bits))
    one, other = _build_condition(first, params), _build_condition(second, params)
    if node.name == "and":
        return lambda point, bits: one(point, bits) and other(point, bits)
    return lambda point, bits: one(point, bits) or other(point, bits)
