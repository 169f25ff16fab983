"""The lift: what makes torch take the derivatives that a record supplies, and none of its own.

There are two forms with the same results, bit for bit. Eagerly it is an `autograd.Function` that
computes the value, and a derivative when it is asked for: nothing else costs anything, and nothing
but the inputs is saved. Where a compiler reads along, or forward mode is on, it is the Taylor
polynomial about the inputs themselves, made of plain tensor operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import torch
from torch import Tensor, where

from actfunc import torch_private
from actfunc.blocks import by_blocks

SIXTEEN_BIT = (torch.bfloat16, torch.float16)


@dataclass(frozen=True, eq=False)
class Partial:
    """An elementwise function of one or more tensors, with its partial derivatives by them.

    function: (*inputs, *params) -> tensor; the inputs are of one shape, to which the parameters
              broadcast.
    by:       the partial derivatives by each input; empty where none is known: those are NaN.
    steep:    whether a derivative may be infinite where the inputs are finite.
    known:    whether it has been judged: it is elementwise, so that it may be asked for a part of
              the inputs, and no number makes it NaN.
    rests:    whether it is 0 at infinite inputs.
    """

    function: Callable[..., Tensor]
    by: tuple[Partial, ...] = ()
    steep: bool = False
    known: bool = False
    rests: bool = False


_UNKNOWN = Partial(lambda x, *_: torch.full_like(x, torch.nan))


def lift(
    f: Callable[[Tensor], Tensor],
    df: Callable[[Tensor], Tensor],
    d2f: Callable[[Tensor], Tensor],
    x: Tensor,
    order: int = 2,
    steep: bool = False,
) -> Tensor:
    """`f(x)`, with `df` and (at order 2) `d2f` as its first and second derivative, for every x.

    As a record does it that is called: see `lift_partial`, and there `steep`. order: 1 or 2.
    """
    second = (Partial(d2f, steep=steep),) if order > 1 else ()
    return lift_partial(Partial(f, (Partial(df, second, steep),), steep), (x,))


def lift_partial(
    partial: Partial, inputs: Sequence[Tensor], params: Sequence[Tensor] = ()
) -> Tensor:
    """The function at the inputs, with the derivatives supplied, and NaN for all above them.

    inputs: floating, of one shape and dtype; in 16 bits derivatives are float32's, rounded once.
    params: tensors that broadcast to it. Derivatives by them are autograd's of what is supplied.

    A derivative at an infinite input is the one supplied for it. Where a slope is infinite, no
    gradient flows back of a gradient that is zero, if the partial is `steep`.
    """
    if _read_along():
        if inputs[0].dtype not in SIXTEEN_BIT:
            return polynomial(partial, inputs, params)
        wide = [each.float() for each in inputs]
        return polynomial(partial, wide, params).to(inputs[0].dtype)
    if not torch.is_grad_enabled():
        return partial.function(*inputs, *params)
    return _Lifted.apply(partial, len(inputs), *inputs, *params)


def _read_along() -> bool:
    """Whether somebody takes the operations apart who does not take a Function as it is."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore
        or torch_private.forward_mode_is_on()
        or torch_private.functionalizes()
    )


class _Lifted(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(partial: Partial, count: int, *tensors: Tensor) -> Tensor:
        y = partial.function(*tensors)
        # torch does not take back what it gave: the identity's value is a tensor of its own
        return y.clone() if any(y is each for each in tensors) else y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.partial, ctx.count, *tensors = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        partial, count, wanted = ctx.partial, ctx.count, ctx.needs_input_grad[2:]
        inputs, params = ctx.saved_tensors[:count], ctx.saved_tensors[count:]

        def flows(each: Partial) -> Tensor:
            if partial.known and not params and not torch.is_grad_enabled():
                return by_blocks(lambda *part: _flow(partial, each.function, *part), grad, *inputs)
            return _flow(partial, lambda *at: lift_partial(each, at, params), grad, *inputs)

        slopes = [
            flows(each) if asked else None
            for each, asked in zip(partial.by or (_UNKNOWN,) * count, wanted, strict=False)
        ]
        # of the shape of the inputs first, then added up over what a parameter was spread to
        learnt = [
            flows(_by_param(partial, number, count)).sum_to_size(param.shape).to(param.dtype)
            if asked
            else None
            for number, (param, asked) in enumerate(zip(params, wanted[count:], strict=True))
        ]
        return None, None, *slopes, *learnt


def _flow(partial: Partial, slope: Callable[..., Tensor], grad: Tensor, *inputs: Tensor) -> Tensor:
    """The gradient times the slope at the inputs; in 16 bits by float32, rounded once."""
    if grad.dtype not in SIXTEEN_BIT:
        return _times(grad, slope(*inputs), partial.steep)
    wide = slope(*(each.float() for each in inputs))
    return _times(grad.float(), wide, partial.steep).to(grad.dtype)


def _by_param(partial: Partial, number: int, count: int) -> Partial:
    """The derivative of a function of so many inputs by one of its parameters, autograd's own.

    Its derivatives by the inputs are those of the derivatives supplied: the mixed ones.
    """

    def function(*tensors: Tensor) -> Tensor:
        inputs, params = tensors[:count], list(tensors[count:])

        def of_param(param: Tensor) -> Tensor:
            return partial.function(*inputs, *params[:number], param, *params[number + 1 :])

        return elementwise_slope(of_param, params[number].expand_as(inputs[0]))

    return Partial(function, tuple(_by_param(each, number, count) for each in partial.by))


def elementwise_slope(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The derivative of an elementwise function, as reverse mode has it."""
    y, pull = torch.func.vjp(function, x)[:2]
    slope: Tensor = pull(torch.ones_like(y))[0]
    return slope


def _times(one: Tensor, other: Tensor, steep: bool) -> Tensor:
    """Their product; if `steep`, zero where one is zero and the other infinite."""
    if not steep:
        return one * other
    if _read_along():
        finite, rest = _two_finite(other)
        return where(other.isnan(), other, one * finite + one * rest)
    return _SteepProduct.apply(one, other)


class _SteepProduct(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(one: Tensor, other: Tensor) -> Tensor:
        return where((one == 0) & other.isinf(), 0.0, one * other)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        one, other = ctx.saved_tensors
        return _times(grad, other, True), _times(grad, one, True)


def polynomial(partial: Partial, inputs: Sequence[Tensor], params: Sequence[Tensor] = ()) -> Tensor:
    """The Taylor polynomial of a function about its inputs: it has the value of the function.

    With s an input as a constant, d = x - s is zero in value and one in slope, and
    f(s) + d·f′(s) + d²/2·f″(s) has the derivatives supplied. What is added to the value is -0.0,
    which leaves every number what it is, -0.0 too. As `lift_partial`, but in 32 bits or more.
    """
    points = [_Point.of(x) for x in inputs]

    def at_points(each: Partial) -> Tensor:
        return each.function(*(point.at for point in points), *params)

    y = value = at_points(partial)
    order = 1
    level: dict[tuple[int, ...], Partial] = {(): partial}
    while all(each.by for each in level.values()):
        level = {
            (*path, number): each
            for path, above in level.items()
            for number, each in enumerate(above.by)
            if not path or number >= path[-1]  # mixed derivatives are the same in any order
        }
        for path, each in level.items():
            often = _orders(path)
            coefficient = at_points(each) / often if often > 1 else at_points(each)
            y = _with_term(y, value, [points[number] for number in path], coefficient, each)
        order += 1
    near = points[0].near(_careful(partial))
    for point in points[1:]:
        near = near + point.near(_careful(partial))
    return y - _nan_from(order, near)


def _careful(partial: Partial) -> bool:
    """Whether to reckon with what is known not to happen; a compiler is spared it, which takes
    long for every operation."""
    return not (partial.known and torch.compiler.is_compiling())


def _orders(path: tuple[int, ...]) -> int:
    """How many orders there are of the inputs on a path that bring back the same path."""
    often = 1
    for number in set(path):
        often *= math.factorial(path.count(number))
    return often


class _Point(NamedTuple):
    """An input as a constant, and zeros with the slope of the input.

    up, down: 0.0 and -0.0; at an infinite input without slope.
    x, far:   the input itself, and where it is infinite.
    """

    at: Tensor
    up: Tensor
    down: Tensor
    x: Tensor
    far: Tensor

    @classmethod
    def of(cls, x: Tensor) -> _Point:
        at = x.detach()
        far = at.isinf()
        moving, still = where(far, 0.0, x), where(far, 0.0, at)
        return cls(at, moving - still, -(still - moving), x, far)

    def near(self, careful: bool = True) -> Tensor:
        """A zero with a slope; careful: at an infinite input too."""
        return where(self.far, 1 / where(self.far, self.x, 1.0), self.up) if careful else self.up


def _with_term(
    y: Tensor, value: Tensor, points: list[_Point], coefficient: Tensor, partial: Partial
) -> Tensor:
    """y and a coefficient times the zeros of these points, one for each derivative taken."""
    careful = _careful(partial)
    one, other = coefficient, None
    if careful or partial.steep:
        one, other = _two_finite(coefficient)
    zero = where(one.signbit(), points[-1].up, points[-1].down)
    for point in points[:-1]:
        zero = zero * point.up
    y = y + zero * one
    if other is not None:
        y = y + zero * other
    if partial.rests and not careful:
        return y
    # at infinity an infinite value is the coefficient times a power of x, and nothing else has
    # a slope there
    power, far, near = coefficient, points[0].far, points[0].near(careful)
    for point in points:
        power = power * point.at
    told = far & (power == value)
    for point in points[1:]:
        if point is not points[0]:
            told, far, near = told & False, far | point.far, near + point.near(careful)
    y = y + _power_there(told, one, points)
    if other is not None:
        y = y + _power_there(told & (other != 0), other, points)
    if not careful:
        return y
    lost = coefficient.isnan() | (far & (coefficient != 0) & ~told)
    if not all(point is points[0] for point in points):
        # of two inputs one may be infinite, and 1 / x has no slope there that would overflow: the
        # derivative of this order is an infinity times it
        power = where(lost, near, 1.0).abs() ** (len(points) - 0.5)
        return y - where(lost, power - power, 0.0)
    return y - _nan_from(len(points), near, lost)


def _power_there(there: Tensor, coefficient: Tensor, points: list[_Point]) -> Tensor:
    """A coefficient times a power of x, elsewhere -0.0."""
    return reduce(
        torch.mul, [where(there, points[0].x, 0.0)] * len(points), where(there, coefficient, -1.0)
    )


def _two_finite(number: Tensor) -> tuple[Tensor, Tensor]:
    """Two finite numbers that add up to one that may be infinite; NaN counts as 0.

    What flows back through a product with an infinite number would be infinite, and meet zero.
    """
    info = torch.finfo(number.dtype)
    one = where(number.isnan(), 0.0, number.clamp(info.min, info.max))
    return one, where(number.isinf(), one, torch.zeros_like(one) * one)


def _nan_from(order: int, zero: Tensor, here: Tensor | None = None) -> Tensor:
    """Zero, with derivatives that are zero below this order and NaN from it on.

    here: where; elsewhere it is without slope.
    """
    if here is not None:
        zero = where(here, zero, 0.0)
    if order == 1:
        y = zero.abs().sqrt()
    elif order > 2:
        y = zero.abs().pow(order - 0.5)
    else:
        # |zero|^1.5 says it too, and would take a tenth of a training step. The square of
        # this number is none; as a tensor, for under vmap forward mode makes float64 of a product
        # with a Python number
        exponent = math.log2(torch.finfo(zero.dtype).max) * 2 / 3
        large = torch.full((), 2.0**exponent, dtype=zero.dtype, device=zero.device)
        y = _overflowing(large * zero) - _overflowing((large + large) * zero)
    return y if here is None else where(here, y, 0.0)


def _overflowing(zero: Tensor) -> Tensor:
    return zero * zero / (1 + zero)


# functions of vectors


@dataclass(frozen=True, eq=False)
class AlongVectors:
    """A function of vectors, its Jacobian times a tangent, the second derivative along one.

    f: x -> value; jvp, second: (x, tangent) -> tensor of the value's shape.
    dim: along which the vectors lie.
    """

    f: Callable[[Tensor], Tensor]
    jvp: Callable[[Tensor, Tensor], Tensor]
    second: Callable[[Tensor, Tensor], Tensor] | None
    dim: int


def lift_vector(function: AlongVectors, x: Tensor) -> Tensor:
    """The function at x with the derivatives supplied, and NaN for all above them.

    x: floating; in 16 bits derivatives are float32's, rounded once.
    """
    if _read_along():
        wide = x.float() if x.dtype in SIXTEEN_BIT else x
        return (function.f(wide.detach()) + _beside(function, wide)).to(x.dtype)
    if not torch.is_grad_enabled():
        return function.f(x)
    return _LiftedVector.apply(function, x)


class _LiftedVector(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(function: AlongVectors, x: Tensor) -> Tensor:
        return function.f(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.function, x = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (x,), function = ctx.saved_tensors, ctx.function
        wide, cotangent = (x.float(), grad.float()) if x.dtype in SIXTEEN_BIT else (x, grad)
        pull = torch.func.vjp(lambda x: _beside(function, x), wide)[1]
        return None, pull(cotangent)[0].to(x.dtype)


def _beside(function: AlongVectors, x: Tensor) -> Tensor:
    """What the polynomial of `lift_vector` has beside the value, zero: J(s)·d + ½H(s)[d, d].

    Plain tensor operations, linear and quadratic in d, so that reverse mode transposes them.
    """
    point = _Point.of(x)
    y = function.jvp(point.at, point.down)
    near = point.near().sum(function.dim, keepdim=True)
    if function.second is None:
        return y - _nan_from(2, near)
    return y + 0.5 * function.second(point.at, point.down) - _nan_from(3, near)
