"""What the vector functions are, in ball and rational arithmetic, and how inputs' rounding moves
them.

All have the Jacobian aᵢ(δᵢₖ - wₖ), with ⟨w, 1⟩ = 1; a law says what a and w are and how they bend.
It shares nothing with the functions it judges: thresholds come from exact rational arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import torch
from flint import arb, fmpq
from torch import Tensor

Balls: TypeAlias = list[arb]


class Exact(NamedTuple):
    """The value at a vector, and a and w; `margin` is how near an entry is to its threshold."""

    value: Balls
    a: Balls
    w: Balls
    margin: float = 1.0


class Law(NamedTuple):
    """A function of vectors by its definition.

    exact:     the value, a and w at a vector, at flint's working precision.
    bend:      ∂aᵢ/∂xₖ and ∂wᵢ/∂xₖ from a and w: (vector, i, k) in float64.
    second:    the second derivative along t, from a, w and the residuals u = t - ⟨w, t⟩.
    second_by: its derivatives by xₖ, from a, w and u: (vector, i, k).
    squares:   how far it moves when uᵢ² does by so much, from a, w and that: (vector, i).
    symmetric: whether the Jacobian is.
    """

    exact: Callable[[Sequence[float]], Exact]
    bend: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    second: Callable[[Balls, Balls, Balls], Balls]
    second_by: Callable[[Tensor, Tensor, Tensor], Tensor]
    squares: Callable[[Tensor, Tensor, Tensor], Tensor]
    symmetric: bool = True


def residual(w: Tensor) -> Tensor:
    """δᵢₖ - wₖ, with the others' sum for 1 - wᵢ: (vector, i, k)."""
    n = w.shape[-1]
    eye = torch.eye(n, dtype=torch.bool)
    lacking = w[:, None].expand(-1, n, n).masked_fill(eye, 0.0).sum(-1)
    return torch.where(eye, lacking[..., None], -w[:, None].expand(-1, n, n))


def _softmax_balls(x: Sequence[float]) -> Balls:
    largest = arb(max(x))
    e = [(arb(entry) - largest).exp() for entry in x]
    total = sum(e, arb(0))
    return [each / total for each in e]


def _softmax(x: Sequence[float]) -> Exact:
    y = _softmax_balls(x)
    return Exact(y, y, y)


def _softmin(x: Sequence[float]) -> Exact:
    y = _softmax_balls([-entry for entry in x])
    return Exact(y, [-each for each in y], y)


def _log_softmax(x: Sequence[float]) -> Exact:
    largest = arb(max(x))
    total = sum(((arb(entry) - largest).exp() for entry in x), arb(0)).log()
    value = [arb(entry) - largest - total for entry in x]
    return Exact(value, [arb(1)] * len(x), _softmax_balls(x))


def _softmax_bend(a: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    bend = w[..., None] * residual(w)
    return a.sign()[..., None] * bend, bend


def _softmin_bend(a: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    bend = w[..., None] * residual(w)
    return bend, -bend


def _log_softmax_bend(a: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    bend = w[..., None] * residual(w)
    return torch.zeros_like(bend), bend


def _softmax_second(a: Balls, w: Balls, u: Balls) -> Balls:
    mean = sum((y * v * v for y, v in zip(w, u, strict=True)), arb(0))
    return [y * (v * v - mean) for y, v in zip(w, u, strict=True)]


def _softmax_second_by(a: Tensor, w: Tensor, u: Tensor) -> Tensor:
    off = u * u - (w * u * u).sum(-1, keepdim=True)
    moved = 2 * u[..., None] * (w * u)[:, None] + (w * off)[:, None]
    return w[..., None] * (residual(w) * off[..., None] - moved)


def _softmax_squares(a: Tensor, w: Tensor, moved: Tensor) -> Tensor:
    return w * (moved + (w * moved).sum(-1, keepdim=True))


def _log_softmax_second(a: Balls, w: Balls, u: Balls) -> Balls:
    return [-sum((y * v * v for y, v in zip(w, u, strict=True)), arb(0))] * len(u)


def _log_softmax_second_by(a: Tensor, w: Tensor, u: Tensor) -> Tensor:
    off = u * u - (w * u * u).sum(-1, keepdim=True)
    return -(w * off)[:, None].expand(-1, w.shape[-1], -1)


def _log_softmax_squares(a: Tensor, w: Tensor, moved: Tensor) -> Tensor:
    return (w * moved).sum(-1, keepdim=True).expand_as(w)


def _rational(x: float) -> fmpq:
    return fmpq(*x.as_integer_ratio())


def _sparsemax(x: Sequence[float]) -> Exact:
    """The threshold is the largest of (the sum of the k largest - 1) / k."""
    entries = [_rational(entry) for entry in x]
    total, threshold = fmpq(0), None
    for k, entry in enumerate(sorted(entries, reverse=True), 1):
        total += entry
        candidate = (total - 1) / k
        threshold = candidate if threshold is None else max(threshold, candidate)
    inside = [entry > threshold for entry in entries]
    zero, size = arb(0), sum(inside)
    above = [
        arb(entry - threshold) if i else zero for entry, i in zip(entries, inside, strict=True)
    ]
    a = [arb(1) if i else zero for i in inside]
    margins = [abs(float(arb(entry - threshold))) for entry in entries if entry != threshold]
    return Exact(above, a, [each / size for each in a], min(margins))


def _entmax15(x: Sequence[float]) -> Exact:
    """An entry is inside when the squares of what rises above it add up to less than one."""
    entries = [_rational(entry) / 2 for entry in x]
    inside = []
    for entry in entries:
        above = (other - entry for other in entries if other > entry)
        inside.append(sum((gap * gap for gap in above), fmpq(0)) < 1)
    support = [entry for entry, i in zip(entries, inside, strict=True) if i]
    mean = sum(support, fmpq(0)) / len(support)
    spread = sum(((entry - mean) * (entry - mean) for entry in support), fmpq(0))
    depth = arb((1 - spread) / len(support)).sqrt()
    heights = [arb(entry - mean) + depth for entry in entries]
    root = [height if i else arb(0) for height, i in zip(heights, inside, strict=True)]
    total = sum(root, arb(0))
    margin = min(abs(float(height)) for height in heights)
    return Exact([r * r for r in root], root, [r / total for r in root], margin)


def _entmax_bend(a: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    inside, total = (a > 0).double(), a.sum(-1)[:, None, None]
    bend = 0.5 * inside[..., None] * residual(w) * inside[:, None]
    return bend, (bend - w[..., None] * bend.sum(1, keepdim=True)) / total


def _entmax_second(a: Balls, w: Balls, u: Balls) -> Balls:
    square = [v * v if r > 0 else arb(0) for r, v in zip(a, u, strict=True)]
    total = sum(square, arb(0))
    return [(s - y * total) / 2 for s, y in zip(square, w, strict=True)]


def _entmax_second_by(a: Tensor, w: Tensor, u: Tensor) -> Tensor:
    inside, total = (a > 0).double(), a.sum(-1, keepdim=True)
    u = inside * u
    whole, square = u.sum(-1, keepdim=True), u.square().sum(-1, keepdim=True)
    drift = inside * (u - w * whole) / (2 * total)
    _, bend = _entmax_bend(a, w)
    return (w * whole - u)[..., None] * drift[:, None] - 0.5 * bend * square[..., None]


def _entmax_squares(a: Tensor, w: Tensor, moved: Tensor) -> Tensor:
    moved = (a > 0).double() * moved
    return 0.5 * (moved + w * moved.sum(-1, keepdim=True))


def _flat(a: Tensor, w: Tensor, *_: Tensor) -> Tensor:
    return torch.zeros(*w.shape, w.shape[-1], dtype=w.dtype)


LAWS = {
    "softmax": Law(_softmax, _softmax_bend, _softmax_second, _softmax_second_by, _softmax_squares),
    "softmin": Law(_softmin, _softmin_bend, _softmax_second, _softmax_second_by, _softmax_squares),
    "log_softmax": Law(
        _log_softmax,
        _log_softmax_bend,
        _log_softmax_second,
        _log_softmax_second_by,
        _log_softmax_squares,
        symmetric=False,
    ),
    "sparsemax": Law(
        _sparsemax,
        lambda a, w: (_flat(a, w), _flat(a, w)),
        lambda a, w, u: [arb(0)] * len(u),
        _flat,
        lambda a, w, moved: torch.zeros_like(moved),
    ),
    "entmax15": Law(_entmax15, _entmax_bend, _entmax_second, _entmax_second_by, _entmax_squares),
}
"""By the names of the functions. Maxout chooses and computes nothing; it needs no law."""
