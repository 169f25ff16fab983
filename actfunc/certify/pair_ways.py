"""Torch's ways to the partial derivatives of a gated pair: each, bit for bit, the pair's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

from actfunc.certify.check import Check, Point, word
from actfunc.certify.routes import run_compiled
from actfunc.certify.ways import RouteCheck
from actfunc.errors import in_a_line
from actfunc.gated import GatedPair, PairFunction

BOTH = (0, 1)
ORDERS = ("value", "by x", "by gate", "by x twice", "by x and gate", "by gate twice")
"""The six functions of a pair in words, in the order of its siblings."""

ENDS = (-torch.inf, torch.inf, torch.nan, -0.0, 0.7, -0.7)
"""Each with each, where one of the two is not finite: tried beside the points."""

REACHED = ((0,), (1, 2), (3, 4, 4, 5))
"""Which of the six the ways of an order lead to; the mixed one by either input first."""


class PairRoute(NamedTuple):
    """One way to all derivatives of an order.

    follow:   the derivatives of a pair at points, (point,) each, as `REACHED` has them.
    lift:     the order of the lift it is tried on.
    compiles: whether it is tried compiled as well.
    forward:  whether forward mode takes part in it, which has no second derivatives where an input
              is infinite and one of them is not zero: the polynomial has NaN for them there.
    """

    name: str
    order: int
    follow: Callable[[PairFunction, Tensor, Tensor], Any]
    lift: int = 2
    compiles: bool = False
    forward: bool = False


Leaves: TypeAlias = tuple[Tensor, Tensor]


def _leaves(x: Tensor, gate: Tensor) -> Leaves:
    return x.detach().clone().requires_grad_(), gate.detach().clone().requires_grad_()


def _backward(f: PairFunction, x: Tensor, gate: Tensor) -> Any:
    leaves = _leaves(x, gate)
    f(*leaves).backward(torch.ones_like(x))
    return leaves[0].grad, leaves[1].grad


def _slopes(f: PairFunction, leaves: Leaves) -> Leaves:
    y = f(*leaves)
    x, gate = torch.autograd.grad(y, leaves, torch.ones_like(y), create_graph=True)
    return x, gate


def _slopes_twice(f: PairFunction, x: Tensor, gate: Tensor) -> Any:
    leaves = _leaves(x, gate)
    return [
        torch.autograd.grad(slope, leaves, torch.ones_like(slope), retain_graph=True)
        for slope in _slopes(f, leaves)
    ]


def _dual(f: PairFunction, x: Tensor, gate: Tensor) -> Any:
    found = []
    for tangents in _axes(x):
        with forward_ad.dual_level():
            duals = map(forward_ad.make_dual, (x, gate), tangents)
            found.append(forward_ad.unpack_dual(f(*duals)).tangent)
    return found


def _axes(x: Tensor) -> Iterator[Leaves]:
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    yield from ((one, zero), (zero, one))


def _forward(f: Callable[..., Any], x: Tensor, gate: Tensor) -> list[Any]:
    return [jvp(f, (x, gate), tangents)[1] for tangents in _axes(x)]


def _twice(outer: Callable[..., Any], inner: Callable[..., Any]) -> Callable[..., Any]:
    return lambda f, x, gate: vmap(outer(inner(f, BOTH), BOTH))(x, gate)


def _grads(f: PairFunction, x: Tensor, gate: Tensor) -> Any:
    return [vmap(grad(grad(f, i), j))(x, gate) for i in BOTH for j in BOTH]


def _each(transform: Callable[..., Any]) -> Callable[..., Any]:
    return lambda f, x, gate: vmap(transform(f, BOTH))(x, gate)


PAIR_ROUTES = (
    PairRoute("value", 0, lambda f, x, g: (f(x, g),), compiles=True),
    PairRoute("value, order 1", 0, lambda f, x, g: (f(x, g),), lift=1),
    PairRoute("backward", 1, _backward),
    PairRoute("autograd.grad", 1, lambda f, x, g: _slopes(f, _leaves(x, g))),
    PairRoute("forward_ad", 1, _dual),
    PairRoute("vmap(grad)", 1, _each(grad), compiles=True),
    PairRoute("vjp", 1, lambda f, x, g: vjp(f, x, g)[1](torch.ones_like(x))),
    PairRoute("jvp", 1, _forward),
    PairRoute("vmap(jacrev)", 1, _each(jacrev)),
    PairRoute("vmap(jacfwd)", 1, _each(jacfwd)),
    PairRoute("backward, order 1", 1, _backward, lift=1),
    PairRoute("jvp, order 1", 1, _forward, lift=1),
    PairRoute("autograd.grad twice", 2, _slopes_twice),
    PairRoute("vmap(grad(grad))", 2, _grads),
    PairRoute(
        "jvp(jvp)", 2, lambda f, x, g: _forward(lambda *at: _forward(f, *at), x, g), forward=True
    ),
    PairRoute(
        "jvp(vmap(grad))",
        2,
        lambda f, x, g: _forward(vmap(grad(f, BOTH)), x, g),
        compiles=True,
        forward=True,
    ),
    PairRoute("vmap(jacfwd(jacfwd))", 2, _twice(jacfwd, jacfwd), forward=True),
    PairRoute("vmap(jacrev(jacrev))", 2, _twice(jacrev, jacrev)),
    PairRoute("vmap(jacrev(jacfwd))", 2, _twice(jacrev, jacfwd), forward=True),
    PairRoute("vmap(hessian)", 2, _each(hessian), forward=True),
)


def pair_ways(
    pair: GatedPair, siblings: Sequence[Tensor], x: Tensor, gate: Tensor
) -> Iterator[RouteCheck]:
    """Every way, eager: the siblings' values, bit for bit, at the points and at ±inf and NaN."""
    more = torch.cartesian_prod(*[torch.tensor(ENDS, dtype=x.dtype)] * 2)
    more_x, more_gate = more[~more.isfinite().all(1)].unbind(1)
    siblings = [
        torch.cat([had, sibling(more_x, more_gate).detach()])
        for had, sibling in zip(siblings, pair.siblings, strict=True)
    ]
    x, gate = torch.cat([x, more_x]), torch.cat([gate, more_gate])
    far, bent = x.isinf() | gate.isinf(), torch.stack(siblings[3:]).ne(0).any(0)
    for route in PAIR_ROUTES:
        try:
            got = [part.detach() for part in _flat(route.follow(_lifted(pair, route), x, gate))]
        except Exception as error:  # torch raises whatever it likes: a barred way is a finding
            yield _result(route, x, failure=_said(error))
            continue
        wanted = [siblings[order] for order in REACHED[route.order]]
        same = torch.stack([_same(*both, route.order) for both in zip(got, wanted, strict=True)])
        if route.forward:
            same |= far & bent & torch.stack(got).isnan()
        different = torch.nonzero(~same)
        worst = None
        if len(different):
            part, at = different[0].tolist()
            columns = x, got[part], wanted[part], torch.full_like(x, torch.nan)
            worst = Point.of(columns, at, (gate[at].item(),))
        yield _result(route, x, different=len(different), worst=worst)


def compiled_pair_ways(
    pair: GatedPair, judge: Callable[[int, Tensor], Check], x: Tensor, gate: Tensor
) -> Iterator[RouteCheck]:
    """The ways that compile, in one graph. `judge` is told which of the six and what came out."""
    routes = [route for route in PAIR_ROUTES if route.compiles]

    def everything(x: Tensor, gate: Tensor) -> list[Any]:
        return [route.follow(_lifted(pair, route), x, gate) for route in routes]

    try:
        found = run_compiled(everything, x, gate)
    except Exception as error:
        yield from (_result(route, x, True, failure=_said(error)) for route in routes)
        return
    for route, got in zip(routes, found, strict=True):
        parts = zip(REACHED[route.order], _flat(got), strict=True)
        judged = [judge(order, part.detach()) for order, part in parts]
        worst = max(judged, key=lambda check: check.worst.ulp).worst
        beyond = sum(check.beyond for check in judged)
        yield _result(route, x, True, different=beyond, worst=worst)


def _lifted(pair: GatedPair, route: PairRoute) -> PairFunction:
    return lambda x, gate: pair(x, gate, order=route.lift)


def _said(error: Exception) -> str:
    return in_a_line(error)


def _result(
    route: PairRoute,
    x: Tensor,
    compiled: bool = False,
    *,
    failure: str = "",
    different: int = 0,
    worst: Point | None = None,
) -> RouteCheck:
    words = ", ".join(dict.fromkeys(ORDERS[order] for order in REACHED[route.order]))
    place = route.name, words, word(x.dtype), compiled, len(x)
    return RouteCheck(*place, failure, different, worst, not different and not failure)


def _flat(found: Any) -> list[Tensor]:
    return [found] if isinstance(found, Tensor) else [part for one in found for part in _flat(one)]


def _same(got: Tensor, wanted: Tensor, order: int) -> Tensor:
    same = (got == wanted) | (got.isnan() & wanted.isnan())
    if order == 0:
        same &= (got.signbit() == wanted.signbit()) | wanted.isnan()
    # halved and added twice: below twice the smallest normal number a bit is lost
    info = torch.finfo(wanted.dtype)
    near = (got.double() - wanted.double()).abs() <= info.tiny * info.eps
    return same | (near & (wanted.abs() < 2 * info.tiny) & (order == 2))
