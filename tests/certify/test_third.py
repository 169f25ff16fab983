"""The third derivative: right in the catalogue's smooth functions, and seen where it is not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch.func import grad, vmap

from actfunc import CATALOGUE, get
from actfunc.certify.certificate import on_grid
from actfunc.certify.oracle import truth
from actfunc.certify.settings import settings
from actfunc.certify.third import third, third_with_others
from actfunc.formulas.formula import parse
from actfunc.show.failing import failing_points
from tests.records import each
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")


def checks(record, dtype=torch.float64):
    formula = parse(record.formula, tuple(record.params))
    return third(record, formula, on_grid(record, formula, dtype))


BENT = ("elu", "softsign", "lalu", "isrlu", "minsin")
"""Their third derivative jumps, and nothing before it does."""


@each(CATALOGUE.values(), ("gelu", "sin", "tanh_exp", "erf", "colu", "elu", "softsign"))
def test_it_is_within_its_bound_where_the_function_is_smooth(record):
    for dtype in (torch.float64, torch.float32):
        found = checks(record, dtype)
        assert all(check.held for check in found)
        assert len(found) == (not record.joint_points and record.name not in BENT)


def test_a_curvature_that_autograd_sees_nothing_of_is_found():
    tanh = get("tanh")
    blind = replace(tanh, d2f=lambda x: tanh.d2f(x.detach()) + 0 * x)
    [check] = checks(blind)
    assert not check.held
    assert check.worst.wanted == pytest.approx(-2.0, abs=0.1)


def test_it_is_within_its_bound_where_a_function_changes_quickly():
    """The mean of two slopes 2⁻²⁷ aside was up to 36,852 units off here."""
    for spec in ("squareplus:b=0.0001", "silu:beta=100"):
        assert all(check.held for check in checks(get(spec)))


def with_others(record):
    formula = parse(record.formula, tuple(record.params))
    return third_with_others(record, formula, settings(record, formula, torch.float64))


def test_a_curvature_that_is_blind_at_other_parameters_alone_is_found():
    tanh = get("lecun_tanh")
    right = tanh.d2f.function
    blind = replace(tanh, d2f=lambda x, a, b: right(x.detach() if b > 1 else x, a, b) + 0 * x)
    assert checks(blind)[0].held
    [parameter] = with_others(blind)
    assert not parameter.held
    assert parameter.worst.beside[1] > 1
    [parameter] = with_others(tanh)
    assert parameter.held


def test_what_has_branches_is_not_asked_and_what_raises_is_found():
    assert list(with_others(get("elu"))) == []
    smooth = get("softclip")
    [parameter] = with_others(smooth)
    assert parameter.held

    def raising(x, alpha):
        raise ValueError("no curvature today")

    broken = replace(smooth, d2f=raising)
    [parameter] = with_others(broken)
    assert (parameter.failure, parameter.held) == ("ValueError: no curvature today", False)


def test_next_to_zero_a_steep_function_keeps_its_digits():
    """Its curvature is flushed there, and the slopes to both sides were 2⁻²⁷ away: 1e-11 off."""
    tanh = get("lecun_tanh").bind(b=170.0)
    at = torch.tensor([-5e-324, 0.0], dtype=torch.float64)
    torch.testing.assert_close(tanh.d3f(at), tanh.d3f(at[1:]).expand(2), rtol=1e-15, atol=0)


def test_every_way_to_it_gives_the_same():
    x = torch.linspace(-3, 3, 25)
    for name in ("tanh", "gelu", "mish"):
        record = get(name)
        thrice = partial(record, order=3)
        wanted = record.d3f(x)
        assert_same(vmap(grad(grad(grad(thrice))))(x), wanted, x)
        got = vmap(torch.func.jacfwd(grad(grad(thrice))))(x)
        torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-7)
        assert failing_points([]) is None


def test_where_curvatures_are_zero_or_flushed_the_third_derivative_is_not():
    """The zero of phish's curvature, and 0 itself, at which many formulas have an |x|."""
    for name, x in (
        ("phish", 1.2018397153110275),
        ("erf", 0.0),
        ("mish", 0.0),
        ("sinsig", -0.0),
        ("seagull", -1.47943e-155),
    ):
        record, at = get(name), torch.tensor([x], dtype=torch.float64)
        wanted = truth(parse(record.formula), at).hi[3]
        torch.testing.assert_close(record.d3f(at), wanted, rtol=1e-12, atol=1e-12)
