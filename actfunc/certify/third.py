"""The third derivative of a smooth activation, which autograd makes of `d2f`, against the formula.

It is not written by hand, so it has a bound of its own, on a scale of its own: units in the last
place of |f‴| or of 1, whichever is larger. A loss that has f″ in it needs f‴ for a gradient, in
which that is what counts. Further out than a network's numbers go it is not judged: autograd does
not keep the phase of a wave there.
"""

from __future__ import annotations

import torch

from actfunc.activation import Activation
from actfunc.certify.check import Check, Judged, summed_up
from actfunc.certify.formula import Formula
from actfunc.certify.grids import branch_points
from actfunc.certify.ulp import in_units, ulp

ORDER = "third"
BOUND = 16.0
"""What is allowed, in units in the last place of |f‴| or of 1."""

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
    errors = in_units(got, true, rest, ulp(true.abs().clamp(min=1.0), x.dtype))
    return [summed_up(ORDER, BOUND, (x, got, true, torch.where(known, errors, 0.0)))]
