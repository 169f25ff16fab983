"""Torch's ways to the Jacobian of a vector function: each, bit for bit, its own products."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor
from torch.func import grad, jacfwd, jacrev, jvp, vjp, vmap

from actfunc.certify.check import Check, Point, word
from actfunc.certify.routes import run_compiled
from actfunc.certify.vector_samples import Sample
from actfunc.certify.ways import RouteCheck
from actfunc.errors import in_a_line
from actfunc.vector import VectorFunction

ORDERS = ("value", "jvp", "vjp", "second")
"""What is judged of a vector function: the value, the Jacobian and its transpose times a vector,
the second derivative along one."""

ENDS = ((math.inf,), (-math.inf,), (math.nan,), (-0.0,), (math.inf, -math.inf), (-math.inf,) * 99)
"""How some more vectors begin that the ways are tried on."""

FEW = 60
"""Vectors of each length that the ways are tried on."""


class VectorRoute(NamedTuple):
    """One way to the product of an order: `follow(f, x, t or c)`, (vector, entry) each."""

    name: str
    order: str
    follow: Callable[[Callable[..., Tensor], Tensor, Tensor], Tensor]
    lift: int = 2
    compiles: bool = False


def _backward(f: Callable[..., Tensor], x: Tensor, c: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    f(x).backward(c)
    assert x.grad is not None
    return x.grad


def _dual(f: Callable[..., Tensor], x: Tensor, t: Tensor) -> Tensor:
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(f(forward_ad.make_dual(x, t))).tangent


def _along(f: Callable[..., Tensor], t: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: jvp(f, (x,), (t,))[1]


def _by_unit(transform: Any, f: Callable[..., Tensor], x: Tensor) -> Tensor:
    return vmap(transform(f))(x)


ROUTES = (
    VectorRoute("value", "value", lambda f, x, t: f(x), compiles=True),
    VectorRoute("value, order 1", "value", lambda f, x, t: f(x), lift=1),
    VectorRoute("jvp", "jvp", lambda f, x, t: _along(f, t)(x), compiles=True),
    VectorRoute("jvp, order 1", "jvp", lambda f, x, t: _along(f, t)(x), lift=1),
    VectorRoute("forward_ad", "jvp", _dual),
    VectorRoute("vmap(jvp)", "jvp", lambda f, x, t: vmap(lambda x, t: _along(f, t)(x))(x, t)),
    VectorRoute("vjp", "vjp", lambda f, x, c: vjp(f, x)[1](c)[0], compiles=True),
    VectorRoute("backward", "vjp", _backward),
    VectorRoute("backward, order 1", "vjp", _backward, lift=1),
    VectorRoute("grad", "vjp", lambda f, x, c: grad(lambda x: (f(x) * c).sum())(x)),
    VectorRoute(
        "vmap(grad)", "vjp", lambda f, x, c: vmap(grad(lambda x, c: (f(x) * c).sum()))(x, c)
    ),
    VectorRoute("vmap(jacfwd)", "by column", lambda f, x, t: _by_unit(jacfwd, f, x)),
    VectorRoute("vmap(jacrev)", "by row", lambda f, x, t: _by_unit(jacrev, f, x)),
    VectorRoute("jvp(jvp)", "second", lambda f, x, t: _along(_along(f, t), t)(x)),
)


def vector_ways(function: VectorFunction, chosen: Sequence[Sample]) -> Iterator[RouteCheck]:
    """Every way, on the first vectors of each length, judged by the function's own products."""
    for route in ROUTES:
        different, points, worst, failure = 0, 0, None, ""
        for sample in chosen:
            x, t, c = (part[:FEW] for part in sample)
            x = torch.cat([x, _ends(x)])
            t, c = (torch.cat([part, part[: len(x) - len(part)]]) for part in (t, c))
            c = c[:, : function.f(x).shape[-1]]
            along = c if route.order in ("vjp", "by row") else t

            def lifted(x: Tensor, lift: int = route.lift) -> Tensor:
                return function(x, order=lift)

            try:
                got = route.follow(lifted, x, along).detach()
            except Exception as error:  # a way that is barred is a finding
                failure = in_a_line(error)
                break
            wanted = _wanted(function, route, x, along)
            off = _differs(got, wanted, route.order)
            # NaN in, NaN out, where a product of the function's own looks at other entries alone;
            # and forward mode over forward mode has nothing to say of an infinite vector
            silent = ~x.isfinite() if route.order == "second" else x.isnan()
            off &= ~(got.isnan() & silent.any(1).view(-1, *[1] * (got.dim() - 1)))
            different, points = different + int(off.sum()), points + off.numel()
            if worst is None and off.any():
                row, *_ = at = tuple(torch.nonzero(off)[0].tolist())
                pair = got[at].item(), wanted[at].item()
                worst = Point(x[row, 0].item(), *pair, torch.nan, tuple(x[row].tolist()))
        place = route.name, route.order, word(chosen[0].x.dtype), False, points
        yield RouteCheck(*place, failure, different, worst, not different and not failure)


def _ends(x: Tensor) -> Tensor:
    """Vectors of this kind with entries that are infinite, NaN, or the other zero."""
    found = x[: len(ENDS)].clone()
    for row, ends in zip(found, ENDS, strict=False):
        row[: len(ends)] = torch.tensor(ends, dtype=x.dtype)[: len(row)]
    return found


def compiled_vector_ways(
    function: VectorFunction,
    judge: Callable[[int, list[Tensor]], Check],
    chosen: Sequence[Sample],
) -> Iterator[RouteCheck]:
    """The ways that compile, in one graph, judged by the truth."""
    routes = [route for route in ROUTES if route.compiles]
    length = function.f(chosen[0].x).shape[-1] / chosen[0].x.shape[-1]

    def everything(*inputs: Tensor) -> list[list[Tensor]]:
        found = []
        for route in routes:
            parts = []
            for x, t, c in zip(inputs[::3], inputs[1::3], inputs[2::3], strict=True):
                along = c[:, : int(length * c.shape[-1])] if route.order == "vjp" else t
                parts.append(route.follow(function, x, along))
            found.append(parts)
        return found

    points = sum(one.x.numel() for one in chosen)
    try:
        found = run_compiled(everything, *(part for one in chosen for part in one))
    except Exception as error:
        what = in_a_line(error)
        for route in routes:
            place = route.name, route.order, word(chosen[0].x.dtype), True, points
            yield RouteCheck(*place, what, 0, None, False)
        return
    for route, results in zip(routes, found, strict=True):
        judged = judge(ORDERS.index(route.order), [result.detach() for result in results])
        place = route.name, route.order, judged.dtype, True, judged.points
        yield RouteCheck(*place, "", judged.beyond, judged.worst, judged.held)


def _wanted(function: VectorFunction, route: VectorRoute, x: Tensor, along: Tensor) -> Tensor:
    """The function's own product; for a whole Jacobian a product for each column or row.

    An entry that is infinite has no slope: nothing goes in through it, and nothing comes out.
    """
    if route.order == "value":
        return function.f(x)
    if route.order == "by column":
        units = torch.eye(x.shape[-1], dtype=x.dtype)[:, None].where(~x.isinf(), 0.0)
        return torch.stack([function.jvp(x, unit) for unit in units], -1).detach()
    if route.order == "by row":
        units = torch.eye(along.shape[-1], dtype=x.dtype)[:, None].expand(-1, len(x), -1)
        rows = torch.stack([function.vjp(x, unit) for unit in units], -2).detach()
        return rows.where(~x.isinf()[:, None], 0.0)
    if route.order == "vjp":
        return function.vjp(x, along).detach().where(~x.isinf(), 0.0)
    product: Tensor = getattr(function, route.order)(x, along.where(~x.isinf(), 0.0))
    return product.detach()


def _differs(got: Tensor, wanted: Tensor, order: str) -> Tensor:
    same = (got == wanted) | (got.isnan() & wanted.isnan())
    # halved and added twice: below twice the smallest normal number a bit is lost
    info = torch.finfo(wanted.dtype)
    near = (got.double() - wanted.double()).abs() <= info.tiny * info.eps
    return ~(same | (near & (wanted.abs() < 2 * info.tiny) & (order == "second")))
