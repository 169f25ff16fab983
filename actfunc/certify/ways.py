"""Torch's ways to a derivative, judged: eager bit for bit by the sibling, compiled by the truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import ORDERS, Point, bound_of, summed_up, word
from actfunc.certify.oracle import truth
from actfunc.certify.routes import ROUTES, SHAPES, Route, Shape, follow_compiled, lifted
from actfunc.errors import in_a_line
from actfunc.formulas.formula import Formula
from actfunc.numerics.ulp import error, plain_error

T = TypeVar("T")

ENDS = (-torch.inf, torch.inf, torch.nan)
"""What every way is tried at beside the finite points.

The sign of zero is asked of eager ways alone: the compiler's own expm1 makes 0 of -0."""

MOST = 8000
"""Points that an eager way is tried at, at most."""

COMPILED_POINTS = 2**18
"""How many points the compiled ways are tried at, the grid among them."""

ASKED = 64, 2048
"""At how many of the worst of them the formula itself is asked, of each way: the fewest, and the
most, where so many are beyond half of their bound."""


class RouteCheck(NamedTuple):
    """One of torch's ways to a derivative: eager against the sibling, compiled against the truth.

    failure:   what torch said, where it did not go that way at all.
    different: eager, the points where it is not the sibling bit for bit; compiled, those beyond the
               bound. `worst` is the first or the worst of them, None where there is none.
    """

    name: str
    order: str
    dtype: str
    compiled: bool
    points: int
    failure: str
    different: int
    worst: Point | None
    held: bool


def eager_ways(activation: Activation, siblings: Tensor, x: Tensor) -> list[RouteCheck]:
    """Every route, eager: f, df or d2f, bit for bit, at the points and at ±inf and NaN.

    siblings: their values at x, (order, point).
    Of very many points some are tried: what a way makes of a number does not depend on its digits.
    Of a value the sign of zero is looked at, too; of a derivative it is not, as it is multiplied.
    """
    if len(x) > MOST:
        zeros = torch.nonzero(x == 0)[:, 0]
        some = torch.linspace(0, len(x) - 1, MOST, dtype=torch.float64).round().long()
        some = torch.cat([some, zeros]).unique()
        x, siblings = x[some], siblings[:, some]
    ends = torch.tensor(ENDS, dtype=x.dtype)
    at_ends = (sibling(ends) for sibling in activation.siblings)
    siblings = torch.cat([siblings, torch.stack([each.detach() for each in at_ends])], 1)
    x = torch.cat([x, ends])
    results = []
    for route in ROUTES:
        wanted = siblings[route.order]
        got = _tried(partial(route.follow, lifted(activation, route), x))
        if isinstance(got, str):
            results.append(_result(route, x, failure=got))
            continue
        got = got.detach()
        different = torch.nonzero(~_same(route, x, got, wanted)).flatten()
        worst = None
        if len(different):
            off = (got.double() - wanted.double()).abs() / torch.finfo(x.dtype).eps
            at = int(different[0])
            worst = Point.of((x, got, wanted, off.nan_to_num(torch.inf)), at)
        results.append(_result(route, x, different=len(different), worst=worst))
    return results


def _same(route: Route, x: Tensor, got: Tensor, wanted: Tensor) -> Tensor:
    same = (got == wanted) | (got.isnan() & wanted.isnan()) | _halved(route, got, wanted)
    if route.order == 0:
        same &= (got.signbit() == wanted.signbit()) | wanted.isnan()
    if route.forward:
        same |= x.isinf() & (wanted != 0) & got.isnan()
    return same


def _halved(route: Route, got: Tensor, wanted: Tensor) -> Tensor:
    # the lift halves d2f and adds it twice: below twice the smallest normal number a bit is lost
    info = torch.finfo(wanted.dtype)
    near = (got.double() - wanted.double()).abs() <= info.tiny * info.eps
    return near & (wanted.abs() < 2 * info.tiny) & (route.order == 2)


def compiled_ways(activation: Activation, formula: Formula, grid: Tensor) -> list[RouteCheck]:
    """The routes that are tried compiled, within the siblings' own bounds.

    grid: points of the dtype, (point,), to which random ones are added.

    The siblings themselves are the reference for all points: in float64, which is certified to a
    place that is 2²⁹ finer than float32's, or in float64 eager against compiled. The formula is
    asked at the points where that says they are furthest off, so in float64 an error is seen where
    compiling makes it, and the siblings' own elsewhere by their own check.
    """
    ends = torch.tensor(ENDS, dtype=grid.dtype)
    # at both ends of the tensor: the last few numbers are not a vector's
    x = _many(activation, grid)
    others = x[(torch.arange(SHAPES[0].points) * 97 + 2 * len(grid) // 3) % len(x)]
    some = torch.cat([others[:1], ends, others[1:]])
    whole = torch.cat([some, x, ends])
    found = _tried(partial(follow_compiled, activation, whole, SHAPES))
    if isinstance(found, str):
        tried = [route for route in ROUTES if route.compiles]
        return [_result(route, x, compiled=True, failure=found) for route in tried]
    along, shaped = found
    fine = x.double()
    right = [each(fine).detach() for each in activation.siblings]
    slopes = [*right[1:], activation.d3f(fine).detach().nan_to_num(0.0, 0.0, 0.0)]
    results = []
    for route in ROUTES:
        if route.name not in along:
            continue
        order, everywhere = route.order, along[route.name].detach()
        got = everywhere[len(some) : len(some) + len(x)]
        errors = error(got, right[order], torch.zeros_like(fine), slopes[order], x)
        bound = bound_of(order, x.dtype, activation.exceptions)
        doubtful = int((errors > bound / 2).sum())
        at = errors.topk(min(max(doubtful, ASKED[0]), ASKED[1])).indices
        true = truth(formula, x[at], activation.params)
        off = error(got[at], true.hi[order], true.lo[order], true.hi[order + 1], x[at])
        wanted = right[order].clone()
        errors[at] = torch.where(true.known, off, errors[at])
        wanted[at] = torch.where(true.known, true.hi[order], wanted[at])
        judged = summed_up(ORDERS[order], bound, (x, got, wanted, errors))
        at_ends = torch.cat([everywhere[1 : 1 + len(ends)], everywhere[-len(ends) :]])
        wrong = _wrong_ends(activation, route, at_ends)
        beyond, at_worst = judged.beyond + len(wrong), wrong[0] if wrong else judged.worst
        results.append(_result(route, x, compiled=True, different=beyond, worst=at_worst))
    for shape, pair in zip(SHAPES, shaped, strict=True):
        results += _in_shape(activation, formula, shape, whole[: shape.points], pair)
    return results


def _wrong_ends(activation: Activation, route: Route, got: Tensor) -> list[Point]:
    """Where at ±inf and NaN it is not what the siblings are, which were judged."""
    x = torch.tensor(2 * ENDS, dtype=got.dtype)
    right = activation.siblings[route.order](x).detach()
    off = plain_error(got, right.double(), torch.zeros_like(x, dtype=torch.float64))
    same = (got.isnan() & right.isnan()) | (off <= bound_of(route.order, x.dtype, {}))
    return [Point.of((x, got, right, off), at) for at in torch.nonzero(~same)[:, 0].tolist()]


def _in_shape(
    activation: Activation,
    formula: Formula,
    shape: Shape,
    x: Tensor,
    results: tuple[Tensor, Tensor],
) -> list[RouteCheck]:
    """Value and slope in another shape: within the bounds; at the ends, what the siblings are."""
    true, found = truth(formula, x.nan_to_num(), activation.params), []
    judged = true.known & x.isfinite()
    for order, got in enumerate(results):
        bound = bound_of(order, x.dtype, activation.exceptions)
        usual = activation.siblings[order](x).detach().double()
        wanted = torch.where(judged, true.hi[order], usual)
        rest, slope = (torch.where(judged, part, 0.0) for part in (true.lo, true.hi[1:]))
        errors = error(got.detach(), wanted, rest[order], slope[order], x)
        errors = errors.masked_fill(got.isnan() & wanted.isnan(), 0.0)
        one = summed_up(ORDERS[order], bound, (x, got.detach(), wanted, errors))
        route = Route(shape.name, order, True, lambda f, x: f(x))
        found.append(_result(route, x, compiled=True, different=one.beyond, worst=one.worst))
    return found


def _many(activation: Activation, grid: Tensor) -> Tensor:
    """The grid and random points, always the same: most of them where activations bend."""
    generator = torch.Generator().manual_seed(0)
    wanted = COMPILED_POINTS - len(grid)
    shape = (wanted + 7) // 8, 8
    normal = torch.randn(shape, dtype=torch.float64, generator=generator)
    even = torch.rand(shape, dtype=torch.float64, generator=generator)
    info = torch.finfo(grid.dtype)
    low, high = (torch.tensor(end, dtype=torch.float64).log2() for end in (info.tiny, info.max))
    far = -torch.tensor(info.tiny, dtype=torch.float64).log()
    normal[:, 0] = 3 * normal[:, 0]
    normal[:, 1] = normal[:, 1].sign() * torch.exp2(low + (high - low - 1e-9) * even[:, 1])
    normal[:, 2] = (2 * even[:, 2] - 1) * far * 1.1
    normal[:, 3:] = (2 * even[:, 3:] - 1) * 8
    x = torch.cat([grid, normal.flatten()[:wanted].to(grid.dtype)])
    return x[~torch.isin(x, torch.tensor(activation.poles, dtype=x.dtype))]


def _result(
    route: Route,
    x: Tensor,
    *,
    compiled: bool = False,
    failure: str = "",
    different: int = 0,
    worst: Point | None = None,
) -> RouteCheck:
    place = route.name, ORDERS[route.order], word(x.dtype), compiled, len(x)
    return RouteCheck(*place, failure, different, worst, different == 0 and not failure)


def _tried(attempt: Callable[[], T]) -> T | str:
    # torch and its compiler raise whatever they like, and a way that is barred is a finding
    try:
        return attempt()
    except Exception as raised:
        return in_a_line(raised)
