"""The logistic function and what is gated by it: x·σ(z), from one exponential of -|z|."""

from __future__ import annotations

import torch
from torch import Tensor, exp, where

from actfunc.numerics.floats import Number, lowest


def logistic_slope(x: Tensor) -> Tensor:
    """The slope of the sigmoid; far out it has digits left for a factor to bring back."""
    e = exp(-x.abs())
    return e / (1 + e) ** 2


def logistic_curvature(x: Tensor) -> Tensor:
    """The second derivative of the sigmoid."""
    return -logistic_slope(x) * torch.tanh(0.5 * x)


def within_reach(x: Tensor) -> Tensor:
    """x as far out as matters: there every gate is 0 or 1, and a closed one times infinity NaN."""
    return x.clamp(-1e18, 1e18)


def ends(x: Tensor, e: Tensor, *coefficients: Number) -> Tensor:
    """The polynomial in e = e^-|x| with these coefficients where x ≤ 0, in reverse where x > 0.

    A ratio of polynomials in e^x is a ratio of such on either side: nothing overflows, nothing
    cancels, one exponential does for all of it.
    """
    left, right = coefficients[-1], coefficients[0]
    for low, high in zip(coefficients[-2::-1], coefficients[1:], strict=True):
        left, right = low + e * left, high + e * right
    return where(x > 0, right, left)


def halved(z: Tensor, factor: Number) -> Tensor:
    """e^z times a factor, for z ≤ 0, half of the exponent at a time: e^z is subnormal before the
    product is."""
    h = exp(0.5 * z)
    return h * factor * h


def damped(z: Tensor, factor: Number) -> Tensor:
    """e^z times a factor, for z ≤ 0: `halved` far out, with one rounding less elsewhere."""
    return where(z < -40, halved(z, factor), exp(z) * factor)


def closed(z: Tensor, u: Tensor, one: Number, other: Number, otherwise: Tensor) -> Tensor:
    """one·other·e^z far on the left, where a gate of u, a multiple of e^z, is as good as u itself.

    Each of the two takes half of the exponent: e^z is subnormal before the product is, and either
    may be large.
    """
    h = exp(0.5 * z.clamp(max=-40))
    return where((z < -40) & (u < 1e-8), (h * one) * (h * other), otherwise)


def bell(z: Tensor, factor: Number) -> Tensor:
    """σ′(z) times a factor."""
    e = exp(-z.abs())
    return damped(-z.abs(), factor) / (1 + e * (2 + e))


GATES_ARE_OPEN = 44.0
"""Where 1 and z·e^-z are 1 in float64, and the square of e^z is finite in float32."""


def opened(x: Tensor, z: Tensor) -> Tensor:
    """x·σ(z)."""
    e = exp(z.clamp(max=GATES_ARE_OPEN))
    return lowest(x) * (e / (1 + e))


def opened_slope(z: Tensor, w: Tensor) -> Tensor:
    """The slope of x·σ(z), where w = x·z′, for z from -1e4 to GATES_ARE_OPEN."""
    e = exp(z)
    # in (1 + e)² the rounding of 1 + e would count twice
    return e * ((1 + w) + e) / (1 + e * (2 + e))


def swish(x: Tensor, beta: Number) -> Tensor:
    """x·σ(beta·x)."""
    z = beta * x
    if not isinstance(beta, Tensor) and beta > 0.25:
        return opened(x, z)
    return tailed(z, lowest(x))


def tailed(z: Tensor, factor: Tensor) -> Tensor:
    """factor·σ(z), where the factor may bring back digits that a subnormal e^z has lost.

    Its derivative by z keeps its digits too: of e / (1 + e) as it stands it would cancel.
    """
    near = factor / (1 + exp(-z.clamp(min=-GATES_ARE_OPEN)))
    return where(z < -40, halved(z.clamp(max=0), factor), near)


def swish_slope(x: Tensor, beta: Number) -> Tensor:
    z = (beta * x).clamp(-1e4, GATES_ARE_OPEN)
    return opened_slope(z, z)


def swish_curvature(x: Tensor, beta: Number, factor: Number = 1.0) -> Tensor:
    """The second derivative of factor·x·σ(beta·x)."""
    z = within_reach(beta * x).abs()
    # half of the exponent at a time, as in damped
    h = exp(-0.5 * z)
    e = h * h
    # in (1 + e)³ the rounding of 1 + e would count three times
    return factor * beta * h * (2 - z + e * (2 + z)) * h / (1 + e * (3 + e * (3 + e)))
