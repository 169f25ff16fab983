"""All 65,536 inputs of bfloat16 or float16, against the float64 siblings and the formula.

The float64 siblings are certified themselves, to four units of a place that is 2⁴² or 2⁴⁵ finer.
The formula judges again whatever they find worst, and a sample of the rest.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import Judged
from actfunc.certify.oracle import truth
from actfunc.formulas.balls import Truth
from actfunc.formulas.formula import Formula
from actfunc.numerics.ulp import error_beside

NEIGHBOURHOOD = 8
"""How many inputs on each side of a zero crossing count as next to it."""

WORST, SAMPLED = 8, 509
"""How many inputs of each order, the worst and a sample, the formula is asked about."""


@lru_cache(maxsize=2)
def inputs(dtype: torch.dtype) -> Tensor:
    """Every finite number of a 16-bit dtype, ascending, -0 before 0."""
    patterns = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    finite = patterns[patterns.isfinite()]
    # the sign first, so that -0 and 0 keep their order; a stable sort does the rest
    finite = torch.cat([finite[finite.signbit()], finite[~finite.signbit()]])
    return finite[finite.float().argsort(stable=True)]


def nans(dtype: torch.dtype) -> Tensor:
    """Every NaN of a 16-bit dtype."""
    patterns = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    return patterns[patterns.isnan()]


def every_input(
    activation: Activation, formula: Formula, dtype: torch.dtype, judge: Activation | None
) -> Judged:
    """The siblings at every finite input but the poles, and how far they are from the truth.

    judge: whose float64 is the truth, but where the formula is asked; without, it is asked always.
    """
    x = inputs(dtype)
    x = x[~torch.isin(x.float(), torch.tensor(activation.poles))]
    got = torch.stack([f(x) for f in activation.siblings]).detach()
    if judge is None:
        true = truth(formula, x, activation.params)
        return Judged(x, got, true, _errors(got, true, x))
    hi = torch.stack([f(x.double()) for f in judge.siblings]).detach()
    true = Truth(hi, torch.zeros_like(hi), torch.ones(len(x), dtype=torch.bool))
    worst = _errors(got, true, x).topk(WORST).indices.flatten()
    asked = torch.cat([worst, _sample(len(x))]).unique()
    proven = truth(formula, x[asked], activation.params)
    true.hi[:, asked], true.lo[:, asked] = proven.hi[:3], proven.lo[:3]
    true.known[asked] = proven.known
    return Judged(x, got, true, _errors(got, true, x))


def _errors(got: Tensor, true: Truth, x: Tensor) -> Tensor:
    errors = torch.stack([_error(got[order], true.hi[order], x) for order in range(len(got))])
    return torch.where(true.known, errors, 0.0)


def _error(got: Tensor, true: Tensor, x: Tensor) -> Tensor:
    """Plain units in the last place; next to a zero crossing the design's measure.

    What the input's rounding makes, |true′|·ulp(x), is the step of the truth to the next input.
    """
    return error_beside(got, true, torch.zeros_like(true), spread(true))


def spread(true: Tensor) -> Tensor:
    """What rounding the input makes of the truth, (point,), where that is forgiven; else 0."""
    step = true.diff().abs().nan_to_num(0.0, 0.0)
    step = torch.minimum(_padded(step, 0), _padded(step, 1))
    return torch.where(_next_to_crossing(true), step, 0.0)


def _padded(step: Tensor, left: int) -> Tensor:
    return torch.nn.functional.pad(step, (left, 1 - left), value=torch.inf)


def _next_to_crossing(true: Tensor) -> Tensor:
    signs = true.sign()
    crosses = torch.zeros_like(true)
    crosses[1:] = (signs[1:] * signs[:-1] < 0).double()
    # through an exact zero the sign changes over two steps
    crosses[1:-1] += ((signs[1:-1] == 0) & (signs[2:] * signs[:-2] < 0)).double()
    width = 2 * NEIGHBOURHOOD + 1
    return torch.nn.functional.max_pool1d(crosses[None], width, 1, NEIGHBOURHOOD)[0] > 0


def _sample(points: int) -> Tensor:
    return torch.linspace(0, points - 1, SAMPLED, dtype=torch.float64).round().long()
