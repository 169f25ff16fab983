"""The third derivative of a smooth activation, which autograd makes of `d2f`, against the formula.

It is not written by hand, so it has a bound of its own, on a scale of its own: units in the last
place of |f‴|, or of 1, or of an eighth of the largest |f‴| on [-8, 8], whichever is largest. A loss
that has f″ in it needs f‴ for a gradient, in which that is what counts. Further out than a
network's numbers go it is not judged: autograd does not keep the phase of a wave there.
"""

from __future__ import annotations

import torch

from actfunc.activation import Activation
from actfunc.certify.check import Check, Judged, summed_up
from actfunc.certify.formula import Formula
from actfunc.certify.grids import branch_points
from actfunc.certify.ulp import in_units, ulp

ORDER = "third"
BOUND = 32.0
"""What is allowed, in these units."""

REACH = 2.0**30
"""How far out it is judged."""


def third(activation: Activation, formula: Formula, found: Judged) -> list[Check]:
    """The check in one dtype; none of what has joints, poles or branches, where f‴ may jump."""
    if activation.joint_points or activation.poles or branch_points(formula, activation.params):
        return []
    near = found.x.abs() <= REACH
    x, known = found.x[near], found.true.known[near]
    true, rest = found.true.hi[3, near], found.true.lo[3, near]
    got = activation.d3f(x).detach()
    peak = torch.where(known & (x.abs() <= 8), true.abs(), 0.0).max()
    scale = torch.maximum(true.abs(), (peak / 8).clamp(min=1.0))
    errors = in_units(got, true, rest, ulp(scale, x.dtype))
    return [summed_up(ORDER, BOUND, (x, got, true, torch.where(known, errors, 0.0)))]
