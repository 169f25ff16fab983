"""A tree as f, df and d2f: each part of it computed once, on jets of scaled numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias, Union

import torch
from torch import Tensor

from actfunc.activation import Function
from actfunc.formulas import algebra, waves
from actfunc.formulas.formula import CONDITIONS, TORCH
from actfunc.formulas.functions import FUNCTIONS
from actfunc.formulas.parts import value_of
from actfunc.formulas.scaled import ONE, ZERO, Scaled, ScaledJet
from actfunc.formulas.tree import Apply, Node, Symbol, names
from actfunc.formulas.tree import Number as Written
from actfunc.numerics.floats import Number, finite, flushed, tensor_like, zero

Part: TypeAlias = Union[ScaledJet, Number, bool]  # noqa: UP007  (evaluated where ScaledJet is a class)
Step: TypeAlias = Callable[[list[Part], ScaledJet, Mapping[str, Number]], Part]

_COMPARED: dict[str, Callable[..., Tensor]] = {
    "<": torch.lt, "<=": torch.le, ">": torch.gt, ">=": torch.ge,
    "and": torch.logical_and, "or": torch.logical_or,
}  # fmt: skip

_JETS: dict[str, Callable[[ScaledJet, ScaledJet], ScaledJet]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "max": algebra.maximum,
    "min": algebra.minimum,
}

_SETTLED: dict[str, Callable[..., ScaledJet]] = {
    "**": algebra.power,
    "root": algebra.root,
    "over_root": algebra.over_root,
    "sinc_past": waves.sinc_past,
}
"""Functions of a jet and of numbers that are the same everywhere."""

_NUMBERS: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "neg": lambda a: -a,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "if": lambda condition, a, b: a if condition else b,
    "max": max,
    "min": min,
    "abs": abs,
    "sign": lambda a: float(a > 0) - float(a < 0),
    "sinc": lambda a: math.sin(a) / a if a else 1.0,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)) if a > 0 else math.exp(a) / (1 + math.exp(a)),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    **{name: getattr(math, name) for name in (
        "asinh", "atan", "cos", "cosh", "erf", "erfc", "exp", "expm1", "log", "log1p", "sin",
        "sinh", "sqrt", "tan", "tanh")},
}  # fmt: skip


def sibling(tree: Node, order: int, *, roomy: bool = False) -> Function:
    """The function that a tree is of `x` and its other symbols, or its first or second derivative.

    The derivatives at ±inf are those at the largest number; subnormal results are flushed.
    roomy: whether the result is rounded to another dtype, whose smallest number is large here.
    """
    steps = _steps(tree)

    def of_tree(x: Tensor, **params: Number) -> Tensor:
        parts = (Scaled(finite(x) if order else x), ONE, ZERO)[: order + 1]
        found = _run(steps, ScaledJet(*parts), params)
        part: Number = 0.0
        if isinstance(found, ScaledJet):
            last = found.parts[order]
            part = last.number if roomy else last.precise_number
        elif not order:
            part = found
        if isinstance(part, Tensor) and part.shape == x.shape:
            return part if roomy else flushed(part)
        return zero(x) + part

    return of_tree


def _run(steps: list[Step], x: ScaledJet, params: Mapping[str, Number]) -> Part:
    found: list[Part] = []
    for step in steps:
        found.append(step(found, x, params))
    return found[-1]


def _steps(tree: Node) -> list[Step]:
    """What to compute, in order; the same subtree once."""
    at: dict[Node, int] = {}
    steps: list[Step] = []

    def place(node: Node) -> int:
        if node not in at:
            step = _varying(node, place) if "x" in names(node) else _constant(node)
            at[node] = len(steps)
            steps.append(step)
        return at[node]

    place(tree)
    return steps


def _constant(node: Node) -> Step:
    return lambda found, x, params: number(node, params)


def number(node: Node, params: Mapping[str, Number]) -> Number:
    """The value of a tree without x: a float, or a tensor where a parameter in it is one."""
    match node:
        case Written(value):
            return float(value)
        case Symbol(name):
            return {"pi": math.pi, "e": math.e, **params}[name]
        case Apply(name, arguments):
            values = [number(argument, params) for argument in arguments]
            tensor = next((each for each in values if isinstance(each, Tensor)), None)
            if tensor is not None:
                return TORCH[name](*(tensor_like(tensor, each) for each in values))
            try:
                return _NUMBERS[name](*values)
            except OverflowError:
                return math.inf
            except (ValueError, ZeroDivisionError):
                return math.nan


def _varying(node: Node, place: Callable[[Node], int]) -> Step:
    if not isinstance(node, Apply):
        return lambda found, x, params: x
    name = node.name
    at = tuple(map(place, node.arguments))
    if name in CONDITIONS:
        return _condition(name, *at)
    if name == "if":
        return _choice(*at)
    if name == "neg":
        return lambda found, x, params: -_jet(found[at[0]], x)
    if name in _SETTLED:
        settled = _SETTLED[name]
        return lambda found, x, params: settled(
            _jet(found[at[0]], x), *(_number(found[where]) for where in at[1:])
        )
    if name in ("at_least", "at_most"):
        return _limited(name, *at)
    if name in _JETS:
        function = _JETS[name]
        return lambda found, x, params: function(_jet(found[at[0]], x), _jet(found[at[1]], x))
    return lambda found, x, params: FUNCTIONS[name](_jet(found[at[0]], x))


def _limited(name: str, inner: int, limit: int) -> Step:
    """x no further to one side than this, its slope still 1: for a branch not taken beyond."""
    clamp = torch.maximum if name == "at_least" else torch.minimum

    def limited(found: list[Part], x: ScaledJet, params: Mapping[str, Number]) -> Part:
        free = _jet(found[inner], x)
        value = value_of(free)
        return ScaledJet(
            Scaled(clamp(value, tensor_like(value, _number(found[limit])))), *free.parts[1:]
        )

    return limited


def _condition(name: str, one: int, other: int) -> Step:
    compare = _COMPARED[name]

    def condition(found: list[Part], x: ScaledJet, params: Mapping[str, Number]) -> Part:
        pair = found[one], found[other]
        like = value_of(x)
        dtype = torch.bool if name in ("and", "or") else like.dtype
        left, right = (
            tensor_like(like, each.value if isinstance(each, ScaledJet) else each, dtype)
            for each in pair
        )
        return compare(left, right)

    return condition


def _choice(test: int, yes: int, no: int) -> Step:
    def choice(found: list[Part], x: ScaledJet, params: Mapping[str, Number]) -> Part:
        condition = found[test]
        if isinstance(condition, bool):
            return found[yes if condition else no]
        assert isinstance(condition, Tensor)
        return algebra.choose(condition, _jet(found[yes], x), _jet(found[no], x), value_of(x))

    return choice


def _jet(part: Part, like: ScaledJet) -> ScaledJet:
    if isinstance(part, ScaledJet):
        return part
    return ScaledJet(Scaled(_number(part)), *[ZERO] * (len(like.parts) - 1))


def _number(part: Part) -> Number:
    assert not isinstance(part, ScaledJet)
    return part
