"""Roots, powers, quotients of squares, and what chooses, on jets of scaled numbers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, where

from actfunc.formulas.parts import through_zero, value_of
from actfunc.formulas.scaled import ONE, ZERO, Scaled, ScaledJet, chain, reciprocal, select
from actfunc.numerics.floats import Number


def sqrt(u: ScaledJet) -> ScaledJet:
    """The square root."""
    first = u.parts[0]
    root = Scaled(torch.sqrt(first.coefficient),  # type: ignore[arg-type]
                  tuple((factor / 2, rate) for factor, rate in first.rates))  # fmt: skip
    return chain(
        u,
        lambda: root,
        lambda: Scaled(0.5) / root,
        lambda: Scaled(-0.25) / root / first,
    )


def power(u: ScaledJet, exponent: Number) -> ScaledJet:
    """u to a power that is the same everywhere."""
    if isinstance(exponent, float) and exponent.is_integer() and abs(exponent) <= 64:
        return _whole_power(u, int(exponent))
    first = u.parts[0]
    return chain(
        u,
        lambda: first.power(exponent),
        lambda: Scaled(exponent) * first.power(exponent - 1.0),
        lambda: Scaled(exponent * (exponent - 1.0)) * first.power(exponent - 2.0),
    )


def _whole_power(u: ScaledJet, exponent: int) -> ScaledJet:
    if exponent < 0:
        return reciprocal(_whole_power(u, -exponent))
    result: ScaledJet | None = None
    for bit in bin(exponent)[2:]:
        if result is not None:
            result = result * result
        if bit == "1":
            result = u if result is None else result * u
    one = ScaledJet(ONE, *[ZERO] * (len(u.parts) - 1))
    return one if result is None else result


def atan(u: ScaledJet) -> ScaledJet:
    """The arc tangent."""
    return _turned(u, lambda v: through_zero(u, torch.atan(v)))


def above_left(u: ScaledJet) -> ScaledJet:
    """atan(u) + pi / 2, with all its digits on the left."""
    return _turned(u, lambda v: Scaled(torch.atan2(torch.ones_like(v), -v)))


def _turned(u: ScaledJet, value: Callable[[Tensor], Scaled]) -> ScaledJet:
    v = value_of(u)
    w, t = _by_square(v)
    return chain(u, lambda: value(v), lambda: Scaled(w), lambda: Scaled(-2 * t * w))


def _by_square(v: Tensor) -> tuple[Tensor, Tensor]:
    """1 / (1 + v²) and v / (1 + v²), of which no square overflows."""
    far = v.abs() > 1
    s = where(far, 1 / where(far, v, 1.0), v)
    w = 1 / (1 + s * s)
    return where(far, s * s * w, w), s * w


def inverse_square(u: ScaledJet) -> ScaledJet:
    """1 / (1 + u²)."""
    v = value_of(u)
    w, t = _by_square(v)
    return chain(
        u,
        lambda: Scaled(w),
        lambda: Scaled(-2 * t * w),
        lambda: Scaled((6 * t * t - 2 * w * w) * w),
    )


def log_square(u: ScaledJet) -> ScaledJet:
    """log(1 + u²)."""
    v = value_of(u)
    w, t = _by_square(v)

    def value() -> Scaled:
        far = v.abs() > 1e10
        return Scaled(where(far, 2 * torch.log(where(far, v.abs(), 1.0)),
                            torch.log1p(where(far, 0.0, v) ** 2)))  # fmt: skip

    return chain(u, value, lambda: Scaled(2 * t), lambda: Scaled(2 * (w - t) * (w + t)))


def softsign(u: ScaledJet) -> ScaledJet:
    """u / (1 + |u|)."""
    v = value_of(u)
    whole = 1 + v.abs()
    return chain(
        u,
        lambda: Scaled(v / whole),
        lambda: Scaled(1 / whole / whole),
        lambda: Scaled(-2 * v.sign() / whole / whole / whole),
    )


def asinh(u: ScaledJet) -> ScaledJet:
    """The inverse of the hyperbolic sine."""
    v = value_of(u)
    root = torch.hypot(v, torch.ones_like(v))
    return chain(
        u,
        lambda: through_zero(u, torch.asinh(v)),
        lambda: Scaled(1 / root),
        lambda: Scaled(-(v / root) / root / root),
    )


def root(u: ScaledJet, by: Number, under: Number) -> ScaledJet:
    """sqrt(under + by·u²), of which no square overflows."""
    v = value_of(u)
    a = v.abs()
    far = a > 1
    out = where(far, a, 1.0)
    r = out * torch.sqrt(where(far, by + under / out / out, under + by * where(far, 0.0, v) ** 2))
    return chain(
        u,
        lambda: Scaled(r),
        lambda: Scaled(by * (v / r)),
        lambda: Scaled(by * under / r / r / r),
    )


def over_root(u: ScaledJet, by: Number, under: Number) -> ScaledJet:
    """u / sqrt(under + by·u²)."""
    v = value_of(u)
    r = root(u, by, under).parts[0].coefficient
    return chain(
        u,
        lambda: Scaled(v / r),
        lambda: Scaled(under / r / r / r),
        lambda: Scaled(-3 * by * under * (v / r) / r / r / r / r),
    )


def sign(u: ScaledJet) -> ScaledJet:
    """-1, 0 or 1."""
    return ScaledJet(Scaled(value_of(u).sign()), *[ZERO] * (len(u.parts) - 1))


def absolute(u: ScaledJet) -> ScaledJet:
    """|u|, with the slope 0 where u is 0."""
    side = Scaled(_leading(u).sign())
    first = u.parts[0]
    return ScaledJet(Scaled(_leading(u).abs(), first.rates), *(part * side for part in u.parts[1:]))


def _leading(u: ScaledJet) -> Tensor:
    coefficient = u.parts[0].coefficient
    assert isinstance(coefficient, Tensor)
    return coefficient


def choose(condition: Tensor, yes: ScaledJet, no: ScaledJet, like: Tensor) -> ScaledJet:
    """One jet or the other, point by point, in the dtype of `like`."""
    return ScaledJet(
        *(select(condition, a, b, like) for a, b in zip(yes.parts, no.parts, strict=True))
    )


def _larger(a: ScaledJet, b: ScaledJet, sign: float) -> ScaledJet:
    apart = sign * (a.value - b.value)
    assert isinstance(apart, Tensor)
    half = Scaled(0.5)
    both = ScaledJet(*(half * (one + other) for one, other in zip(a.parts, b.parts, strict=True)))
    return choose(apart > 0, a, choose(apart < 0, b, both, apart), apart)


def maximum(a: ScaledJet, b: ScaledJet) -> ScaledJet:
    """The larger; at a tie the mean of the two, so half of each slope."""
    return _larger(a, b, 1.0)


def minimum(a: ScaledJet, b: ScaledJet) -> ScaledJet:
    """The smaller; at a tie the mean of the two."""
    return _larger(a, b, -1.0)
