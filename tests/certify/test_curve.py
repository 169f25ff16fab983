"""The error over the grid: that of the certificate, and by the formula that is given."""

from __future__ import annotations

import torch

import actfunc
from actfunc.certify import certify
from actfunc.certify.curve import curve


def test_the_worst_of_the_curve_is_near_the_certificates():
    gelu = actfunc.get("gelu")
    found = curve(gelu, torch.float32)
    checks = certify(gelu, dtypes=(torch.float32,)).checks
    assert found.errors.shape == (3, len(found.x))
    # a certificate looks further for the worst
    for drawn, one in zip(found.errors.amax(1).tolist(), checks, strict=True):
        assert drawn <= one.worst.ulp < 2.5 * drawn
    assert (found.x.diff() >= 0).all()
    assert found.dtype == "float32"


def test_a_formula_that_is_given_is_the_judge():
    relu = actfunc.get("relu")
    assert curve(relu, torch.float32).errors.max() == 0
    errors = curve(relu, torch.float32, "x if x > 0 else x / 1000000").errors
    assert errors[0].max() > 4
    assert (errors[0] > 0).float().mean() > 0.4
