"""The worst of a function: beyond the points of a grid, where it is suspected, and by climbing.

Ball arithmetic takes some thirty microseconds a point, so it judges thousands of points and not a
million. It is given the points that cheaper means suspect (`suspects`), points drawn at random, and
ladders on both sides of joints. Errors in the last place are worst where a function has an extremum
or has just passed a power of two, and there by chance, at one number in thousands. So around the
worst points and around extrema thousands of numbers are measured by what costs next to nothing, in
windows that get narrower: float32 by the float64 functions, float64 by Taylor series in ball
arithmetic (`surroundings`). The worst of each window is judged.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import Judged, measured
from actfunc.certify.oracle import truth
from actfunc.certify.surroundings import surroundings
from actfunc.certify.suspects import (
    MIDDLE,
    REACH,
    beside,
    finer,
    meeting_points,
    suspected,
    values,
)
from actfunc.formulas.balls import Truth
from actfunc.formulas.formula import Formula

SEED = 0
"""Of a certificate: the same every time. The search beside it draws another one each time."""

RANDOM = 1000
"""Points drawn on the whole line."""

LADDER = 48
"""Points on each side of a joint, from the next number to two steps of the net."""

TURNS = 8
"""How many extrema of each of f, df and d2f are looked at."""

CENTRES, BEST = 6, 2
"""Around how many of the worst points of an order numbers are measured; how many are judged."""

WINDOW = {torch.float64: 4000, torch.float32: 8000}
"""How many numbers are measured in a window."""

SWEPT, FEWER = 80, 8
"""Around how many points drawn at random float64 is measured first, at how many times fewer
numbers; float32 is measured everywhere."""

NARROWER = (2.0**-6, 2.0**-9, 2.0**-12)
"""How far from a centre a window reaches, in units of |x|."""


def widened(
    activation: Activation, formula: Formula, grid: Judged, seed: int = SEED
) -> tuple[Judged, int]:
    """The points of the grid with those that a search adds to them, each judged by the formula, in
    ascending order; and how many points the search looked at to find them.

    grid: the siblings as judged on the grid, in float64 or float32, which the search is in too.
    """
    generator = torch.Generator().manual_seed(seed)
    suspects = suspected(activation, formula, grid.x.dtype, seed)
    places = [drawn(RANDOM, generator), suspects.x, _ladders(meeting_points(activation, formula))]
    more = judge(activation, formula, torch.cat(places).to(grid.x.dtype))
    found, tried = climbed(joined(grid, more, activation), activation, formula, generator)
    return found, suspects.tried + tried


def judge(activation: Activation, formula: Formula, x: Tensor) -> Judged:
    """The siblings at x against the formula in ball arithmetic."""
    x = x[x.isfinite()].unique()
    true = truth(formula, x, activation.params)
    got = values(activation)(x)
    return Judged(x, got, true, measured(got, true, x))


def joined(first: Judged, second: Judged, activation: Activation) -> Judged:
    """Both, ascending; what both have, and what is a pole, once or not at all."""
    poles = torch.tensor(activation.poles, dtype=second.x.dtype)
    new = ~torch.isin(second.x, torch.cat([first.x, poles]))
    x = torch.cat([first.x, second.x[new]])
    order = x.argsort(stable=True)

    def both(a: Tensor, b: Tensor) -> Tensor:
        return torch.cat([a, b[..., new]], -1)[..., order]

    true = Truth(*(both(a, b) for a, b in zip(first.true, second.true, strict=True)))
    return Judged(x[order], both(first.got, second.got), true, both(first.errors, second.errors))


def climbed(
    found: Judged, activation: Activation, formula: Formula, generator: torch.Generator
) -> tuple[Judged, int]:
    """The points of `found` with worse ones, looked for around its worst, around extrema and, in
    float64, around points drawn at random; and how many were looked at."""
    tried, joints, dtype = 0, meeting_points(activation, formula), found.x.dtype
    swept = drawn(SWEPT, generator, octaves=11) if dtype == torch.float64 else found.x[:0].double()
    centres, count = torch.cat([_turns(found), swept]), WINDOW[dtype] // FEWER
    for reach in NARROWER:
        worst = [_worst(found.x, errors, reach) for errors in found.errors]
        places = []
        for centre in torch.cat([*worst, centres]).unique().tolist():
            offset = 2 * torch.rand(count, dtype=torch.float64, generator=generator) - 1
            width = reach * abs(centre)
            if dtype == torch.float64:
                width = min([width, *(0.9 * abs(centre - joint) for joint in joints)])
                x, errors = _float64_around(activation, formula, centre, width, offset)
            else:
                x, errors = _float32_around(activation, formula, centre + width * offset)
            places.append(x[errors.topk(min(BEST, len(x)), 1).indices.flatten()])
            tried += len(x)
        if places:
            found = joined(found, judge(activation, formula, torch.cat(places)), activation)
        centres, count = centres[:0], WINDOW[dtype]
    return found, tried


def _float64_around(
    activation: Activation, formula: Formula, centre: float, width: float, offset: Tensor
) -> tuple[Tensor, Tensor]:
    """Points around a centre, ascending, and their errors; none where its series is no good."""
    around = surroundings(formula, centre, activation.params, width) if width else None
    if around is None:
        return offset[:0], offset[:0].expand(3, 0)
    x = (centre + around.reach * offset).unique()
    return x, around.errors(values(activation)(x), x)


def _float32_around(
    activation: Activation, formula: Formula, places: Tensor
) -> tuple[Tensor, Tensor]:
    x = places.float().unique()
    x = x[x.isfinite()]
    return x, beside(values(activation)(x), finer(activation, formula)(x.double()), x)


def _worst(x: Tensor, errors: Tensor, reach: float) -> Tensor:
    """The points with the largest errors that lie further apart than `reach`, relatively."""
    centres: list[float] = []
    for at in errors.topk(min(len(x), 16 * CENTRES)).indices.tolist():
        place = x[at].item()
        if all(abs(place - other) > reach * abs(place) for other in centres):
            centres.append(place)
        if len(centres) == CENTRES:
            break
    return torch.tensor(centres, dtype=torch.float64)


def drawn(count: int, generator: torch.Generator, octaves: int = MIDDLE) -> Tensor:
    """Random points, float64: half of them evenly on [-20, 20], half by the octave, so many of them
    from 1 up and down."""
    half = count // 2
    even = 2 * REACH * torch.rand(half, dtype=torch.float64, generator=generator) - REACH
    octave, side = 2 * torch.rand((2, count - half), dtype=torch.float64, generator=generator) - 1
    return torch.cat([even, torch.copysign(torch.exp2(octaves * octave), side)])


def _ladders(joints: Sequence[float]) -> Tensor:
    """Points on both sides of each joint, at distances from the smallest to a bin's width."""
    rungs = torch.exp2(torch.linspace(-40, -4, LADDER, dtype=torch.float64))
    at = torch.tensor(joints, dtype=torch.float64)[:, None]
    return torch.cat([at + rungs, at - rungs]).flatten()


def _turns(found: Judged) -> Tensor:
    """Extrema of the value, the slope and the curvature, those next to 0; float64."""
    x, places = found.x.double(), []
    for true in found.true.hi[:3]:
        steps = true.diff().sign()
        turns = x[1:-1][steps[1:] * steps[:-1] < 0]
        places.append(turns[turns.abs().argsort()[:TURNS]])
    return torch.cat(places)
