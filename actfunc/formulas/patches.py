"""What a function is where its form does not say: next to 0, at infinity and at NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import wraps

import torch
from torch import Tensor

from actfunc.activation import Function
from actfunc.numerics.floats import Number, finite, flushed


def near_zero(function: Function, series: Sequence[float], order: int, reach: float) -> Function:
    """function(x), but for |x| < reach the derivative of that order of Σ seriesₖ·xᵏ."""
    falling = [math.perm(k, order) * c for k, c in enumerate(series)][order:]

    @wraps(function)
    def patched(x: Tensor, **params: Number) -> Tensor:
        near = x.abs() < reach
        z = torch.where(near, x, 0.0)
        total = torch.full_like(z, falling[-1])
        for coefficient in falling[-2::-1]:
            # where the lowest vanish the sum is a product, and a tiny one keeps its digits
            total = total * z + coefficient if coefficient else total * z
        return torch.where(near, flushed(total), function(x, **params))

    return patched


def at_point(function: Function, point: float, value: float) -> Function:
    """A function with this value at one point."""

    @wraps(function)
    def patched(x: Tensor, **params: Number) -> Tensor:
        return torch.where(x == point, value, function(x, **params))

    return patched


def with_ends(
    function: Function, limits: tuple[float | None, float | None], params: Mapping[str, float]
) -> Function:
    """A function that is at ±inf what it comes to, and NaN at NaN.

    Where nobody knows what it comes to, it is what it is at the largest number. A limit may depend
    on parameters, if there are some; that there is none does not.
    """
    at = torch.tensor([-torch.inf, torch.inf, torch.nan], dtype=torch.float64, device="cpu")
    got = function(at, **params).tolist()
    wrong = [
        (end, limit)
        for end, limit, value in zip(at.tolist(), limits, got, strict=False)
        if limit is not None and not _same(limit, value) and (math.isnan(limit) or not params)
    ]
    known = {end for end, _ in wrong}
    unknown = any(math.isnan(value) and end not in known and limit is None
                  for end, limit, value in zip(at.tolist(), limits, got, strict=False))  # fmt: skip
    passes = math.isnan(got[2])
    if not wrong and not unknown and passes:
        return function

    @wraps(function)
    def patched(x: Tensor, **params: Number) -> Tensor:
        y = function(finite(x) if unknown else x, **params)
        for end, limit in wrong:
            y = torch.where(x == end, limit, y)
        return y if passes else torch.where(x.isnan(), torch.nan, y)

    return patched


def _same(limit: float, value: float) -> bool:
    if math.isnan(limit) or math.isnan(value):
        return math.isnan(limit) and math.isnan(value)
    return limit == value or math.isclose(limit, value, rel_tol=1e-12)
