"""Points at which a function is likely to be wrong, found at a thousandth of what a proof costs.

What is wrong on a stretch of a ten-thousandth lies between the points of any grid, and leaves
traces:

- Along the line, in float64, on a net finer than such a stretch: sixth differences, which are
  nothing but rounding where a function is smooth, and nine to twenty times what is wrong at the
  ends of a stretch. They need no formula, so nothing is lost to cancellation, in a tail either.
- Beside the formula, in float64: its own Taylor series, plainly evaluated. It sees what is off by a
  few units, and so smoothly that neighbours agree; where it cancels it has seen nothing.
- float32 beside float64, which is right to a millionth of float32's last digit.

The worst of each bin is a suspect, and no more than that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.audited import Audited
from actfunc.certify.taylor import taylor
from actfunc.formulas.branches import branch_points
from actfunc.formulas.formula import Formula
from actfunc.numerics.ulp import ulp

REACH, EVEN = 20.0, 480_000
"""The net on [-REACH, REACH]: a step of 8.3e-5, so that a stretch of 1e-4 has a point of it."""

OCTAVE, MIDDLE = 1000, 27
"""Points of each octave from 2^-27 to 2^27."""

DENSE, NEAR = 4000, (-12, 10)
"""Points of each octave between these powers of two: in the tails, and close to 0, a stretch of a
five-thousandth of x has one of it."""

EXPONENTS = {torch.float64: (-1074, 1024, 12), torch.float32: (-149, 128, 96)}
"""Of each dtype the powers of two it lies between, and points of each octave beyond the middle."""

PIECE, BIN = 2**15, 1024
"""Points that are looked at together, as many as a core's cache holds; and those of one suspect."""

NARROW = 256
"""Of one suspect beside the formula, so that one that is rounding hides fewer others."""

SUSPICIOUS = 16.0
"""Units above which a disagreement of two numbers, each right to a bound, shows that one is not."""

UNEVEN = 2.0**9
"""Units above which a sixth difference is no rounding, and no natural one where a function changes
over a thirtieth or more: 1e-13 of what it is."""

ORDER = 6
"""Of the differences: a fourth is natural to 3e-11."""

MOST = 64
"""Suspects of float32 beside float64, of each order; the worst first."""

Values: TypeAlias = Callable[[Tensor], Tensor]
"""f, df and d2f at (point,) in its dtype: (order, point)."""


class Strip(NamedTuple):
    """Points in ascending order, of one sign or evenly across 0.

    x:    (point,), float64.
    fine: whether differences say anything: evenly, or evenly in log|x|, and near enough.
    """

    x: Tensor
    fine: bool


class Found(NamedTuple):
    """Points for the judge, `x`, and how many were looked at to find them, `tried`."""

    x: Tensor
    tried: int


def meeting_points(activation: Activation, formula: Formula) -> tuple[float, ...]:
    """Where branches meet, by the formula or by the record, and poles; ascending."""
    meet = branch_points(formula, activation.params)
    return tuple(sorted({*activation.joint_points, *activation.poles, *meet}))


def suspected(activation: Activation, formula: Formula, dtype: torch.dtype, seed: int) -> Found:
    """Points at which the siblings are likely to be wrong in a dtype; float64, in any order."""
    generator = torch.Generator().manual_seed(seed + 1)
    here, fine = values(activation), finer(activation, formula)
    if isinstance(activation, Audited):
        return _beside(here, fine, strips(dtype, generator), dtype)
    if dtype == torch.float64:
        return _in_float64(activation, formula, seed)
    double = _in_float64(activation, formula, seed)
    single = _beside(here, fine, strips(dtype, generator), dtype, most=MOST)
    return Found(torch.cat([single.x, double.x]), single.tried + double.tried)


@lru_cache(maxsize=2)
def _in_float64(activation: Activation, formula: Formula, seed: int) -> Found:
    """What float64 is suspected of, float32 is too: they may be wrong alike."""
    generator = torch.Generator().manual_seed(seed + 2)
    net, here = strips(torch.float64, generator), values(activation)
    joints = meeting_points(activation, formula)
    along = [_along(here, strip, joints) for strip in net if strip.fine]
    beside = beside_formula(activation, formula, net)
    tried = sum(len(strip.x) for strip in net)
    return Found(torch.cat([*along, beside]), tried)


def thinned(net: Sequence[Strip], by: int) -> list[Strip]:
    """Every so-many-th point of each strip."""
    return [Strip(strip.x[::by], fine=False) for strip in net]


def beside_formula(activation: Activation, formula: Formula, net: Sequence[Strip]) -> Tensor:
    """Points where float64 is not what the formula's own Taylor series says; float64."""
    fine = _plainly(formula, activation)
    return _beside(values(activation), fine, net, torch.float64, width=NARROW).x


def finer(activation: Activation, formula: Formula) -> Values:
    """What float32 is measured by: the float64 siblings. Those of a stranger may be wrong, or not
    there at all: what is right beside it, or else the formula, plainly evaluated."""
    if not isinstance(activation, Audited):
        return values(activation)
    if activation.judge is not None and activation.judge.formula:
        return values(activation.judge)
    return _plainly(formula, activation)


def values(activation: Activation) -> Values:
    """The siblings, all three."""

    def all_of_them(x: Tensor) -> Tensor:
        return torch.stack([f(x).detach() for f in activation.siblings])

    return all_of_them


def _plainly(formula: Formula, activation: Activation) -> Values:
    return lambda x: taylor(formula, x, activation.params)


def strips(dtype: torch.dtype, generator: torch.Generator) -> list[Strip]:
    """A net over all numbers of a dtype, at another place for each draw of the generator."""
    phase = torch.rand(1, dtype=torch.float64, generator=generator)
    step = 2 * REACH / EVEN
    # from 0 to both sides: counted from -REACH it would be uneven by the rounding of REACH
    even = (torch.arange(-EVEN // 2, EVEN // 2, dtype=torch.float64) + phase) * step
    low, high, far = EXPONENTS[dtype]
    found = [Strip(even, fine=True)]
    for start, end, density in (
        (low, -MIDDLE, far),
        (-MIDDLE, NEAR[0], OCTAVE),
        (*NEAR, DENSE),
        (NEAR[1], MIDDLE, OCTAVE),
        (MIDDLE, high, far),
    ):
        x = _octaves(start, end, density, generator)
        found += [Strip(side, fine=density != far) for side in (x, -x.flip(0))]
    return found


def _octaves(low: int, high: int, density: int, generator: torch.Generator) -> Tensor:
    """So many points of each octave from 2^low to 2^high, ascending, to the last digit even in
    log x."""
    phase = torch.rand(1, dtype=torch.float64, generator=generator)
    mantissas = torch.exp2((torch.arange(density, dtype=torch.float64) + phase) / density)
    powers = torch.exp2(torch.arange(low, high, dtype=torch.float64))
    return (mantissas * powers[:, None]).flatten()


def _along(here: Values, strip: Strip, joints: Sequence[float]) -> Tensor:
    """Points at which a sibling is not smooth, but for where branches meet; what is NaN is left to
    what is beside it."""
    found = [strip.x[:0]]
    for x in _pieces(strip.x, overlap=ORDER):
        y = here(x)
        uneven = y
        for _ in range(ORDER):
            uneven = uneven.diff()
        # what rounding y makes of it, and what rounding x does: |x·y′| on a step of y
        run, middle = x[ORDER:] - x[:-ORDER], slice(ORDER // 2, -ORDER // 2)
        unit = y[:, middle].abs() + x[middle].abs() * (y[:, ORDER:] - y[:, :-ORDER]).abs() / run
        unit = unit * torch.finfo(x.dtype).eps + torch.finfo(x.dtype).tiny
        off = (uneven.abs() / unit).nan_to_num(torch.inf)
        for joint in joints:
            after = int(torch.searchsorted(x, joint))
            off[:, max(after - ORDER - 1, 0) : after + 1] = 0.0
        at = _peaks(off, above=UNEVEN)
        # an end of a stretch is between two of these; of one or two points, one is a point of it
        found += [x[at + 2], x[at + 3], x[at + 4]]
    return torch.cat(found)


def _beside(
    here: Values,
    fine: Values,
    net: Sequence[Strip],
    dtype: torch.dtype,
    *,
    width: int = BIN,
    most: int | None = None,
) -> Found:
    """Points of a dtype where the siblings are further than a bound from what is finer.

    width: of a bin.
    most:  of each order, the worst, near the bound or not; without, all that are suspicious.
    """
    places, worst, tried = [], [], 0
    for strip in net:
        for part in _pieces(strip.x, overlap=0):
            x = part.to(dtype)
            off = beside(here(x), fine(x.double()), x)
            at = _peaks(off, width, above=0.0 if most else SUSPICIOUS)
            places.append(x[at].double())
            worst.append(off[:, at])
            tried += len(x)
    found = torch.cat(places)
    if most is None:
        return Found(found, tried)
    ranked = torch.cat(worst, 1).topk(min(most, len(found)), 1).indices
    return Found(found[ranked.flatten().unique()], tried)


def beside(got: Tensor, fine: Tensor, x: Tensor) -> Tensor:
    """How far off the siblings are, (order, point), measured by what is finer than their dtype.

    got: (order, point), in the dtype of x, whose points are in ascending order.
    fine: (order, point), float64; what is not a number there tells nothing.
    The slope of the second derivative is the step to the next point on its flatter side.
    """
    double, info = x.double(), torch.finfo(x.dtype)
    most = 2.0**128 if x.dtype == torch.float32 else torch.finfo(torch.float64).max
    spacing, true = ulp(double, x.dtype), fine.clamp(-most, most)
    steps = (true[2].diff() / double.diff()).abs_().nan_to_num_(math.inf)
    pad = torch.nn.functional.pad
    third = torch.minimum(pad(steps, (0, 1), value=math.inf), pad(steps, (1, 0), value=math.inf))
    unit = torch.cat([true[1:].abs(), third[None]]).mul_(spacing).add_(ulp(true, x.dtype))
    off = (got.double().clamp_(-most, most) - true).abs_().div_(unit)
    # below the smallest normal number zero is as right; a NaN is infinitely wrong
    off.masked_fill_((got == 0) & (true.abs() < info.tiny), 0.0)
    off.nan_to_num_(math.inf)
    return off.masked_fill_(fine.isnan() & ~got.isnan(), 0.0)


def _pieces(x: Tensor, overlap: int) -> Iterator[Tensor]:
    for start in range(0, len(x) - overlap, PIECE - overlap):
        yield x[start : start + PIECE]


def _peaks(off: Tensor, width: int = BIN, above: float = SUSPICIOUS) -> Tensor:
    """The worst point of each bin in each row, where it is above that; off: (row, point)."""
    filled = torch.nn.functional.pad(off, (0, -off.shape[1] % width))
    top, place = filled.unflatten(1, (-1, width)).max(2)
    at = place + width * torch.arange(place.shape[1])
    return at[top > above].unique()
