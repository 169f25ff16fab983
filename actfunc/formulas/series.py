"""The functions of a formula on power series with ball coefficients (flint's `arb_series`).

Each keeps its relative accuracy where the result is tiny next to its parts: the constant term comes
from the scalar function, the others from integrating the derivative's series. A ball too wide to
decide something raises Undecided, and the caller raises the precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import flint
from flint import arb, arb_series

Series: TypeAlias = Any  # flint has no type stubs
"""An `arb_series`: balls that contain the Taylor coefficients."""

TERMS = 4
"""The value and three derivatives."""

HUGE = 2**64
LARGEST_EXPONENT = 2**4096


class Undecided(ArithmeticError):  # noqa: N818  (no error: a wish for more digits)
    """A ball is too wide to tell on which side of a joint, a tie or a pole it lies."""


def _chain(u: Series, value: arb, slope: Series) -> Series:
    """g(u) from the scalar g(u₀) and the series of g′(u)."""
    return arb_series([value]) + (slope * u.derivative()).integral()


def exp(u: Series) -> Series:
    c = u[0]
    if not abs(c) > HUGE:
        return u.exp()
    # flint gives up on exponents of more than a word; 2ⁿ itself is no trouble to it
    if c < -LARGEST_EXPONENT:
        # a ball that holds it, too small to see; the other terms are as they would be at 0
        rest = u.derivative().integral()
        return rest.exp() * arb(0, arb((1, -LARGEST_EXPONENT)))
    if not abs(c) < LARGEST_EXPONENT:
        raise Undecided
    n = (c / arb.const_log2()).mid().floor().unique_fmpz()
    if n is None:
        raise Undecided
    power = arb((1, int(n)))
    return (u - n * arb.const_log2()).exp() * power


def expm1(u: Series) -> Series:
    if not abs(u[0]) < HUGE:
        return exp(u) - 1
    return _chain(u, u[0].expm1(), exp(u))


def log1p(u: Series) -> Series:
    return _chain(u, u[0].log1p(), reciprocal(1 + u))


def sinh(u: Series) -> Series:
    e = exp(u)
    if abs(u[0]) < HUGE:
        return _chain(u, u[0].sinh(), (e + reciprocal(e)) / 2)
    return (e - reciprocal(e)) / 2


def cosh(u: Series) -> Series:
    e = exp(u)
    return (e + reciprocal(e)) / 2


def tanh(u: Series) -> Series:
    e = exp(-2 * u if u[0] > 0 else 2 * u)
    if not abs(u[0]) < HUGE:
        return sign(u) * (1 - e) * reciprocal(1 + e)
    return _chain(u, u[0].tanh(), 4 * e * reciprocal((1 + e) * (1 + e)))


def asinh(u: Series) -> Series:
    return _chain(u, u[0].asinh(), (1 + u * u).rsqrt())


def sigmoid(u: Series) -> Series:
    if u[0] > 0:
        return reciprocal(1 + exp(-u))
    e = exp(u)
    return e * reciprocal(1 + e)


def softplus(u: Series) -> Series:
    return u + log1p(exp(-u)) if u[0] > 0 else log1p(exp(u))


def sinc(u: Series) -> Series:
    """sin(u)/u, 1 at 0; next to 0, where a quotient of balls says nothing, a series in z = -u²/4.

    sinc is the hypergeometric function ₀F₁(; 3/2; z), whose derivatives are functions of its kind.
    """
    if abs(u[0]) > 1:
        return u.sin() * reciprocal(u)
    z = -u * u / 4
    total, power, factor = arb_series([arb(0)]), arb_series([arb(1)]), arb(1)
    for order in range(flint.ctx.cap):
        b = arb(3) / 2 + order
        total += power * (factor * z[0].hypgeom_0f1(b))
        power, factor = power * (z - z[0]), factor / (b * (order + 1))
    return total


def sign(u: Series) -> Series:
    """-1, 0 or 1, exactly; 0 at 0, which makes the slope of abs 0 there, as torch has it."""
    c = u[0]
    if c > 0:
        return arb_series([arb(1)])
    if c < 0:
        return arb_series([arb(-1)])
    if c.is_zero():
        return arb_series([arb(0)])
    raise Undecided


def absolute(u: Series) -> Series:
    return sign(u) * u


def maximum(a: Series, b: Series) -> Series:
    """The larger; at a tie the mean of the two, so half of each slope, as torch.maximum has it."""
    return (a + b + absolute(a - b)) / 2 if _ties(a, b) else (a if a[0] > b[0] else b)


def minimum(a: Series, b: Series) -> Series:
    return (a + b - absolute(a - b)) / 2 if _ties(a, b) else (a if a[0] < b[0] else b)


def _ties(a: Series, b: Series) -> bool:
    return sign(a - b)[0].is_zero()


def reciprocal(u: Series) -> Series:
    if u[0].contains(0):
        raise Undecided
    return 1 / u


def power(u: Series, exponent: Series) -> Series:
    """uᵏ: by multiplication for a constant whole k, else through the logarithm."""
    k = exponent[0]
    whole = k.unique_fmpz() if k.is_exact() and exponent.length() <= 1 else None
    if whole is None:
        return exp(exponent * u.log())
    result = arb_series([arb(1)])
    for bit in bin(abs(int(whole)))[2:]:
        result = result * result * u if bit == "1" else result * result
    return reciprocal(result) if whole < 0 else result


def less(a: Series, b: Series) -> bool:
    if a[0] < b[0]:
        return True
    if a[0] >= b[0]:
        return False
    raise Undecided


FUNCTIONS: dict[str, Callable[..., Series]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a * reciprocal(b),
    "neg": lambda a: -a,
    "abs": absolute,
    "max": maximum,
    "min": minimum,
    "exp": exp,
    "expm1": expm1,
    "log1p": log1p,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": tanh,
    "asinh": asinh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "sign": sign,
    "log": arb_series.log,
    "sqrt": arb_series.sqrt,
    "sin": arb_series.sin,
    "sinc": sinc,
    "cos": arb_series.cos,
    "tan": arb_series.tan,
    "atan": arb_series.atan,
    "erf": arb_series.erf,
    "erfc": arb_series.erfc,
}

COMPARISONS: dict[str, Callable[[Series, Series], bool]] = {
    "<": less,
    ">": lambda a, b: less(b, a),
    "<=": lambda a, b: not less(b, a),
    ">=": lambda a, b: not less(a, b),
}


class precision:  # noqa: N801  (used as a word: `with precision(128)`)
    """flint's working precision and series length, which are global, for the length of a block."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before = flint.ctx.prec, flint.ctx.cap
        flint.ctx.prec, flint.ctx.cap = self.bits, TERMS

    def __exit__(self, *_: object) -> None:
        flint.ctx.prec, flint.ctx.cap = self.before
