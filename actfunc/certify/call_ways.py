"""The ways to call a function: in which shapes and layouts of memory, under what, by what means."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vmap

from actfunc.blocks import BLOCK

MANY = BLOCK + 1
"""Elements of the largest tensor: more than a thread is asked at once."""

LENGTHS = 64, 256, 1024, 4096
"""Of tensors of a length that loops and kernels are written for, and more by one."""

SHORT = 700
"""Points of the tensors that are laid out otherwise, or given under a mode or a transform."""


class Way(NamedTuple):
    """A way of calling.

    shapes:  which points are given, as tensors of their numbers.
    placed:  how they lie in memory: from a column and such a tensor the input.
    entered: the mode that it happens in.
    follow:  the call itself.
    records: whether derivatives can be recorded by ordinary backward.
    """

    called: str
    shapes: Callable[[int], Iterable[Tensor]]
    placed: Callable[[Tensor, Tensor], Tensor] = torch.take
    entered: Callable[[], AbstractContextManager[object]] = nullcontext
    follow: Callable[..., tuple[Tensor, ...]] = lambda call, *inputs: call(*inputs)
    records: bool = True


def _evenly(n: int, wanted: int) -> Tensor:
    """So many of n numbers, from the first to the last."""
    return torch.linspace(0, n - 1, min(n, wanted), dtype=torch.float64).round().long()


def _runs(n: int, *lengths: int) -> Iterator[Tensor]:
    """Neighbouring points, so many at a time, from all over the line."""
    for number, length in enumerate(lengths):
        start = (2 * number + 1) * (n - length) // (2 * len(lengths))
        yield torch.arange(start, start + length)


def _boxes(n: int, *shape: int) -> list[Tensor]:
    """One tensor of this shape behind a leading dimension."""
    size = math.prod(shape)
    at = _evenly(n, SHORT)
    return [at[: len(at) // size * size].reshape(-1, *shape)]


def _every_second(column: Tensor, at: Tensor) -> Tensor:
    # NaN lies between: what reads on in memory gets to see it
    buffer = column.new_full((*at.shape, 2), torch.nan)
    buffer[..., 0] = column.take(at)
    return buffer[..., 0]


def _channels_last(column: Tensor, at: Tensor) -> Tensor:
    return column.take(at).contiguous(memory_format=torch.channels_last)


def _behind_another(column: Tensor, at: Tensor) -> Tensor:
    return torch.cat([column.new_full((1,), torch.nan), column.take(at)])[1:]


def _requiring_grad(column: Tensor, at: Tensor) -> Tensor:
    return column.take(at).requires_grad_()


WAYS = (
    Way("on one number, 0-d", lambda n: _evenly(n, 8).unbind()),
    Way("on one element", lambda n: _evenly(n, 8)[:, None].unbind()),
    Way("on a few elements", lambda n: _runs(n, 3, 7, 2, 5, 3, 9, 7, 17, 33)),
    Way("on no element", lambda n: [torch.arange(0), torch.arange(0).view(3, 0)]),
    Way("on some thousand elements",
        lambda n: (torch.arange(at + more) % n for at in LENGTHS for more in (0, 1))),
    Way(f"on {MANY:,} elements", lambda n: [torch.arange(MANY) % n]),
    Way("on two dimensions", lambda n: _boxes(n, 35)),
    Way("on three dimensions", lambda n: _boxes(n, 5, 7)),
    Way("on four dimensions", lambda n: _boxes(n, 1, 7, 5)),
    Way("on five dimensions", lambda n: _boxes(n, 7, 1, 5, 1)),
    Way("with channels last", lambda n: _boxes(n, 5, 7, 2), _channels_last),
    Way("transposed", lambda n: _boxes(n, 35), lambda column, at: column.take(at.mT).mT),
    Way("on every second element of a tensor", lambda n: [_evenly(n, SHORT)], _every_second),
    Way("on every second column of a matrix", lambda n: _boxes(n, 35), _every_second),
    Way("behind another element", lambda n: [_evenly(n, SHORT)], _behind_another),
    Way(
        "expanded",
        lambda n: [_evenly(n, SHORT // 4)[:, None].expand(-1, 4)],
        lambda column, at: column.take(at[:, :1]).expand(at.shape),
    ),
    Way("under no_grad", lambda n: _boxes(n, 35), entered=torch.no_grad, records=False),
    Way("under inference_mode", lambda n: _boxes(n, 35), entered=torch.inference_mode,
        records=False),
    Way("on a tensor that requires grad", lambda n: _boxes(n, 35), _requiring_grad, records=False),
    Way("under autocast to bfloat16", lambda n: _boxes(n, 35),
        entered=lambda: torch.autocast("cpu", torch.bfloat16)),
    Way("under autocast to float16", lambda n: _boxes(n, 35),
        entered=lambda: torch.autocast("cpu", torch.float16)),
    Way("under vmap over rows", lambda n: _boxes(n, 35), records=False,
        follow=lambda call, *inputs: vmap(call)(*inputs)),
    Way("under vmap over columns", lambda n: _boxes(n, 35), records=False,
        follow=lambda call, *inputs: vmap(call, 1, 1)(*inputs)),
    Way("under vmap over single numbers", lambda n: _boxes(n, 35), records=False,
        follow=lambda call, *inputs: vmap(vmap(call))(*inputs)),
)  # fmt: skip
"""All but those that take a number of calls."""
