"""The third derivative of a smooth activation, which autograd makes of `d2f`, against the formula.

It is not written by hand, so it has a bound of its own, on a scale of its own: units in the last
place of |f‴| or of 1, whichever is larger. A loss that has f″ in it needs f‴ for a gradient, in
which that is what counts.
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


def third(activation: Activation, formula: Formula, found: Judged) -> list[Check]:
    """The check in one dtype; none of what has joints, poles or branches, where f‴ may jump."""
    if activation.joint_points or activation.poles or branch_points(formula, activation.params):
        return []
    got, true = activation.d3f(found.x).detach(), found.true.hi[3]
    unit = ulp(true.abs().clamp(min=1.0), found.x.dtype)
    errors = in_units(got, true, found.true.lo[3], unit)
    errors = torch.where(found.true.known, errors, 0.0)
    return [summed_up(ORDER, BOUND, (found.x, got, true, errors))]
