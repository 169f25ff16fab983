"""Certificates of gated pairs: every pair holds, and whatever is planted in two does not."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc.catalogue.gated import PAIRS
from actfunc.certify.pair_ways import ORDERS, PAIR_ROUTES, pair_ways
from actfunc.certify.pairs import certify_pair, pair_check, pair_grid, pair_limits, pair_truth
from actfunc.errors import FormulaError
from actfunc.gated import SIBLINGS
from actfunc.lifting import SIXTEEN_BIT
from actfunc.numerics.ulp import ulp

pytestmark = pytest.mark.usefixtures("one_thread")
DTYPES = (torch.float64, torch.float32)
PLANTED = {torch.float64: 1e-13, torch.float32: 1e-5}
every_pair = pytest.mark.parametrize("name", PAIRS)
FEW = ("swiglu", "reglu")
"""One that is smooth and underflows, and one with a joint."""
each_pair = pytest.mark.parametrize(
    "name",
    [*FEW, *(pytest.param(name, marks=pytest.mark.full) for name in PAIRS if name not in FEW)],
)
both = pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])


@cache
def judged(name, dtype):
    """The grid of a pair and the truth on it."""
    x, gate = pair_grid(PAIRS[name], dtype)
    return x, gate, pair_truth(PAIRS[name].formula, x, gate)


def checked(name, dtype, order, sibling):
    """What `certify_pair` makes of one sibling."""
    x, gate, true = judged(name, dtype)
    return pair_check(order, sibling(x, gate), true, x, gate)


@each_pair
def test_every_pair_holds_in_both_dtypes(name):
    found = certify_pair(PAIRS[name])
    failing = [one for one in found.checks + found.routes + found.limits if not one.held]
    assert not failing
    assert found.held
    assert [one.order for one in found.checks] == [*ORDERS, *ORDERS]
    assert all(one.points >= 4000 and one.undecided == 0 for one in found.checks)
    assert len(found.routes) == 2 * len(PAIR_ROUTES)
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert document["held"]
    assert len(document["checks"][0]["worst"]["beside"]) == 1


@every_pair
@both
def test_every_pair_holds_where_it_ends(name, dtype):
    assert [one for one in pair_limits(PAIRS[name], dtype) if not one.held] == []


@each_pair
@both
def test_a_small_relative_error_is_caught(name, dtype):
    x, gate, true = judged(name, dtype)
    for order, sibling in enumerate(SIBLINGS):
        right = getattr(PAIRS[name], sibling)
        assert checked(name, dtype, order, right).held
        sides = lambda x, g: x == x, lambda x, g: x > 1, lambda x, g: x < -1, lambda x, g: g > 1
        for where in sides:
            if true.hi[order][where(x, gate)].any():  # nothing times anything is nothing

                def planted(x, g, right=right, where=where):
                    y = right(x, g)
                    return torch.where(where(x, g), y * (1 + PLANTED[dtype]), y)

                wrong = checked(name, dtype, order, planted)
                assert not wrong.held
                assert wrong.failing[0].beside


@each_pair
@both
def test_something_wrong_at_one_single_joint_or_zero_is_caught(name, dtype):
    for order, sibling in enumerate(SIBLINGS):
        right = getattr(PAIRS[name], sibling)
        for joint in (*PAIRS[name].joints, 0.0):

            def wrong(x, gate, right=right, joint=joint):
                y = right(x, gate)
                return torch.where((gate == joint) & (x.abs() < 10), y + 0.5, y)

            found = checked(name, dtype, order, wrong)
            assert not found.held
            assert found.worst.beside == (joint,)


@pytest.mark.parametrize("name", ["glu", "swiglu"])
@both
def test_a_gate_that_underflows_before_its_value_is_caught(name, dtype):
    gate_of = {"glu": torch.sigmoid, "swiglu": torch.nn.functional.silu}[name]
    found = checked(name, dtype, 0, lambda x, gate: x * gate_of(gate))
    assert not found.held


@each_pair
def test_a_wrong_partial_is_caught_by_the_ways_and_by_the_truth(name):
    pair = PAIRS[name]
    wrong = replace(pair, fxg=lambda x, gate: pair.fxg(x, gate) + 1e-3)
    failing = {one.order for one in certify_pair(wrong, dtypes=DTYPES[1:]).checks if not one.held}
    assert failing == {"by x and gate"}

    class Unlifted(type(pair)):
        def __call__(self, x, gate, *, dim=-1, order=2):
            return self.f(x, gate)

    fields = {field: getattr(pair, field) for field in ("name", "formula", "joints", *SIBLINGS)}
    found = certify_pair(Unlifted(**fields), dtypes=DTYPES[1:])
    ways = {one.name: one.held for one in found.routes}
    assert ways["value"]
    # autograd differentiates bilinear and reglu right but for where they are infinite
    assert not ways["vmap(hessian)"]


@each_pair
def test_a_nan_far_out_is_caught_by_the_limits(name):
    pair = PAIRS[name]
    for sibling in SIBLINGS:
        right = getattr(pair, sibling)

        def wrong(x, gate, right=right):
            return torch.where(gate.isinf(), torch.nan, right(x, gate))

        limits = list(pair_limits(replace(pair, **{sibling: wrong}), torch.float32))
        assert [one.held for one in limits if abs(one.x) == float("inf")] == [
            True,
            True,
            False,
            False,
        ]
    assert all(one.held for one in pair_limits(pair, torch.float32))


def test_a_formula_of_another_language_is_refused():
    with pytest.raises(FormulaError, match="'door' is not accepted"):
        certify_pair(replace(PAIRS["glu"], formula="x * door"))


@each_pair
@both
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_any_inputs_hold(name, dtype, data):
    width = 64 if dtype == torch.float64 else 32
    some = st.floats(allow_nan=False, allow_infinity=False, width=width)
    near = st.floats(-50, 50, width=width)
    points = data.draw(st.lists(st.tuples(some | near, near | some), min_size=1, max_size=8))
    x, gate = torch.tensor(points, dtype=torch.float64).to(dtype).unbind(1)
    true = pair_truth(PAIRS[name].formula, x, gate)
    for order, sibling in enumerate(PAIRS[name].siblings):
        assert pair_check(order, sibling(x, gate), true, x, gate).held


@every_pair
@pytest.mark.parametrize("dtype", SIXTEEN_BIT, ids=lambda dtype: str(dtype)[6:])
def test_16_bit_results_are_rounded_once(name, dtype):
    """Half a unit in the last place, and what float32 is allowed."""
    pair = PAIRS[name]
    generator = torch.Generator().manual_seed(0)
    x, gate = (4 * torch.randn(2, 500, generator=generator)).to(dtype)
    true = pair_truth(pair.formula, x.float(), gate.float())
    for order, sibling in enumerate(pair.siblings):
        got, hi = sibling(x, gate).double(), true.hi[order]
        allowed = 8 * (ulp(hi, torch.float32) + true.spread[order])
        assert ((got - hi).abs() <= 0.51 * ulp(hi, dtype) + allowed).all()


@pytest.mark.full
def test_compiled_partials_hold():
    found = certify_pair(PAIRS["glu"], dtypes=DTYPES[1:], compiled=True)
    compiled = [one for one in found.routes if one.compiled]
    assert len(compiled) == sum(route.compiles for route in PAIR_ROUTES)
    assert [one for one in compiled if not one.held] == []


@pytest.mark.parametrize(("steps", "held"), [(0, True), (1, True), (3, False), (1000, False)])
def test_below_the_smallest_normal_number_a_second_derivative_may_lose_one_bit(steps, held):
    """The lift halves it and adds it twice; whoever flushes it to zero loses them all."""
    pair, info = PAIRS["swiglu"], torch.finfo(torch.float32)
    x, gate = torch.tensor([-1.0, 2.0]), torch.tensor([-95.0, 1.0])
    siblings = [sibling(x, gate) for sibling in pair.siblings]
    assert 1000 * info.tiny * info.eps < siblings[5][0] < info.tiny
    siblings[5][0] -= steps * info.tiny * info.eps
    second = {route.name for route in PAIR_ROUTES if route.order == 2}
    found = {one.name: one.held for one in pair_ways(pair, siblings, x, gate)}
    assert found == {route.name: held or route.name not in second for route in PAIR_ROUTES}
