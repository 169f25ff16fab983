"""Every float32 there is, 4,294,967,296 inputs, against the float64 siblings.

The float64 siblings have a certificate of their own, to four units of a place that is 2²⁹
finer. The worst inputs found are judged once more by the formula itself.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import source
from actfunc.activation import Activation
from actfunc.certify.check import Check, bound_of, check
from actfunc.certify.oracle import truth
from actfunc.certify.records import as_plain
from actfunc.errors import ActfuncError
from actfunc.formulas.formula import parse
from actfunc.machine import available_cores, single_threaded
from actfunc.numerics.ulp import error, ulp
from actfunc.places import cache_root
from actfunc.storage import documents
from actfunc.storage.files import slug
from actfunc.storage.schema import mapping, maybe, number, record, row, text, whole

BLOCKS, BLOCK = 256, 2**24
CHUNK = {"cpu": 2**15, "cuda": 2**24}
"""Inputs at a time: on the CPU what its nearest cache holds, on a GPU enough to fill it."""

INFINITY, PAST_LARGEST = 0x7F800000, 2.0**128
TINY = 2.0**-126

_BITS, _COUNT = whole(0, 2**32 - 1), whole(0, 2**32)
KEPT = record(
    of=text(),
    blocks=mapping(
        # an error that is infinite, JSON has no number for
        row(row(*[maybe(number(0))] * 3), row(*[_BITS] * 3), row(*[_COUNT] * 3), _COUNT)
    ),
)
"""What is kept of a run: which function it is of, and the finished blocks by their numbers."""


class Block(NamedTuple):
    """What 2²⁴ inputs gave: for each order the largest error, where, and how many are beyond.

    worst:  in the design's measure; at: the input's bits; deaf: NaNs that did not come out as one.
    """

    worst: tuple[float, float, float] = (0.0, 0.0, 0.0)
    at: tuple[int, int, int] = (0, 0, 0)
    beyond: tuple[int, int, int] = (0, 0, 0)
    deaf: int = 0

    def joined(self, other: Block) -> Block:
        """Both together."""
        larger = [b > a for a, b in zip(self.worst, other.worst, strict=True)]
        return Block(
            tuple(max(pair) for pair in zip(self.worst, other.worst, strict=True)),  # type: ignore[arg-type]
            tuple(  # type: ignore[arg-type]
                b if other_is else a
                for a, b, other_is in zip(self.at, other.at, larger, strict=True)
            ),
            tuple(map(sum, zip(self.beyond, other.beyond, strict=True))),  # type: ignore[arg-type]
            self.deaf + other.deaf,
        )


class Exhaustive(NamedTuple):
    """Value, first and second derivative at every float32. `deaf`: NaNs in, and no NaN out."""

    name: str
    formula: str
    device: str
    checks: tuple[Check, ...]
    deaf: int

    @property
    def held(self) -> bool:
        """Whether every input is within the bounds."""
        return self.deaf == 0 and all(one.held for one in self.checks)

    def document(self) -> dict[str, object]:
        """The result as plain JSON data."""
        plain: dict[str, object] = as_plain(self)
        return {"name": self.name, "held": self.held, **plain}


def blocks(
    activation: Activation, device: torch.device, *, threads: int = 0, resume: bool = True
) -> Iterator[tuple[int, Block]]:
    """Go through the inputs; after each block, how many are done and what all of them gave.

    threads: on a CPU, each with a block of its own; 0 for one a core.
    What is done is kept in the cache, under the source of the function, and not done again.
    """
    kept = _kept_at(activation, device)
    done = _read(kept) if resume else {}
    total = reduce(Block.joined, done.values(), Block())
    yield len(done), total
    missing = [number for number in range(BLOCKS) if number not in done]
    workers = 1 if device.type == "cuda" else threads or available_cores()
    with single_threaded(device), ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(judge_block, activation, number, device) for number in missing]
        try:
            for number, job in zip(missing, jobs, strict=True):
                done[number] = job.result()
                total = total.joined(done[number])
                _write(kept, done)
                yield len(done), total
        finally:
            pool.shutdown(cancel_futures=True)


def conclude(activation: Activation, device: torch.device, total: Block) -> Exhaustive:
    """The result, with the worst inputs judged by the formula."""
    x = torch.tensor(total.at, dtype=torch.int64).to(torch.int32).view(torch.float32)
    true = truth(parse(activation.formula, tuple(activation.params)), x, activation.params)
    checks = []
    for order, sibling in enumerate(activation.siblings):
        at = slice(order, order + 1)
        got = sibling(x.to(device))[at].cpu()
        here = true._replace(hi=true.hi[:, at], lo=true.lo[:, at], known=true.known[at])
        off = error(got, here.hi[order], here.lo[order], here.hi[order + 1], x[at])
        found = check(order, got, here, off, x[at], activation.exceptions)
        beyond = total.beyond[order]
        checks.append(found._replace(points=2**32, beyond=beyond, held=found.held and beyond == 0))
    return Exhaustive(
        activation.spec, activation.formula, _model(device), tuple(checks), total.deaf
    )


def judge_block(activation: Activation, number: int, device: torch.device) -> Block:
    """2²⁴ neighbouring inputs, a chunk at a time."""
    size = CHUNK.get(device.type, CHUNK["cpu"])
    starts = range(number * BLOCK, (number + 1) * BLOCK, size)
    chunks = (judge_chunk(activation, start, size, device) for start in starts)
    return reduce(Block.joined, chunks, Block())


@torch.no_grad()
def judge_chunk(activation: Activation, start: int, size: int, device: torch.device) -> Block:
    """The inputs whose bits are start, start + 1, ..."""
    # one more on either side, for the steps of the truth
    bits = torch.arange(start - 1, start + size + 1, device=device)
    x = bits.to(torch.int32).view(torch.float32)
    inner = slice(1, -1)
    bounds = [bound_of(order, torch.float32, activation.exceptions) for order in range(3)]
    magnitude = bits[inner] & 0x7FFFFFFF
    ordinary = magnitude < INFINITY
    for pole in activation.poles:
        ordinary &= x[inner] != pole
    plain = bool(ordinary.all())
    worst, at, beyond, deaf = [], [], [], 0
    fine = x.double()
    for order, sibling in enumerate(activation.siblings):
        got = sibling(x[inner])
        off = _errors(got, sibling(fine))
        if not plain:
            off = torch.where(ordinary, off, 0.0)
            if order == 0:
                deaf = int(((magnitude > INFINITY) & ~got.isnan()).sum())
        largest, place = off.max(0)
        worst.append(largest.item())
        at.append(start + int(place))
        beyond.append(int((off > bounds[order]).sum()) if worst[-1] > bounds[order] else 0)
    return Block(tuple(worst), tuple(at), tuple(beyond), deaf)  # type: ignore[arg-type]


def _errors(got: Tensor, fine: Tensor) -> Tensor:
    """The design's measure. got: (n,) float32; fine: (n + 2,) float64, the truth around it.

    |true′|·ulp(x) is the step of the truth to the next float32 on its flatter side, so that a jump
    at a joint forgives nothing.
    """
    true = fine.clamp(-PAST_LARGEST, PAST_LARGEST)
    steps = true.diff().abs_().nan_to_num_(torch.inf)
    true = true[1:-1].contiguous()
    unit = torch.minimum(steps[1:], steps[:-1]).add_(ulp(true, torch.float32))
    value = got.double()
    off = (value.clamp(-PAST_LARGEST, PAST_LARGEST) - true).abs_().div_(unit)
    # below the smallest normal number zero is as right; a NaN is infinitely wrong
    off.masked_fill_((value == 0) & (true.abs() < TINY), 0.0)
    return off.nan_to_num_(torch.inf)


def _model(device: torch.device) -> str:
    """What computes: GPUs of two models need not give the same digits."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def _kept_at(activation: Activation, device: torch.device) -> Path:
    """Where the finished blocks are: by function, torch, device and the source of it all."""
    depends = source.digest_of(*activation.siblings)
    parts = [activation.spec, activation.formula, torch.__version__, _model(device)]
    parts += [source.digest(__name__), depends]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return cache_root() / "exhaustive" / f"{slug(activation.name)}-{digest}.json"


def _write(path: Path, done: Mapping[int, Block]) -> None:
    plain = {
        str(key): [[None if math.isinf(one) else one for one in block.worst], *block[1:]]
        for key, block in done.items()
    }
    with suppress(ActfuncError):  # on a full disk, say, the run goes on all the same
        documents.write_sealed(path, {"of": path.stem, "blocks": plain})


def _read(path: Path) -> dict[int, Block]:
    """What is kept there, if it is whole and of this function; else nothing, to be done anew."""
    try:
        kept = documents.read_sealed(path, KEPT, "it is done anew")
        blocks = {int(number): block for number, block in kept["blocks"].items()}
    except (ActfuncError, ValueError):
        return {}
    if kept["of"] != path.stem or not all(0 <= number < BLOCKS for number in blocks):
        return {}
    return {
        number: Block(
            tuple(math.inf if one is None else one for one in worst),  # type: ignore[arg-type]
            tuple(at),
            tuple(beyond),
            deaf,
        )
        for number, (worst, at, beyond, deaf) in blocks.items()
    }
