"""Torch's ways to a derivative: a lift that is wrong in one way only is found, by that way."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch

import actfunc
from actfunc import Activation
from actfunc.certify import parse
from actfunc.certify.routes import ROUTES
from actfunc.certify.ways import compiled_ways, eager_ways

TANH = actfunc.get("tanh")
RELU = actfunc.get("relu")
X = torch.linspace(-3, 3, 50)


def failing(lift):
    """The ways that are not the siblings' when this is what an activation's call does."""

    class Bent(Activation):
        def __call__(self, x, *, order=2, **params):
            return lift(x, order)

    fields = {name: getattr(TANH, name) for name in ("name", "formula", "asymptotes")}
    bent = Bent(**fields, f=TANH.f, df=TANH.df, d2f=TANH.d2f)
    siblings = torch.stack([TANH.f(X), TANH.df(X), TANH.d2f(X)])
    found = eager_ways(bent, siblings, X)
    assert [one.name for one in found] == [route.name for route in ROUTES]
    return [one for one in found if not one.held]


def nan_slope(x):
    """0, with a slope of NaN."""
    d = x - x.detach()
    return (d * d).sqrt()


def names(kind):
    return [route.name for route in ROUTES if kind(route)]


def test_the_lift_itself_holds():
    assert failing(lambda x, order: TANH(x, order=order)) == []


@pytest.mark.parametrize("lift", [1, 2])
def test_a_value_off_by_a_bit_at_one_order_of_the_lift_is_found_there(lift):
    def off(x, order):
        y = TANH(x, order=order)
        return torch.where(x.detach() == X[7], y * (1 + 2.0**-23), y) if order == lift else y

    found = failing(off)
    assert {one.name for one in found} >= set(names(lambda r: r.order == 0 and r.lift == lift))
    assert {one.name for one in found} <= set(names(lambda r: r.lift == lift))
    assert all(one.different == 1 and one.worst.x == X[7] for one in found if one.order == "value")


@pytest.mark.parametrize("lift", [1, 2])
def test_a_slope_that_is_nan_is_no_slope(lift):
    def spoilt(x, order):
        y = TANH(x, order=order)
        return y + nan_slope(x) if order == lift else y

    wanted = names(lambda route: route.order == 1 and route.lift == lift)
    assert {one.name for one in failing(spoilt)} >= set(wanted)


def test_a_curvature_that_is_off_is_found_by_every_second_way_and_no_other():
    def bent(x, order):
        d = torch.where(x.isfinite(), x - x.detach(), 0.0)
        return TANH(x, order=order) + (1e-3 * d * d if order == 2 else 0)

    assert [one.name for one in failing(bent)] == names(lambda route: route.order == 2)


def test_every_way_is_tried_at_infinity_and_nan():
    def at_nan(x, order):
        return TANH(x, order=order).nan_to_num(0.0)

    def far(x, order):
        y = TANH(x, order=order)
        return torch.where(x.isinf(), 0.5 * y, y)

    for lift, wrong in ((at_nan, [torch.nan]), (far, [-torch.inf, torch.inf])):
        found = {one.name: one for one in failing(lift)}
        value = found["value"]
        assert value.different == len(wrong)
        assert str(value.worst.x) == str(wrong[0])


def test_a_zero_that_loses_its_sign_on_the_way_is_found():
    x = torch.tensor([-0.0, 0.0])
    siblings = torch.stack([TANH.f(x), TANH.df(x), TANH.d2f(x)])

    class Bent(Activation):
        def __call__(self, x, *, order=2, **params):
            return TANH(x, order=order) + 0.0

    bent = Bent(TANH.name, TANH.formula, TANH.f, TANH.df, TANH.d2f)
    wrong = {one.name: one for one in eager_ways(bent, siblings, x) if not one.held}
    assert set(wrong) == {"value", "value, order 1"}
    assert wrong["value"].different == 1


def test_no_curvature_at_infinity_is_forgiven_of_forward_mode_over_forward_mode_alone():
    square = actfunc.get("square")
    siblings = torch.stack([square.f(X), square.df(X), square.d2f(X)])
    assert [one for one in eager_ways(square, siblings, X) if not one.held] == []

    class Bent(Activation):
        def __call__(self, x, *, order=2, **params):
            y = square(x, order=order)
            d = torch.where(x.isinf(), 0.0, x)
            d = d - d.detach()
            return y + torch.where(x.isinf(), nan_slope(d), 0.0)

    fields = {name: getattr(square, name) for name in ("name", "formula", "steep")}
    bent = Bent(**fields, f=square.f, df=square.df, d2f=square.d2f)
    wrong = {one.name for one in eager_ways(bent, siblings, X) if not one.held}
    assert wrong & {route.name for route in ROUTES if not route.forward}


def test_a_way_that_raises_is_a_finding():
    def once(x, order):
        if order == 2 and torch.is_grad_enabled() and x.requires_grad:
            raise NotImplementedError("no gradient here\nand more")
        return TANH(x, order=order)

    found = failing(once)
    assert found
    assert all(one.failure == "NotImplementedError: no gradient here" for one in found)


def compiled_alone(sibling, change):
    """RELU with a sibling that is changed where the compiler reads along."""
    right = getattr(RELU, sibling).function

    def function(x):
        y = right(x)
        return change(x, y) if torch.compiler.is_compiling() else y

    return replace(RELU, **{sibling: function})


@pytest.mark.parametrize(
    ("sibling", "change", "wrong"),
    [
        ("df", lambda x, y: torch.where(x == torch.inf, 0.0, y), {"vmap(grad)", "jvp"}),
        ("f", lambda x, y: y * 1.001 if x.dim() == 2 else y, {"on two dimensions"}),
        ("df", lambda x, y: y * 1.001 if x.dim() > 0 and x.numel() < 9 else y, {"on few elements"}),
        ("f", lambda x, y: y * 1.001 if x.dim() == 0 else y, {"on one number, 0-d"}),
    ],
    ids=["infinity", "two", "few", "one"],
)
def test_what_goes_wrong_compiled_alone_is_found(sibling, change, wrong, monkeypatch):
    """At an end, or in another shape."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    x = torch.linspace(-3, 3, 2001)
    found = compiled_ways(compiled_alone(sibling, change), parse(RELU.formula), x)
    failing = [one for one in found if not one.held]
    assert wrong <= {one.name for one in failing}
    assert all(one.compiled and one.different and one.worst is not None for one in failing)
