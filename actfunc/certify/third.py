"""The third derivative of a smooth activation, which autograd makes of `d2f`, against the formula.

It is not written by hand, so it has a bound of its own, on a scale of its own: units in the last
place of |f‴|, or of 1, or of the largest |f‴| on [-8, 8], whichever is largest. A loss that has f″
in it needs f‴ for a gradient, in which that is what counts, and autograd computes it as a sum of
parts that are so large. Further than a network's numbers go it is not judged: autograd does not
keep the phase of a wave far out, nor the digits of an exponential that is about to overflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import Check, Judged, Parameter, summed_up, word
from actfunc.certify.oracle import truth
from actfunc.certify.settings import NUMBERS, Sweep, over
from actfunc.errors import in_a_line
from actfunc.formulas.balls import Truth
from actfunc.formulas.branches import branch_points
from actfunc.formulas.formula import Formula
from actfunc.numerics.ulp import in_units, ulp

ORDER = "third"
BOUND = 32.0
"""What is allowed, in these units."""

REACH = 2.0**30
"""How far out it is judged, and up to how many times 1 or that largest."""

MIDDLE = 8.0
"""How far out the largest |f‴| is looked for."""


def third(activation: Activation, formula: Formula, found: Judged) -> list[Check]:
    """The check in one dtype; none of what has joints, poles or branches, where f‴ may jump."""
    if not _is_smooth(activation, formula, activation.params):
        return []
    near = found.x.abs() <= REACH
    x, true = found.x[near], Truth(*(part[..., near] for part in found.true))
    got = activation.d3f(x).detach()
    errors = _errors(got, true, x, _peak(true, x).max())
    return [summed_up(ORDER, BOUND, (x, got, true.hi[3], errors))]


def third_with_others(
    activation: Activation, formula: Formula, others: Sweep
) -> Iterator[Parameter]:
    """It at other parameters, wherever they leave the function smooth; in float64 alone, in which
    float32's is computed too.

    Where the largest |f‴| is depends on the parameters: it is looked for at points of each size
    that they make.
    """
    if others.x.dtype != torch.float64:
        return
    numbered = [(number, others.at(number)) for number in range(len(others.x))]
    smooth = [number for number, one in numbered if _is_smooth(activation, formula, one)]
    if not smooth:
        return
    some = Sweep(others.x[smooth], {name: part[smooth] for name, part in others.params.items()})
    middle = torch.stack([_middle(some.at(number)) for number in range(len(smooth))])
    around = truth(formula, middle.flatten(), others=some._replace(x=middle).flat)
    peak = _peak(around, middle.flatten()).unflatten(0, middle.shape).amax(1)
    x = some.x.flatten()
    place = "", ORDER, NUMBERS, word(x.dtype), len(x), BOUND
    try:
        rows = [activation.d3f(x, **some.at(number)) for number, x in enumerate(some.x)]
        got = torch.stack(rows).detach().flatten()
    except Exception as raised:  # whatever it is, it is a finding
        yield Parameter(*place, 0, None, in_a_line(raised), False)
        return
    true = truth(formula, x, others=some.flat)
    errors = _errors(got, true, x, peak.repeat_interleave(some.x.shape[1]))
    yield over(place, some, (x, got, true.hi[3], errors))


def _is_smooth(activation: Activation, formula: Formula, params: Mapping[str, float]) -> bool:
    joints = activation.joints_at(params)
    return not (joints or activation.poles or branch_points(formula, params))


def _middle(setting: Mapping[str, float]) -> Tensor:
    """Points on [-8, 8] of the size of 1, of each parameter and of one by it: 0, and 8 of each."""
    sizes = [1.0] + [size for value in setting.values() if value for size in (value, 1 / value)]
    steps = torch.tensor([0.25, 0.5, 1.0, 2.0], dtype=torch.float64)
    scale = torch.ones(1 + 2 * len(setting), dtype=torch.float64)
    scale[: len(sizes)] = torch.tensor(sizes, dtype=torch.float64).abs()
    right = torch.outer(scale, steps).flatten().clamp(max=MIDDLE)
    return torch.cat([-right, torch.zeros(1, dtype=torch.float64), right])


def _peak(true: Truth, x: Tensor) -> Tensor:
    """|f‴| in the middle, 0 elsewhere."""
    return torch.where(true.known & (x.abs() <= MIDDLE), true.hi[3].abs(), 0.0)


def _errors(got: Tensor, true: Truth, x: Tensor, size: Tensor) -> Tensor:
    """In units of |f‴|, or of 1, or of a size that is given."""
    size = size.clamp(min=1.0)
    wanted = true.hi[3]
    errors = in_units(got, wanted, true.lo[3], ulp(torch.maximum(wanted.abs(), size), x.dtype))
    return torch.where(true.known & (wanted.abs() <= REACH * size), errors, 0.0)
