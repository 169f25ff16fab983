"""The lift: what makes torch take the derivatives that a record supplies, and none of its own.

There are two forms with the same results, bit for bit. One is an `autograd.Function` that computes
the value, and a derivative when it is asked for: nothing else costs anything, and nothing but the
inputs is saved. Where forward mode is on, or somebody takes the operations apart who does not take
a Function as it is, it is the Taylor polynomial about the inputs themselves, made of plain tensor
operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, where

from actfunc import torch_private
from actfunc.blocks import by_blocks
from actfunc.errors import UsageError, in_a_line
from actfunc.taylor_polynomial import Expansion, Partial, nan_from, polynomial, two_finite
from actfunc.torch_private import outside_inference_mode

SIXTEEN_BIT = (torch.bfloat16, torch.float16)


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
    if not torch.is_grad_enabled() or _compiled_without_gradients(*inputs, *params):
        return partial.function(*inputs, *params)
    lifted = _Lifted if torch_private.values_are_hidden() else _LiftedAlone
    return lifted.apply(partial, len(inputs), *inputs, *params)


def _read_along() -> bool:
    """Whether somebody takes the operations apart who does not take a Function as it is."""
    if torch.compiler.is_compiling():
        apart = not torch_private.compiles_one_backward()
    else:
        apart = torch.jit.is_tracing() or torch_private.functionalizes()  # type: ignore
    return apart or torch_private.forward_mode_is_on()


def _compiled_without_gradients(*tensors: Tensor) -> bool:
    """Whether the compiler would take the forward of a Function alone, and hand it a context that
    `setup_context` has made needless: it counts names, of which several tensors have but one."""
    return torch.compiler.is_compiling() and not any(each.requires_grad for each in tensors)


class _Lifted(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(partial: Partial, count: int, *tensors: Tensor) -> Tensor:
        return _no_input(partial.function(*tensors), tensors)

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
                if not partial.steep and grad.dtype not in SIXTEEN_BIT:
                    return by_blocks(each.function, *inputs, times=grad)
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


class _LiftedAlone(torch.autograd.Function):
    """The same where neither a transform nor a compiler is at work.

    What has no `setup_context` is called without its arguments being bound by name, which takes
    longer than the function of a small tensor.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        y = _Lifted.forward(*inputs)
        _Lifted.setup_context(ctx, inputs, y)
        return y

    backward = staticmethod(_Lifted.backward)


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


@outside_inference_mode
def elementwise_slope(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The derivative of an elementwise function, as reverse mode has it."""
    y, pull = torch.func.vjp(function, x)[:2]
    slope: Tensor = pull(torch.ones_like(y))[0]
    return slope


@dataclass(frozen=True)
class Slope:
    """The derivative of an elementwise function, by forward mode; by reverse mode for one that
    has a backward of its own and nothing forward. Raises UsageError for one that has neither."""

    function: Callable[[Tensor], Tensor]

    def __call__(self, x: Tensor) -> Tensor:
        if torch.compiler.is_compiling():
            return self._forward(x)
        try:
            return self._forward(x)
        except (RuntimeError, UsageError) as error:  # its own, or that of a slope within
            try:
                return elementwise_slope(self.function, x)
            except (RuntimeError, UsageError):
                if isinstance(error, UsageError):
                    raise error from None
                name = getattr(self.function, "__name__", type(self.function).__name__)
                raise UsageError(
                    f"torch.func cannot differentiate {name}: {in_a_line(error)}",
                    "an autograd.Function needs setup_context",
                ) from error

    @outside_inference_mode
    def _forward(self, x: Tensor) -> Tensor:
        x = x.contiguous()  # of an expanded tensor torch cannot write the tangent
        return torch.func.jvp(self.function, (x,), (torch.ones_like(x),))[1]


def _times(one: Tensor, other: Tensor, steep: bool) -> Tensor:
    """Their product; if `steep`, zero where one is zero and the other infinite."""
    if not steep:
        return one * other
    if _read_along():
        finite, rest = two_finite(other)
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


def _no_input(y: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """y, or a view of it where it is an input as it was given, which torch would not save."""
    return y.view_as(y) if any(y is each for each in inputs) else y


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
        # from zero, for of 0.0 less a zero of either sign -0.0 is left as it is
        return (function.f(wide.detach()) - (0.0 - _beside(function, wide))).to(x.dtype)
    if not torch.is_grad_enabled():
        return function.f(x)
    return _LiftedVector.apply(function, x)


class _LiftedVector(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(function: AlongVectors, x: Tensor) -> Tensor:
        return _no_input(function.f(x), (x,))

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
    point = Expansion.of(x)
    y = function.jvp(point.at, point.zero)
    near = point.near().sum(function.dim, keepdim=True)
    if function.second is None:
        return y - nan_from(2, near)
    return y + 0.5 * function.second(point.at, point.zero) - nan_from(3, near)
