"""The certificate of an activation: how far its value and its derivatives are from the truth.

`certify` asks three judges that know nothing of each other: the formula in ball arithmetic, every
way torch has to a derivative, and finite differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify import routes as ways
from actfunc.certify.differences import Difference, differences
from actfunc.certify.formula import parse
from actfunc.certify.grids import grid
from actfunc.certify.limits import Limit, limits
from actfunc.certify.oracle import Truth, truth
from actfunc.certify.records import as_plain
from actfunc.certify.ulp import error
from actfunc.errors import UsageError

ORDERS = ("value", "first", "second")
BOUNDS = (4.0, 4.0, 8.0)
"""What is allowed of the value, first and second derivative, in the design's measure."""

DTYPES = (torch.float64, torch.float32)
WORST = 5
"""How many failing points a check keeps."""

Report = Callable[[str], None]
"""Told what is being done, for a progress bar."""


class Point(NamedTuple):
    """One input, what came out, what is true, and the error in ulp."""

    x: float
    got: float
    wanted: float
    ulp: float


class Check(NamedTuple):
    """One of value, first and second derivative in one dtype against the formula.

    worst:     the point with the largest error.
    failing:   the worst points beyond the bound, at most five, and `beyond` how many there are.
    undecided: points where the formula itself has no value that could be proven.
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


class RouteCheck(NamedTuple):
    """One of torch's ways to a derivative: eager against the sibling, compiled against the truth.

    different: eager, the points where it is not the sibling bit for bit; compiled, those beyond the
               bound. `worst` is the first or the worst of them, None where there is none.
    """

    name: str
    order: str
    dtype: str
    compiled: bool
    points: int
    different: int
    worst: Point | None
    held: bool


class Certificate(NamedTuple):
    """All that `certify` found about one activation."""

    name: str
    formula: str
    checks: tuple[Check, ...]
    routes: tuple[RouteCheck, ...]
    differences: tuple[Difference, ...]
    limits: tuple[Limit, ...]

    @property
    def held(self) -> bool:
        """Whether everything that was checked holds."""
        parts = (self.checks, self.routes, self.differences, self.limits)
        return all(check.held for part in parts for check in part)

    def document(self) -> dict[str, Any]:
        """The certificate as plain JSON data; numbers beyond JSON are the words inf, -inf, nan."""
        plain = as_plain(self)
        assert isinstance(plain, dict)
        return {"name": self.name, "held": self.held, **plain}


def certify(
    activation: Activation,
    *,
    dtypes: Sequence[torch.dtype] = DTYPES,
    compiled: bool = False,
    formula: str | None = None,
    report: Report | None = None,
) -> Certificate:
    """Judge an activation by its formula, by torch's ways to a derivative, by finite differences.

    dtypes:   float64 and float32, or one of them.
    compiled: judge the compiled ways as well; the compiler takes its time.
    formula:  another text than the record's own, for a function that brings none.
    Raises UsageError where there is no formula, FormulaError where it is not one.
    """
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise UsageError(f"dtype must be float64 or float32, got {_word(dtype)}")
    text = activation.formula if formula is None else formula
    if not text:
        raise UsageError(
            f"{activation.name} has no formula to be judged by",
            'give one: --formula "x / (1 + exp(-x))"',
        )
    judge, say = parse(text, tuple(activation.params)), report or (lambda _: None)
    checks: list[Check] = []
    routes: list[RouteCheck] = []
    for dtype in dtypes:
        say(f"{_word(dtype)}: the formula")
        x = grid(activation, dtype)
        true = truth(judge, x, activation.params)
        siblings = tuple(s(x) for s in (activation.f, activation.df, activation.d2f))
        checks += [check(order, siblings[order], true, x) for order in range(3)]
        say(f"{_word(dtype)}: torch's ways to a derivative")
        routes += _eager_routes(activation, siblings, x)
        if compiled:
            say(f"{_word(dtype)}: compiling")
            routes += _compiled_routes(activation, true, x)
    say("finite differences")
    return Certificate(
        activation.spec,
        text,
        tuple(checks),
        tuple(routes),
        differences(activation),
        limits(activation, dtypes),
    )


def check(order: int, got: Tensor, true: Truth, x: Tensor) -> Check:
    """What was computed at x, of the dtype under test, against the truth."""
    errors = error(got, true.hi[order], true.lo[order], true.hi[order + 1], x)
    errors = torch.where(true.known, errors, 0.0)
    bad = errors > BOUNDS[order]
    worst = errors.argsort(descending=True, stable=True)[: max(WORST, 1)].tolist()
    points = [_point(at, x, got, true.hi[order], errors) for at in worst]
    undecided = int((~true.known).sum())
    return Check(
        _word(x.dtype),
        ORDERS[order],
        len(x),
        BOUNDS[order],
        points[0],
        tuple(point for point in points if point.ulp > BOUNDS[order]),
        int(bad.sum()),
        undecided,
        not bad.any() and undecided == 0,
    )


def _eager_routes(
    activation: Activation, siblings: tuple[Tensor, ...], x: Tensor
) -> list[RouteCheck]:
    found = ways.follow_all(activation, x)
    results = []
    for route in ways.ROUTES:
        wanted, got = siblings[route.order], found[route.name]
        same = (got == wanted) | (got.isnan() & wanted.isnan()) | _halved(route, got, wanted)
        different = torch.nonzero(~same).flatten()
        off = (got.double() - wanted.double()).abs()
        first = int(different[0]) if len(different) else None
        worst = None if first is None else _point(first, x, got, wanted, off)
        results.append(_route(route, x, len(different), worst, compiled=False))
    return results


def _halved(route: ways.Route, got: Tensor, wanted: Tensor) -> Tensor:
    # the lift halves d2f and adds it twice: below twice the smallest normal number a bit is lost
    info = torch.finfo(got.dtype)
    smallest = info.tiny * info.eps
    near = (got.double() - wanted.double()).abs() <= smallest
    return near & (wanted.abs() < 2 * info.tiny) & (route.order == 2)


def _compiled_routes(activation: Activation, true: Truth, x: Tensor) -> list[RouteCheck]:
    found = ways.follow_compiled(activation, x)
    results = []
    for route in ways.ROUTES:
        if route.name in found:
            judged = check(route.order, found[route.name], true, x)
            results.append(_route(route, x, judged.beyond, judged.worst, compiled=True))
    return results


def _route(
    route: ways.Route, x: Tensor, different: int, worst: Point | None, *, compiled: bool
) -> RouteCheck:
    place = route.name, ORDERS[route.order], _word(x.dtype), compiled, len(x)
    return RouteCheck(*place, different, worst, different == 0)


def _point(at: int, x: Tensor, got: Tensor, wanted: Tensor, errors: Tensor) -> Point:
    return Point(*(values[at].item() for values in (x, got, wanted, errors)))


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
