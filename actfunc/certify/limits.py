"""What an activation does where there is no number to judge by: ±inf, NaN, poles, the two zeros.

The formula is asked far out and close by, further than any float goes: at infinity a function has
the value that it comes to, and its derivatives have those that they come to themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import torch
from flint import arb
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.audited import Audited
from actfunc.certify.check import ORDERS, word
from actfunc.certify.sixteen import nans
from actfunc.formulas.balls import proven_at
from actfunc.formulas.ends import FAR, come_to
from actfunc.formulas.formula import Formula, parse
from actfunc.lifting import SIXTEEN_BIT
from actfunc.numerics.ulp import plain_error

CLOSE = 4.0
"""Units in the last place that a limit may be off."""

BESIDE = arb((1, -200))
"""How close to 0 a sign is looked for: what is 0 there like x⁵ can still be told from 0."""

Accepted: TypeAlias = tuple[int, float, tuple[float, ...]]
"""An order, an input, and what is right there, one or the other; any, where nothing is claimed."""


class Limit(NamedTuple):
    """The value or a derivative at ±inf, at a pole or at NaN, or the value at one of the zeros.

    `wanted` is None where nothing is claimed, NaN where there is no limit.
    """

    dtype: str
    order: str
    x: float
    got: float
    wanted: float | None
    held: bool


def limits(
    activation: Activation, dtypes: Sequence[torch.dtype], text: str | None = None
) -> tuple[Limit, ...]:
    """Value, first and second derivative at ±inf, at the poles and at NaN; the signs of zero.

    text: another formula than the record's own.

    At ±inf each is what the formula comes to, or else what its asymptote does: NaN where it comes
    to nothing, as a sine; where neither tells, nothing is claimed. At a pole a derivative is what
    it comes to on one side or the other. NaN gives NaN, derivatives too.

    A zero has a sign. Where f comes to 0 from below on the left of 0, f(-0.0) is -0.0, as IEEE
    arithmetic has it of products and odd functions, and torch of its own; where from above, 0.0.
    The same on the right. Where f is 0 all along a side, either zero is right; so it is where the
    formula as it is written gives the other one, as x + sin(x)² does at -0.0.

    Of what is `Audited` the signs of zero and the derivatives at NaN are not asked: torch's own
    backward has numbers at NaN where a function is straight.
    """
    own = activation.formula if text is None else text
    ours = not isinstance(activation, Audited)
    wanted = claims(
        parse(own, tuple(activation.params)),
        tuple(activation.params.items()),
        activation.asymptotes,
        activation.poles,
        ours,
    )
    return tuple(_judge(activation, dtype, *each) for dtype in dtypes for each in wanted)


@lru_cache(maxsize=64)
def claims(
    formula: Formula,
    settings: tuple[tuple[str, float], ...],
    asymptotes: tuple[str | None, str | None],
    poles: tuple[float, ...],
    ours: bool,
) -> tuple[Accepted, ...]:
    """All that is claimed, which is the same in every dtype.

    ours: whether derivatives at NaN and the signs of zero are asked.
    """
    params = dict(settings)
    return (
        *_at_infinity(formula, params, asymptotes),
        *((0, pole, (formula.evaluate(pole, **params).item(),)) for pole in poles),
        *((order, math.nan, (math.nan,)) for order in range(3 if ours else 1)),
        *(_at_zeros(formula, params) if ours else ()),
    )


def _judge(
    activation: Activation, dtype: torch.dtype, order: int, x: float, accepted: tuple[float, ...]
) -> Limit:
    """What a sibling gives at x. In 16 bits NaN is every NaN there is."""
    everywhere = math.isnan(x) and dtype in SIXTEEN_BIT
    points = nans(dtype) if everywhere else torch.tensor([x], dtype=dtype)
    got = activation.siblings[order](points).detach()
    wrong = torch.full_like(got, bool(accepted), dtype=torch.bool)
    for value in accepted:
        wrong &= ~_close(got, value, signed=x == 0 and value == 0)
    answer = (got[wrong] if wrong.any() else got)[0].item()
    wanted = accepted[0] if accepted else None
    return Limit(word(dtype), ORDERS[order], x, answer, wanted, not wrong.any())


def _close(got: Tensor, wanted: float, *, signed: bool) -> Tensor:
    if math.isnan(wanted):
        return got.isnan()
    true = torch.full_like(got, wanted, dtype=torch.float64)
    close = plain_error(got, true, torch.zeros_like(true)) <= CLOSE
    return close & (got.signbit() == true.signbit()) if signed else close


def _at_infinity(
    formula: Formula, params: Mapping[str, float], asymptotes: tuple[str | None, str | None]
) -> Iterator[Accepted]:
    for end, asymptote in zip((-math.inf, math.inf), asymptotes, strict=True):
        points = [math.copysign(1, end) * far for far in FAR]
        found = come_to(formula, points, params)
        if asymptote is not None:
            other = parse(asymptote, tuple(params))
            there = other.evaluate(end, **params).item()
            _, *slopes = come_to(other, points, params)
            # one may be known where the other is not: a logarithm's value, and its slope
            found = [
                second if first is None else first
                for first, second in zip(found, (there, *slopes), strict=True)
            ]
        for order, limit in enumerate(found):
            yield order, end, () if limit is None else (limit,)


def _at_zeros(formula: Formula, params: Mapping[str, float]) -> Iterator[Accepted]:
    for sign in (-1, 1):
        zero = math.copysign(0.0, sign)
        found = proven_at(formula, sign * BESIDE, params)
        # what jumps there has a value at 0 that no side tells
        if found is None or abs(found[0]) > BESIDE.sqrt() or found[0].contains(0):
            continue
        limit = 0.0 if found[0] > 0 else -0.0
        written = formula.evaluate(zero, **params).item()
        if written == 0 and math.copysign(1, written) == math.copysign(1, limit):
            yield 0, zero, (limit,)
