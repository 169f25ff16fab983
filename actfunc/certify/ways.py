"""Torch's ways to a derivative, judged: eager bit for bit by the sibling, compiled by the truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import ORDERS, Point, check, word
from actfunc.certify.oracle import Truth
from actfunc.certify.routes import ROUTES, Route, follow_compiled, lifted
from actfunc.certify.ulp import error

T = TypeVar("T")


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
    """Every route, eager: f, df or d2f, the siblings' values (order, point) at x, bit for bit."""
    results = []
    for route in ROUTES:
        wanted = siblings[route.order]
        got = _tried(partial(route.follow, lifted(activation, route), x))
        if isinstance(got, str):
            results.append(_result(route, x, False, failure=got))
            continue
        got = got.detach()
        same = (got == wanted) | (got.isnan() & wanted.isnan()) | _halved(route, got, wanted)
        different = torch.nonzero(~same).flatten()
        worst = None
        if len(different):
            off = (got.double() - wanted.double()).abs() / torch.finfo(x.dtype).eps
            at = int(different[0])
            worst = Point.of((x, got, wanted, off), at)
        results.append(_result(route, x, False, different=len(different), worst=worst))
    return results


def compiled_ways(activation: Activation, true: Truth, x: Tensor) -> list[RouteCheck]:
    """The routes that are tried compiled: within the siblings' own bounds."""
    found = _tried(partial(follow_compiled, activation, x))
    results = []
    for route in ROUTES:
        if isinstance(found, str):
            if route.compiles:
                results.append(_result(route, x, True, failure=found))
        elif route.name in found:
            order, got = route.order, found[route.name]
            errors = error(got, true.hi[order], true.lo[order], true.hi[order + 1], x)
            errors = torch.where(true.known, errors, 0.0)
            judged = check(order, got, true, errors, x, activation.exceptions)
            results.append(_result(route, x, True, different=judged.beyond, worst=judged.worst))
    return results


def _result(
    route: Route,
    x: Tensor,
    compiled: bool,
    *,
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
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _halved(route: Route, got: Tensor, wanted: Tensor) -> Tensor:
    # the lift halves d2f and adds it twice: below twice the smallest normal number a bit is lost
    info = torch.finfo(got.dtype)
    near = (got.double() - wanted.double()).abs() <= info.tiny * info.eps
    return near & (wanted.abs() < 2 * info.tiny) & (route.order == 2)
