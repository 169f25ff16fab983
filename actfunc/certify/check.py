"""What was computed against the truth: the errors at every point, and the worst of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.formulas.balls import Truth
from actfunc.lifting import SIXTEEN_BIT
from actfunc.numerics.ulp import error

ORDERS = ("value", "first", "second")
BOUNDS = (4.0, 4.0, 8.0)
"""What is allowed of the value, first and second derivative, in the design's measure."""

BOUND_16 = 0.51
"""What is allowed of each in 16 bits, in plain ulp: one rounding, and little more."""

WORST = 5
"""How many failing points a check keeps."""


class Point(NamedTuple):
    """One input, what came out, what is true, and the error in ulp.

    beside: the other inputs, where there are some: the gate, or the whole vector that x is in.
    """

    x: float
    got: float
    wanted: float
    ulp: float
    beside: tuple[float, ...] = ()

    @classmethod
    def of(cls, columns: Sequence[Tensor], at: int, beside: tuple[float, ...] = ()) -> Point:
        """Point `at` of the columns x, got, wanted and ulp."""
        x, got, wanted, ulp = (column[at].item() for column in columns)
        return cls(x, got, wanted, ulp, beside)


class Check(NamedTuple):
    """One of value, first and second derivative in one dtype against the formula.

    worst:     the point with the largest error.
    failing:   the worst points beyond the bound, at most five, one of each binade, and `beyond`
               how many there are.
    undecided: points where the formula itself has no value that could be proven.
    points:    at how many points the formula was asked, those that the search chose among them.
    searched:  how many points the search looked at to choose them; 0 where there was none, as in
               16 bits, in which `points` are all inputs.
    """

    dtype: str
    order: str
    points: int
    bound: float
    worst: Point
    failing: tuple[Point, ...]
    beyond: int
    undecided: int
    held: bool
    searched: int = 0


class Parameter(NamedTuple):
    """What an activation gives with parameters of one kind.

    by:      the parameter that is differentiated by; empty where none is.
    order:   of what, in x: the value, or its first, second or third derivative.
    given:   how the parameters were given: its own, others as numbers, as tensors.
    points:  how many points; beyond: at how many it is further off than `bound`.
    bound:   what is allowed of `worst.ulp`: of a derivative by a parameter 1, as that is measured
             in units of what is allowed (`parameters.DIGITS_LOST`); else as in a check.
    worst:   the point with the largest error; its `beside` are the parameters there. None where
             there is no number to judge.
    failure: what is wrong where it is no number.
    """

    by: str
    order: str
    given: str
    dtype: str
    points: int
    bound: float
    beyond: int
    worst: Point | None
    failure: str
    held: bool


def check(
    order: int,
    got: Tensor,
    true: Truth,
    errors: Tensor,
    x: Tensor,
    exceptions: Mapping[str, tuple[float, str]] | None = None,
) -> Check:
    """What was computed at x, of the dtype under test, against the truth, by its errors.

    exceptions: a record's own, with the bound that holds instead.
    """
    bound = bound_of(order, x.dtype, exceptions or {})
    undecided = int((~true.known).sum())
    return summed_up(ORDERS[order], bound, (x, got, true.hi[order], errors), undecided)


def bound_of(order: int, dtype: torch.dtype, exceptions: Mapping[str, tuple[float, str]]) -> float:
    """What is allowed of an order in a dtype: the usual, or what a record's exceptions say."""
    usual = BOUND_16 if dtype in SIXTEEN_BIT else BOUNDS[order]
    return exceptions.get(f"{word(dtype)} {ORDERS[order]}", (usual, ""))[0]


def summed_up(
    order: str,
    bound: float,
    columns: Sequence[Tensor],
    undecided: int = 0,
    beside: Callable[[int], tuple[float, ...]] = lambda at: (),
) -> Check:
    """The check of an order whose errors are known.

    columns: inputs of the dtype under test, what was got, wanted, and the errors: (point,) each.
    beside:  the other inputs of a point.
    """
    x, errors = columns[0], columns[3]
    ranked = errors.argsort(descending=True, stable=True)
    beyond = int((errors > bound).sum())
    points = [
        Point.of(columns, at, beside(at))
        for at in (_apart(x, ranked[:beyond]) or ranked[:1].tolist())
    ]
    return Check(
        word(x.dtype),
        order,
        len(x),
        bound,
        points[0],
        tuple(point for point in points if point.ulp > bound),
        beyond,
        undecided,
        beyond == 0 and undecided == 0,
    )


def _apart(x: Tensor, ranked: Tensor) -> list[int]:
    """The first few of the ranked points that are not neighbours: one of each sign and binade."""
    chosen: dict[tuple[bool, int], int] = {}
    for at, value in zip(ranked.tolist(), x[ranked].tolist(), strict=True):
        chosen.setdefault((value < 0, math.frexp(value)[1]), at)
        if len(chosen) == WORST:
            break
    return list(chosen.values())


class Judged(NamedTuple):
    """The siblings at points of a dtype, the truth there, and how far off they are.

    x: (point,); got: (order, point), in the dtype of x; errors: (order, point), float64.
    """

    x: Tensor
    got: Tensor
    true: Truth
    errors: Tensor


def measured(siblings: Sequence[Tensor] | Tensor, true: Truth, x: Tensor) -> Tensor:
    """The error of each order: (order, point); 0 where no truth is known."""
    errors = [
        error(got, true.hi[order], true.lo[order], true.hi[order + 1], x)
        for order, got in enumerate(siblings)
    ]
    return torch.where(true.known, torch.stack(errors), 0.0)


def unlike(got: Tensor, dtype: torch.dtype, shape: torch.Size) -> str:
    """What is wrong with a result whatever its numbers, in words; empty where nothing is."""
    if got.dtype != dtype:
        return f"it gives {word(got.dtype)} for {word(dtype)}"
    if got.shape != shape:
        return f"it gives the shape {tuple(got.shape)} for {tuple(shape)}"
    return ""


def word(dtype: torch.dtype) -> str:
    """`float32` for torch.float32."""
    return str(dtype).removeprefix("torch.")
