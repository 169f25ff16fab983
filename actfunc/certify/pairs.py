"""The certificate of a gated pair: its value and partial derivatives against the formula.

The measure is the design's with a second input: |got - true| in units of
ulp(true) + |∂true/∂x|·ulp(x) + |∂true/∂gate|·ulp(gate).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.certify.calls import Answers, Call
from actfunc.certify.certificate import FINE, Certificate
from actfunc.certify.check import Check, summed_up, word
from actfunc.certify.grids import with_neighbours
from actfunc.certify.limits import Limit
from actfunc.certify.oracle import truth
from actfunc.certify.pair_calls import pair_calls
from actfunc.certify.pair_ways import ORDERS, compiled_pair_ways, pair_ways
from actfunc.certify.ways import RouteCheck
from actfunc.formulas.formula import parse
from actfunc.gated import GatedPair
from actfunc.machine import plain_defaults
from actfunc.numerics.ulp import error_beside, plain_error, ulp

BOUNDS = (4.0, 4.0, 4.0, 8.0, 8.0, 8.0)
"""What is allowed of the value, the two slopes, the three second derivatives."""


class PairTruth(NamedTuple):
    """The six functions at points, hi + lo, and what rounding either input makes of each.

    hi, lo, spread: (order, point), float64; known: (point,).
    """

    hi: Tensor
    lo: Tensor
    spread: Tensor
    known: Tensor


@plain_defaults()
def certify_pair(
    pair: GatedPair,
    *,
    dtypes: Sequence[torch.dtype] = FINE,
    compiled: bool = False,
    report: Callable[[str], None] | None = None,
) -> Certificate:
    """Judge a pair by its formula, by torch's ways to its derivatives, by its limits.

    dtypes: float64 and float32, or one of them; compiled: judge the compiled ways as well.
    Raises FormulaError where its formula is not one.
    """
    say = report or (lambda _: None)
    checks: list[Check] = []
    routes: list[RouteCheck] = []
    limits: list[Limit] = []
    calls: list[Call] = []
    for dtype in dtypes:
        say(f"{word(dtype)}: the formula")
        x, gate = pair_grid(pair, dtype)
        true = pair_truth(pair.formula, x, gate)
        siblings = [sibling(x, gate).detach() for sibling in pair.siblings]
        judge = partial(pair_check, true=true, x=x, gate=gate)
        checks += map(judge, range(len(siblings)), siblings)
        say(f"{word(dtype)}: other ways to call it")
        calls += pair_calls(pair, pair_answers(pair, x, gate, true))
        say(f"{word(dtype)}: torch's ways to a derivative")
        routes += pair_ways(pair, siblings, x, gate)
        if compiled:
            say(f"{word(dtype)}: compiling")
            routes += compiled_pair_ways(pair, judge, x, gate)
        limits += pair_limits(pair, dtype)
    parts = tuple(checks), tuple(routes), (), tuple(limits), ()
    return Certificate(pair.name, pair.formula, *parts, calls=tuple(calls))


def pair_truth(text: str, x: Tensor, gate: Tensor) -> PairTruth:
    """The truth about a formula in `x` and `gate`; mixed derivatives from ∂/∂x as a formula."""
    formula = parse(text, ("gate",))
    once, twice = (parse(formula.plain(order), ("gate",)) for order in (1, 2))
    by_x = truth(formula, x, others={"gate": gate})
    by_gate, mixed, twice_mixed = (
        truth(one, x, wrt="gate", others={"gate": gate}) for one in (formula, once, twice)
    )
    # the truth, and its slope by x and by the gate
    orders = (
        ((by_gate, 0), (by_x, 1), (by_gate, 1)),
        ((by_x, 1), (by_x, 2), (mixed, 1)),
        ((by_gate, 1), (mixed, 1), (by_gate, 2)),
        ((by_x, 2), (by_x, 3), (twice_mixed, 1)),
        ((mixed, 1), (twice_mixed, 1), (mixed, 2)),
        ((by_gate, 2), (mixed, 2), (by_gate, 3)),
    )
    units = ulp(x.double(), x.dtype), ulp(gate.double(), x.dtype)
    spread = [
        sum(part.hi[order].abs() * unit for (part, order), unit in zip(slopes, units, strict=True))
        for _, *slopes in orders
    ]
    hi, lo = (
        torch.stack([getattr(part, half)[order] for (part, order), *_ in orders])
        for half in ("hi", "lo")
    )
    known = by_x.known & by_gate.known & mixed.known & twice_mixed.known
    return PairTruth(hi, lo, torch.stack(spread), known)  # type: ignore[arg-type]


def pair_answers(pair: GatedPair, x: Tensor, gate: Tensor, true: PairTruth) -> Answers:
    """What is right at the points; where the formula has no value, what the siblings give there."""
    usual = torch.stack([sibling(x, gate).detach() for sibling in pair.siblings])
    hi = torch.where(true.known, true.hi, usual.double())
    lo, spread = (torch.where(true.known, part, 0.0) for part in (true.lo, true.spread))
    return Answers((x, gate), usual, hi, lo, spread, BOUNDS, ORDERS)


def pair_check(order: int, got: Tensor, true: PairTruth, x: Tensor, gate: Tensor) -> Check:
    """What was computed of one of the six at the points, against the truth."""
    errors = error_beside(got, true.hi[order], true.lo[order], true.spread[order])
    columns = x, got, true.hi[order], torch.where(true.known, errors, 0.0)
    undecided = int((~true.known).sum())
    return summed_up(
        ORDERS[order], BOUNDS[order], columns, undecided, lambda at: (gate[at].item(),)
    )


def pair_grid(pair: GatedPair, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Where to look: (point,) each, at least 4,000 points.

    Every value out of some forty with every gate out of some hundred: the middle, joints, signs and
    zeros with their neighbours, tails as far as a large value brings them back, both ends of the
    dtype; and random points of the middle.
    """
    info = torch.finfo(dtype)
    smallest, largest = math.log2(info.tiny) + math.log2(info.eps), math.log2(info.max)
    far = -2.2 * math.log(info.tiny)
    powers = torch.exp2(torch.linspace(smallest, largest - 1e-9, 9, dtype=torch.float64))
    ends = torch.tensor([0.0, info.tiny, info.eps, info.max], dtype=torch.float64)
    values = torch.cat([powers, ends, torch.linspace(0.173, 21.7, 7, dtype=torch.float64)])
    spots = torch.cat([torch.tensor([0.0, *pair.joints], dtype=dtype), _crossings(pair, dtype)])
    tail = torch.linspace(7.31, far, 21, dtype=torch.float64)
    gates = torch.cat([powers, ends, tail, torch.linspace(0.0719, 7.1, 17, dtype=torch.float64)])
    x = torch.cat([values, -values]).to(dtype)
    gate = torch.cat([torch.cat([gates, -gates]).to(dtype), with_neighbours(spots, steps=2)])
    pairs = torch.cartesian_prod(x, gate)
    generator = torch.Generator().manual_seed(0)
    random = 5 * torch.randn((1000, 2), dtype=torch.float64, generator=generator)
    first, second = torch.cat([pairs, random.to(dtype)]).unbind(1)
    return first.contiguous(), second.contiguous()


def _crossings(pair: GatedPair, dtype: torch.dtype) -> Tensor:
    """Gates at which a slope or a second derivative changes its sign, to the width of a step."""
    gate = torch.linspace(-12.0, 12.0, 24001, dtype=torch.float64)
    found = []
    for sibling in pair.siblings[1:]:
        signs = sibling(torch.full_like(gate, 0.7), gate).sign()
        found.append(gate[1:][signs[1:] * signs[:-1] < 0])
    return torch.cat(found).to(dtype)


def pair_limits(pair: GatedPair, dtype: torch.dtype) -> Iterator[Limit]:
    """The value where one input is infinite, as it is far out, and NaN where one input is NaN."""
    far = torch.finfo(torch.float64).max
    for place in (0, 1):
        for end in (-math.inf, math.inf):
            inputs, out = torch.tensor([[0.7], [0.7]], dtype=dtype), [0.7, 0.7]
            inputs[place], out[place] = end, math.copysign(far, end)
            got = pair.f(*inputs).item()
            at = torch.tensor(out, dtype=torch.float64)
            wanted = truth(parse(pair.formula, ("gate",)), at[:1], others={"gate": at[1:]}).hi[0]
            wanted = torch.where(wanted.abs() > far / 1e9, wanted.sign() * math.inf, wanted)
            off = plain_error(torch.tensor([got], dtype=dtype), wanted, torch.zeros_like(wanted))
            finite = all(not each(*inputs).isnan().any() for each in pair.siblings)
            held = bool(off <= 4) and finite
            yield Limit(word(dtype), ORDERS[0], end, got, wanted.item(), held)
        inputs = torch.tensor([[0.7], [0.7]], dtype=dtype)
        inputs[place] = math.nan
        got = pair.f(*inputs).item()
        yield Limit(word(dtype), ORDERS[0], math.nan, got, math.nan, math.isnan(got))
