"""Sums and products taken apart: the terms of a sum with their numbers, what is linear in x."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from actfunc.formulas.tree import Apply, Node, Number, Symbol, constant, names

Term: TypeAlias = tuple[Fraction, Node]
"""A number, and what it is times of; of a number alone that is 1."""

UNIT = Number(Fraction(1))


def terms(node: Node) -> list[Term]:
    """A tree as a sum, each term once."""
    found: dict[Node, Fraction] = {}
    for factor, term in _terms(node):
        found[term] = found.get(term, Fraction(0)) + factor
    return [(factor, term) for term, factor in found.items() if factor]


def _terms(node: Node) -> list[Term]:
    value = constant(node)
    if value is not None:
        return [(value, UNIT)]
    match node:
        case Apply("+", (a, b)):
            return _terms(a) + _terms(b)
        case Apply("-", (a, b)):
            return _terms(a) + _times(Fraction(-1), _terms(b))
        case Apply("neg", (a,)):
            return _times(Fraction(-1), _terms(a))
        case Apply("*", (a, b)):
            for one, other in ((a, b), (b, a)):
                if (factor := constant(one)) is not None:
                    return _times(factor, _terms(other))
        case Apply("/", (a, b)):
            if divisor := constant(b):
                return _times(1 / divisor, _terms(a))
    return [(Fraction(1), node)]


def _times(factor: Fraction, these: Sequence[Term]) -> list[Term]:
    return [(factor * own, term) for own, term in these]


def total(these: Sequence[Term]) -> Node:
    """The tree of a sum."""
    sum_: Node | None = None
    for factor, term in these:
        if sum_ is None:
            sum_ = multiple(factor, term)
        elif factor < 0:
            sum_ = Apply("-", (sum_, multiple(-factor, term)))
        else:
            sum_ = Apply("+", (sum_, multiple(factor, term)))
    return Number(Fraction(0)) if sum_ is None else sum_


def multiple(factor: Fraction, term: Node) -> Node:
    """A number times a tree."""
    if isinstance(term, Number):
        return Number(factor * term.value)
    if factor == 1:
        return term
    if factor == -1:
        return negative(term)
    if factor.numerator == 1:
        return Apply("/", (term, Number(Fraction(factor.denominator))))
    return Apply("*", (Number(factor), term))


def negative(node: Node) -> Node:
    """A tree with the other sign."""
    match node:
        case Number(value):
            return Number(-value)
        case Apply("neg", (inner,)):
            return inner
        case Apply("-", (a, b)):
            return Apply("-", (b, a))
        case Apply("*" | "/" as name, (a, b)):
            return Apply(name, (negative(a), b))
    return Apply("neg", (node,))


def linear(node: Node) -> tuple[Node, Node] | None:
    """Slope and value at 0 of what is linear in x; None of anything else."""
    if "x" not in names(node):
        return Number(Fraction(0)), node
    match node:
        case Symbol("x"):
            return UNIT, Number(Fraction(0))
        case Apply("neg", (a,)):
            inner = linear(a)
            return inner and (negative(inner[0]), negative(inner[1]))
        case Apply("+" | "-" as sign, (a, b)):
            one, other = linear(a), linear(b)
            if one is None or other is None:
                return None
            return tuple(simple(sign, *pair) for pair in zip(one, other, strict=True))  # type: ignore[return-value]
        case Apply("*" | "/" as sign, (a, b)):
            if "x" not in names(b):
                one = linear(a)
                return one and (simple(sign, one[0], b), simple(sign, one[1], b))
            if sign == "*" and "x" not in names(a):
                return linear(Apply("*", (b, a)))
    return None


def simple(sign: str, a: Node, b: Node) -> Node:
    """a sign b, without the zeros and ones."""
    zero = Number(Fraction(0))
    match sign:
        case "+" if a == zero:
            return b
        case "+" | "-" if b == zero:
            return a
        case "-" if a == b:
            return zero
        case "-" if a == zero:
            return negative(b)
        case "*" if zero in (a, b):
            return zero
        case "*" if a == UNIT:
            return b
        case "*" | "/" if b == UNIT:
            return a
        case "*" if isinstance(b, Number):
            return multiple(b.value, a)
        case "*" if isinstance(a, Number):
            return multiple(a.value, b)
        case "/" if a == zero:
            return zero
    return Apply(sign, (a, b))
