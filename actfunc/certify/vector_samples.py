"""Vectors at which a function of vectors is likely to go wrong, with tangents for its Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

ROWS = {1: 40, 2: 900, 3: 900, 4: 700, 7: 500, 16: 200, 48: 60}
"""How many vectors of each length."""


class Sample(NamedTuple):
    """Vectors of one length, each with a tangent and a cotangent: (vector, entry)."""

    x: Tensor
    tangent: Tensor
    cotangent: Tensor


def samples(dtype: torch.dtype, pieces: int = 1) -> list[Sample]:
    """Random, tied, constant, huge, tiny and dominated vectors, always the same.

    pieces: how many times longer they are.
    """
    generator = torch.Generator().manual_seed(0)
    found = []
    for length, rows in ROWS.items():
        shape = rows, length * pieces
        x = _mixed(shape, _VECTORS, dtype, generator)
        tangents = [_mixed(shape, _TANGENTS, dtype, generator) for _ in range(2)]
        found.append(Sample(x, *tangents))
    return found


def _mixed(
    shape: tuple[int, int],
    kinds: tuple[Callable[[Tensor, Tensor, torch.finfo], Tensor], ...],
    dtype: torch.dtype,
    generator: torch.Generator,
) -> Tensor:
    """Row by row one of the kinds, by chance."""
    normal = torch.randn(shape, dtype=torch.float64, generator=generator)
    even = torch.rand(shape, dtype=torch.float64, generator=generator)
    kind = torch.randint(len(kinds), (shape[0], 1), generator=generator)
    info = torch.finfo(dtype)
    drawn = torch.stack([make(normal, even, info) for make in kinds])
    return drawn.gather(0, kind.expand(shape)[None])[0].to(dtype)


def _one_apart(normal: Tensor, even: Tensor, far: float) -> Tensor:
    return normal + far * (even == even.amax(-1, keepdim=True))


def _every_binade(normal: Tensor, even: Tensor, info: torch.finfo) -> Tensor:
    low, high = (torch.tensor(end, dtype=torch.float64).log2() for end in (info.tiny, info.max))
    return normal.sign() * torch.exp2(low + (high - low - 1e-9) * even)


_VECTORS = (
    lambda normal, even, info: normal,
    lambda normal, even, info: 0.3 * normal,
    lambda normal, even, info: 4 * normal,
    lambda normal, even, info: 40 * normal,
    lambda normal, even, info: (4 * even).round() / 2,
    lambda normal, even, info: normal[:, :1].expand_as(normal),
    lambda normal, even, info: 1000.7 + even,
    lambda normal, even, info: _one_apart(normal, even, 30.0),
    lambda normal, even, info: _one_apart(normal, even, 3.0),
    lambda normal, even, info: normal * info.tiny * 8,
    lambda normal, even, info: (2 * even - 1) * info.max,
    _every_binade,
)
_TANGENTS = (
    lambda normal, even, info: normal,
    lambda normal, even, info: (even == even.amax(-1, keepdim=True)).double(),
    lambda normal, even, info: normal[:, :1].expand_as(normal),
    lambda normal, even, info: normal.round(),
    lambda normal, even, info: normal * torch.exp2(40 * even - 20),
)
