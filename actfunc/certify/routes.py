"""Every way torch has to the first and second derivative of a lifted activation, one line each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

from actfunc import torch_private

Elementwise: TypeAlias = Callable[[Tensor], Tensor]

T = TypeVar("T")


class Route(NamedTuple):
    """One way to a derivative.

    order:    of the derivative: 0, 1 or 2.
    compiles: whether it is tried compiled as well: one of each kind, as the compiler takes a second
              or more for each. Forward mode under vmap or under itself cannot be: the compiler
              fails on it, for x·x·x already.
    follow:   the derivative of an elementwise function at x: (point,) -> (point,).
    lift:     the order of the lift it is tried on.
    forward:  whether it is forward mode over forward mode, which has no curvature at infinity: the
              polynomial has NaN there, where the curvature is not zero.
    """

    name: str
    order: int
    compiles: bool
    follow: Callable[[Elementwise, Tensor], Tensor]
    lift: int = 2
    forward: bool = False


def _slope(f: Elementwise) -> Elementwise:
    return lambda x: jvp(f, (x,), (torch.ones_like(x),))[1]


def _backward(f: Elementwise, x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    f(x).backward(torch.ones_like(x))
    assert x.grad is not None
    return x.grad


def _autograd(f: Elementwise, x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(x), x, torch.ones_like(x))[0]


def _autograd_twice(f: Elementwise, x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    one = torch.ones_like(x)
    (slope,) = torch.autograd.grad(f(x), x, one, create_graph=True)
    return torch.autograd.grad(slope, x, one)[0]


def _dual(f: Elementwise, x: Tensor) -> Tensor:
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(f(forward_ad.make_dual(x, torch.ones_like(x)))).tangent


ROUTES = (
    Route("value", 0, True, lambda f, x: f(x)),
    Route("value, order 1", 0, False, lambda f, x: f(x), lift=1),
    Route("backward", 1, False, _backward),
    Route("autograd.grad", 1, False, _autograd),
    Route("forward_ad", 1, False, _dual),
    Route("vmap(grad)", 1, True, lambda f, x: vmap(grad(f))(x)),
    Route("vjp", 1, False, lambda f, x: vjp(f, x)[1](torch.ones_like(x))[0]),
    Route("jvp", 1, True, lambda f, x: _slope(f)(x)),
    Route("vmap(jacrev)", 1, False, lambda f, x: vmap(jacrev(f))(x)),
    Route("vmap(jacfwd)", 1, False, lambda f, x: vmap(jacfwd(f))(x)),
    Route("backward, order 1", 1, False, _backward, lift=1),
    Route("vmap(grad), order 1", 1, True, lambda f, x: vmap(grad(f))(x), lift=1),
    Route("jvp, order 1", 1, False, lambda f, x: _slope(f)(x), lift=1),
    Route("autograd.grad twice", 2, False, _autograd_twice),
    Route("vmap(grad(grad))", 2, True, lambda f, x: vmap(grad(grad(f)))(x)),
    Route("jvp(vmap(grad))", 2, True, lambda f, x: _slope(vmap(grad(f)))(x)),
    Route("vmap(grad(jvp))", 2, False, lambda f, x: vmap(grad(_slope(f)))(x)),
    Route("jvp(jvp)", 2, False, lambda f, x: _slope(_slope(f))(x), forward=True),
    Route("vmap(jacfwd(jacfwd))", 2, False, lambda f, x: vmap(jacfwd(jacfwd(f)))(x), forward=True),
    Route("vmap(jacrev(jacrev))", 2, True, lambda f, x: vmap(jacrev(jacrev(f)))(x)),
    Route("vmap(jacfwd(jacrev))", 2, False, lambda f, x: vmap(jacfwd(jacrev(f)))(x)),
    Route("vmap(jacrev(jacfwd))", 2, False, lambda f, x: vmap(jacrev(jacfwd(f)))(x)),
    Route("vmap(hessian)", 2, False, lambda f, x: vmap(hessian(f))(x)),
)


def lifted(activation: Callable[..., Tensor], route: Route) -> Elementwise:
    """The activation as the route takes it."""
    return lambda x: activation(x, order=route.lift)


class Shape(NamedTuple):
    """Another shape that the compiler is given as well: the first so many points, laid out so.

    What is in two dimensions or short it may make other loops for.
    """

    name: str
    points: int
    sizes: tuple[int, ...]


SHAPES = (
    Shape("on two dimensions", 1001, (77, 13)),
    Shape("on few elements", 7, (7,)),
    Shape("on one number, 0-d", 1, ()),
)


def follow_compiled(
    activation: Callable[..., Tensor], x: Tensor, shapes: Sequence[Shape] = ()
) -> tuple[dict[str, Tensor], list[tuple[Tensor, Tensor]]]:
    """The routes marked so, (point,), and value and slope in each shape, in one graph.

    In one, as most of the time is what the compiler needs to start.
    """
    routes = [route for route in ROUTES if route.compiles]

    def everything(x: Tensor) -> tuple[tuple[Tensor, ...], list[tuple[Tensor, Tensor]]]:
        along = tuple(route.follow(lifted(activation, route), x) for route in routes)
        return along, [_in_shape(activation, x[: shape.points], shape) for shape in shapes]

    along, others = run_compiled(everything, x)
    return {route.name: each for route, each in zip(routes, along, strict=True)}, others


def _in_shape(f: Callable[..., Tensor], x: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    y, pull, *_ = vjp(f, x.reshape(shape.sizes))
    return y.flatten(), pull(torch.ones_like(y))[0].flatten()


def run_compiled(function: Callable[..., T], *inputs: Tensor) -> T:
    """What a function gives compiled in one graph, for these inputs' shapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's own use of what torch deprecates
        return torch_private.compiled(function)(*inputs)
