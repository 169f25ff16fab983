"""What floating-point numbers need: ends without NaN, tails with their digits, exact remainders."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import hardshrink

from actfunc import torch_private
from actfunc.activation import Function

Number: TypeAlias = float | Tensor
"""A tensor, or a Python number for what is the same everywhere: a parameter, the slope of x."""


def tensor_like(x: Tensor, number: Number, dtype: torch.dtype | None = None) -> Tensor:
    """A number as a tensor on x's device, of x's dtype where none is given.

    torch.as_tensor makes a Python number on the host, and a CUDA graph captures no copy from there.
    """
    dtype = dtype or x.dtype
    if isinstance(number, Tensor):
        return number.to(x.device, dtype)
    return torch.full((), number, dtype=dtype, device=x.device)


def finite(x: Tensor) -> Tensor:
    """x with the largest number for infinity: infinity by zero or by infinity would be NaN."""
    info = torch.finfo(x.dtype)
    return x.clamp(info.min, info.max)


def lowest(x: Tensor) -> Tensor:
    """x with the lowest number for -inf, which times a closed gate would be NaN: the limit is 0."""
    return x.clamp(min=torch.finfo(x.dtype).min)


def largest_exponent(x: Tensor) -> float:
    """An exponent at which e^exponent is next to the largest number of x's dtype."""
    return math.log(torch.finfo(x.dtype).max) - 1


def flushed(y: Tensor) -> Tensor:
    """Zero below the smallest normal number, where what went into y has lost its digits.

    A little below: what is rounded to just below it may truly be just above, and has its digits.
    What is zero stays as it is: -0.0, and a zero by a parameter that is zero, which may be learnt.
    """
    least = torch.finfo(y.dtype).tiny * (1 - 2**-8)
    if y.requires_grad:
        return torch.where((y.abs() <= least) & (y != 0), 0.0 * y, y)
    if torch.compiler.is_compiling():
        return torch.where(y.abs() <= least, 0.0 * y, y)
    # vectorised passes, where a comparison and a selection are not
    return torch.copysign(hardshrink(y, least), y)


def unless_below(
    x: Tensor,
    low: float,
    usual: Callable[[Tensor], Tensor],
    careful: Callable[[Tensor], Tensor],
) -> Tensor:
    """usual(x), but careful(x) where x < low.

    Most tensors have nothing so low. Where that can be seen without waiting for a device, the
    careful function is not asked.
    """
    plain = type(x) is Tensor and x.device.type == "cpu"
    seen = plain and not torch_private.values_are_hidden()
    # a NaN is the least of them, and says nothing of the others
    if seen and (x.numel() == 0 or x.detach().amin().item() >= low):
        return usual(x)
    return torch.where(x < low, careful(x.clamp(max=low)), usual(x))


def bounded(x: Tensor, low: Number, high: Number) -> Tensor:
    """x no further out than these, which get no gradient; Python numbers, or tensors beside x."""
    if not (isinstance(low, Tensor) or isinstance(high, Tensor)):
        info = torch.finfo(x.dtype)
        return x.clamp(max(low, info.min), min(high, info.max))
    least, most = (tensor_like(x, end).detach() for end in (low, high))
    return torch.minimum(torch.maximum(x, least), most)


EXPONENTIALS_VANISH = 1e4
"""e to the power of minus this is zero in every dtype, and in its square too."""


def left_over(x: Tensor, scale: Number) -> Tensor:
    """x / scale where x ≤ 0, for the exponent of an exponential; elsewhere 0.

    Further out than the exponential is zero it stays: times the nothing there, an infinite quotient
    would make the derivative by the scale NaN.
    """
    return bounded(x, -EXPONENTIALS_VANISH * scale, 0.0) / scale


def differentiated_as(value: Tensor, other: Tensor) -> Tensor:
    """value, with the derivatives of another finite expression of the same.

    For a derivative by a parameter of which autograd's own would cancel: of tanh as 1 - y², say.
    """
    return value.detach() + (other - other.detach())


def saturated(z: Tensor, scale: Number) -> Tensor:
    """e^z - 1 where z is an x / scale; its derivative by the scale keeps its digits in the tail."""
    y = torch.expm1(z)
    return differentiated_as(y, torch.exp(z)) if isinstance(scale, Tensor) else y


def in_double(function: Function) -> Function:
    """A function of x and parameters computed in float64, and rounded once to the dtype of x.

    For what loses more digits than float32 has to spare.
    """

    @wraps(function)
    def wide(x: Tensor, **params: Number) -> Tensor:
        if x.dtype == torch.float64:
            return function(x, **params)
        exact = {
            name: each.double() if isinstance(each, Tensor) else each
            for name, each in params.items()
        }
        return function(x.double(), **exact).to(x.dtype)

    return wide


def zero(x: Tensor) -> Tensor:
    """0 for every number, and NaN for NaN: what a derivative is where a function is straight."""
    return x.clamp(0.0, 0.0)


def step(x: Tensor) -> Tensor:
    """1 above 0, 0 at 0 and below; NaN for NaN."""
    return x.clamp(0.0, 1.0).ceil_()


def inside(where: Tensor, x: Tensor) -> Tensor:
    """1 where it is so, 0 elsewhere; NaN where x is."""
    return where.to(x.dtype) + zero(x)


def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    """x as a sum of two numbers of half the digits, whose products are exact: Veltkamp's split."""
    shifted = x * (2.0 ** (27 if x.dtype == torch.float64 else 12) + 1)
    high = shifted - (shifted - x)
    return high, x - high


def product_error(product: Tensor, x: Tensor, omega: Number) -> Tensor:
    """ωx less the product, by Dekker's product of halves of the digits."""
    exact = tensor_like(x, omega, torch.float64).detach()
    w = exact.to(x.dtype)
    (a, b), (c, d) = halves(x), halves(w)
    return (a * c - product) + a * d + b * c + b * d + (exact - w).to(x.dtype) * x


def pair_sum(x: Number, y: Tensor) -> tuple[Tensor, Tensor]:
    """x + y, and what its rounding has lost: Knuth's sum."""
    total = x + y
    added = total - x
    return total, ((x - (total - added)) + (y - added)).detach()


def quotient(x: Tensor, by: Tensor) -> tuple[Tensor, Tensor]:
    """x / by, and what its rounding has lost."""
    q = x / by
    product = (q * by).detach()
    return q, ((x - product) - product_error(product, q.detach(), by)).detach() / by


def exp_pair(z: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
    """e^(z + rest) as a sum of two numbers, for z from -8 to 8: as 2^n·(1 + r + small)."""
    n = torch.round(z / math.log(2)).detach()
    # log 2 in two numbers, the first with digits so few that n times it is exact
    r, rest = z - n * 0.693145751953125, rest - n * 1.4286068203094172e-06
    small = torch.zeros_like(z)
    for k in range(15, 1, -1):
        small = (1 + small) * (r + rest) / k
    small = small * (r + rest)
    one = 1 + r
    rest, power = (r - (one - 1)) + (rest + small), torch.exp2(n)
    big = one + rest
    return power * big, power * ((one - big) + rest)


def until_gaussians_vanish(x: Tensor) -> Tensor:
    """x as far out as e^-x² is not zero: a power of x that is infinite times it would be NaN."""
    return x.clamp(-100, 100)


def gaussian(x: Tensor, rate: float, factor: Number = 1.0) -> Tensor:
    """factor·e^(-rate·x²), the factor a polynomial in x."""
    # half of the exponent at a time: alone, it is subnormal before the product is
    h = torch.exp(-0.5 * rate * x * x)
    return flushed(factor * h * h)
