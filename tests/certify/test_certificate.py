"""Certificates: every record holds, and whatever is planted in a handful of them does not."""

from __future__ import annotations

import json
import re
import sys
import warnings
from dataclasses import replace
from functools import cache, partial
from itertools import chain

import pytest
import torch

import actfunc
from actfunc import Activation
from actfunc.certify import certificate as parts
from actfunc.certify import certify, kept, parse, ways
from actfunc.certify.audited import audited
from actfunc.certify.call_ways import WAYS
from actfunc.certify.check import BOUNDS, check, measured, word
from actfunc.certify.constants import constants
from actfunc.certify.differences import differences
from actfunc.certify.grids import grid, with_neighbours
from actfunc.certify.joints import at_poles, joints
from actfunc.certify.limits import limits
from actfunc.certify.oracle import truth
from actfunc.certify.parameters import parameters
from actfunc.certify.routes import ROUTES, SHAPES, follow_compiled
from actfunc.certify.third import third
from actfunc.errors import UsageError
from actfunc.numerics.ulp import error
from tests import records
from tests.records import HANDFUL, each

DTYPES = (torch.float64, torch.float32)
ALL = parts.DTYPES
SIBLINGS = ("f", "df", "d2f")
PLANTED = {torch.float64: 1e-13, torch.float32: 1e-5}

_, KEPT = kept.load()

CATALOGUE = tuple(actfunc.CATALOGUE.values())
every_record = pytest.mark.parametrize("record", CATALOGUE, ids=lambda record: record.name)
each_record = each(CATALOGUE)
both = pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])


@cache
def judged(name, dtype):
    """The grid of a record and the truth on it."""
    record = actfunc.CATALOGUE[name]
    x = grid(record, dtype)
    return x, truth(parse(record.formula, tuple(record.params)), x, record.params)


def checked(record, dtype, order, sibling):
    """What `certify` makes of one sibling."""
    x, true = judged(record.name, dtype)
    planted = replace(record, **{SIBLINGS[order]: sibling})
    values = [getattr(planted, word)(x) for word in SIBLINGS]
    return check(order, values[order], true, measured(values, true, x)[order], x)


def off_by(function, relative, where=lambda x: x == x):
    """The function with a relative error planted in it."""

    def wrong(x, **params):
        right = function(x, **params)
        return torch.where(where(x), right * (1 + relative), right)

    return wrong


def in_short(record):
    """A certificate of the grid and of 16 bits, with parameters in one of the fine dtypes alone.

    Without the search, torch's ways and the ways of calling, which are three quarters of a whole
    one; `certify --all` makes those of every record.
    """
    formula = parse(record.formula, tuple(record.params))
    found = {dtype: parts.judged(record, formula, dtype) for dtype in ALL}
    checks = [
        check(order, one.got[order], one.true, one.errors[order], one.x)
        for one in found.values()
        for order in range(len(one.got))
    ]
    learnt = parameters(record, formula, DTYPES[CATALOGUE.index(record) % 2])
    return parts.Certificate(
        record.spec,
        record.formula,
        checks=tuple(checks),
        routes=(),
        differences=differences(record),
        limits=(*limits(record, ALL), *at_poles(record, formula, ALL)),
        parameters=(*learnt,),
        joints=(*joints(record, formula),),
        constants=(*constants(record, formula),),
        third=(*chain(*(third(record, formula, found[dtype]) for dtype in DTYPES)),),
    )


@every_record
def test_every_record_holds_in_all_dtypes_as_it_was_kept(record):
    """Whole for a handful, and in full for all."""
    whole = records.full or record.name in HANDFUL
    certificate = certify(record) if whole else in_short(record)
    failing = [one for part in (certificate.checks, *certificate.rest) for one in part]
    assert not [one for one in failing if not one.held]
    assert certificate.held
    assert {one.dtype for one in certificate.checks} == set(map(word, ALL))
    assert all(one.points >= 4000 and one.undecided == 0 for one in certificate.checks)
    assert {one.by for one in certificate.parameters} == set(record.params and ["", *record.params])
    if whole:
        learnt = {one.dtype for one in certificate.parameters}
        assert learnt == set(record.params and map(word, ALL))
        assert len(certificate.routes) == len(ROUTES) * len(ALL)
        assert len(certificate.calls) == (len(WAYS) + 3) * len(ALL)
    assert json.loads(json.dumps(certificate.document(), allow_nan=False))["held"]
    sought = [one for one in certificate.checks if one.searched or "16" in one.dtype]
    assert len(sought) == 3 * (4 if whole else 2)
    assert kept.drift(KEPT, [certificate._replace(checks=sought)], all_of_them=False) == []


@each((record for record in CATALOGUE if record.params), ("elu", "hardshrink", "xielu"))
@pytest.mark.parametrize("factor", [0.6, 2.75])
def test_it_holds_with_other_parameters(record, factor):
    other = record.bind(**{key: factor * value for key, value in record.params.items()})
    formula = parse(record.formula, tuple(record.params))
    found = [*differences(other), *joints(other, formula), *limits(other, DTYPES)]
    for dtype in DTYPES:
        judged = parts.judged(other, formula, dtype)
        found += parts.checked(other, formula, judged) + third(other, formula, judged)
    assert [one for one in found if not one.held] == []


def test_an_exception_is_a_bound_of_its_own_for_one_dtype_and_order():
    """Where a bound cannot be held, the record says so, with the figure and the reason."""
    right = actfunc.get("gelu")
    wrong = replace(right, d2f=off_by(right.d2f.function, 2e-6))
    excepted = replace(wrong, exceptions={"float32 second": (40.0, "a slip")})
    found = [certify(one, dtypes=DTYPES).checks for one in (wrong, excepted)]
    assert [one.held for one in found[0]] == [True, True, False, True, True, False]
    assert [one.held for one in found[1]] == [True, True, False, True, True, True]
    assert found[1][5].bound == 40
    assert BOUNDS[2] < found[1][5].worst.ulp <= 40


def test_no_record_of_the_catalogue_is_excepted():
    assert not any(record.exceptions for record in CATALOGUE)


@each_record
@both
def test_a_small_relative_error_is_caught(record, dtype):
    """Down to four times the bound, in units of eps."""
    x, true = judged(record.name, dtype)
    for order, sibling in enumerate(SIBLINGS):
        right = getattr(record, sibling).function
        assert checked(record, dtype, order, right).held
        smallest = 4 * BOUNDS[order] * torch.finfo(dtype).eps
        assert smallest < PLANTED[dtype]
        for relative, where in (
            (PLANTED[dtype], lambda x: x == x),
            (PLANTED[dtype], lambda x: x > 1),
            (smallest, lambda x: x == x),
        ):
            if true.hi[order][where(x)].any():  # nothing times anything is nothing
                assert not checked(record, dtype, order, off_by(right, relative, where)).held


@each_record
@both
def test_a_nan_or_a_vanished_tail_is_caught(record, dtype):
    x, true = judged(record.name, dtype)
    for order, sibling in enumerate(SIBLINGS):
        right = getattr(record, sibling).function

        def lost(x, right=right, **params):
            return torch.where(x > 88, torch.nan, right(x, **params))

        def vanished(x, right=right, **params):
            y = right(x, **params)
            return torch.where(y.abs() < 1e-9, 0.0, y)

        nan = checked(record, dtype, order, lost)
        assert not nan.held
        assert nan.worst.ulp == float("inf")
        small = true.hi[order].abs() < 1e-9
        all_lost = error(torch.zeros_like(x), true.hi[order], true.lo[order], true.hi[order + 1], x)
        # at a zero crossing nothing is to be seen
        seen = (small & (all_lost > BOUNDS[order])).any()
        assert checked(record, dtype, order, vanished).held == (not seen)


@each(record for record in CATALOGUE if set(record.joint_points) - set(record.poles))
@both
def test_something_wrong_at_one_single_joint_is_caught(record, dtype):
    for order, sibling in enumerate(SIBLINGS):
        right = getattr(record, sibling).function
        for joint in set(record.joint_points) - set(record.poles):

            def wrong(x, right=right, joint=joint, **params):
                return torch.where(x == joint, right(x, **params) + 0.5, right(x, **params))

            found = checked(record, dtype, order, wrong)
            assert not found.held
            assert found.worst.x == joint


@each_record
def test_a_wrong_function_with_the_matching_derivative_is_caught_by_the_formula(record):
    f, df, d2f = (getattr(record, sibling).function for sibling in SIBLINGS)
    shifted = replace(
        record,
        f=lambda x, **params: f(x, **params) + 1e-6 * torch.sin(x),
        df=lambda x, **params: df(x, **params) + 1e-6 * torch.cos(x),
        d2f=lambda x, **params: d2f(x, **params) - 1e-6 * torch.sin(x),
    )
    assert all(difference.held for difference in differences(shifted))
    for order, sibling in enumerate((shifted.f, shifted.df, shifted.d2f)):
        found = checked(record, torch.float64, order, sibling.function)
        assert not found.held
        assert len(found.failing) == 5
        assert found.failing[0] == found.worst


@each_record
def test_differences_see_an_error_of_a_millionth(record):
    for order, sibling in ((1, "df"), (2, "d2f")):
        right = getattr(record, sibling).function
        found = differences(replace(record, **{sibling: off_by(right, 1e-6)}))[order - 1]
        x = torch.linspace(-8, 8, 100, dtype=torch.float64)
        assert found.held == (not getattr(record, sibling)(x).any())
        assert found.sees < 1e-7


@each(record for record in CATALOGUE if record.asymptotes != (None, None))
def test_a_wrong_limit_is_caught(record):
    assert all(limit.held for limit in limits(record, DTYPES))
    for sibling in SIBLINGS:
        right = getattr(record, sibling).function

        def wrong(x, right=right, **params):
            return torch.where(x.isinf(), torch.nan, right(x, **params))

        assert not all(one.held for one in limits(replace(record, **{sibling: wrong}), DTYPES))
    deaf = replace(record, f=lambda x, **_: torch.zeros_like(x), asymptotes=("0", "0"), poles=())
    assert not next(limit for limit in limits(deaf, DTYPES[:1]) if limit.x != limit.x).held


def test_a_right_function_of_ones_own_holds():
    own = Activation.from_function(lambda x: x * x * x, "cube")
    assert certify(own, formula="x**3", dtypes=DTYPES).held
    assert not certify(own, formula="x**3 + 1e-3", dtypes=DTYPES).held


def test_a_derivative_that_torch_does_not_follow_is_caught_by_the_ways():
    record = actfunc.get("tanh")

    class Unlifted(Activation):
        def __call__(self, x, *, order=2, **params):
            return self.f(x, **params)

    plain_tanh = Unlifted(record.name, record.formula, record.f.function, record.df.function,
                          record.d2f.function, asymptotes=record.asymptotes)  # fmt: skip
    found = {one.name: one for one in certify(plain_tanh, dtypes=DTYPES[1:]).routes}
    assert found["value"].held
    assert not found["vmap(grad)"].held
    assert not found["vmap(hessian)"].held
    assert found["vmap(hessian)"].worst is not None


def test_a_way_that_is_barred_is_a_finding_and_not_a_crash():
    record = actfunc.get("tanh")

    def through_numpy(x):
        return torch.from_numpy(torch.tanh(x).numpy())

    barred = certify(replace(record, f=through_numpy), dtypes=DTYPES[1:])
    assert not barred.held
    assert any(one.failure for one in barred.routes)


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        (lambda x: x.sum(), r"is not elementwise: f makes the shape \(\) of \(2,\)"),
        (lambda x: x.double().float().half(), "f makes float16 of float32"),
        (lambda x: x.no_such_method(), "fails on a float32 tensor, in f: AttributeError"),
    ],
)
def test_what_is_no_elementwise_function_is_a_finding(function, cause):
    identity = actfunc.get("identity")
    found = certify(replace(identity, f=function, df=function), dtypes=DTYPES[1:])
    assert not found.held
    assert [(one.dtype, one.part) for one in found.failures] == [("float32", "the formula")]
    assert re.search(cause, found.failures[0].cause)


def test_a_dtype_that_fails_leaves_the_others_their_certificates():
    """A tensor in it that is float32, of one element, widens 16 bits alone."""
    tanh = actfunc.get("tanh")
    one = torch.ones(1, dtype=torch.float32)
    found = certify(audited("own", lambda x: torch.tanh(x) * one, tanh))
    assert [(each.dtype, each.held) for each in found.failures] == [
        ("bfloat16", False),
        ("float16", False),
    ]
    assert "f makes float32 of bfloat16, as a tensor in it does" in found.failures[0].cause
    assert {each.dtype for each in found.checks} == {"float64", "float32"}
    assert not found.held


def test_what_ends_the_program_is_a_finding():
    def leaving(x):
        if x.dtype == torch.float64:
            sys.exit(0)
        return torch.tanh(x)

    found = certify(audited("own", leaving, actfunc.get("tanh")), dtypes=DTYPES)
    assert {one.dtype for one in found.failures} == {"float64"}
    assert not found.held
    assert {one.dtype for one in found.checks} == {"float32"}


def test_a_warning_that_is_made_an_error_is_no_finding():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert certify(actfunc.get("relu"), dtypes=DTYPES[1:]).held


def test_a_difference_of_opposite_infinities_is_infinitely_wrong():
    """And leaves the list of failing points as it is."""
    cube = actfunc.get("cube")
    torn = replace(cube, f=lambda x: torch.where(x > 1e13, -torch.inf, cube.f.function(x)))
    value = certify(torn, dtypes=DTYPES[1:]).checks[0]
    assert value.beyond > 0
    assert len(value.failing) == 5
    assert value.worst.ulp > 1e6


def test_without_a_formula_the_way_out_is_named():
    with pytest.raises(UsageError) as refusal:
        certify(Activation.from_function(torch.tanh, "mine"))
    assert "--formula" in refusal.value.hint


def test_other_dtypes_are_refused_by_name():
    with pytest.raises(UsageError, match=r"bfloat16, float16, got torch\.int32"):
        certify(actfunc.get("relu"), dtypes=(torch.int32,))


@each_record
@both
def test_the_grid_is_where_it_hurts(record, dtype):
    info, x = torch.finfo(dtype), grid(record, dtype)
    assert x.dtype == dtype
    assert len(x) >= 4000
    assert x.isfinite().all()
    assert (x.diff() > 0).sum() == len(x) - 1 - (0.0 not in record.poles)  # ascending, two zeros
    zeros = x[x == 0]
    assert zeros.signbit().tolist() == ([] if 0.0 in record.poles else [True, False])
    wanted = [info.max, -info.max, info.tiny, info.tiny * info.eps, -info.tiny * info.eps]
    assert set(wanted) <= set(x.tolist())
    joints = with_neighbours(torch.tensor(record.joint_points, dtype=dtype)).tolist()
    assert set(joints) - set(record.poles) <= set(x.tolist())
    assert not set(record.poles) & set(x.tolist())


@pytest.mark.full
def test_the_compiler_takes_one_function_after_another(monkeypatch):
    """It gives up on a function it has compiled too often for too many inputs."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    x = torch.linspace(-2, 2, 9)
    with torch._dynamo.config.patch(recompile_limit=1):
        for name in ("tanh", "relu", "sigmoid"):
            record = actfunc.get(name)
            found, _ = follow_compiled(record, x)
            torch.testing.assert_close(found["vmap(grad(grad))"], record.d2f(x))


def compiled_ways(name):
    found = certify(actfunc.get(name), compiled=True, dtypes=DTYPES[1:])
    compiled = [one for one in found.routes if one.compiled]
    assert len(compiled) == sum(route.compiles for route in ROUTES) + 2 * len(SHAPES)
    return compiled


@pytest.mark.full
@pytest.mark.parametrize("name", ["tanh", "gelu", "silu", "mish"])
def test_compiled_derivatives_hold(name):
    """Of those that are computed otherwise when compiled, and one that is not."""
    assert [one for one in compiled_ways(name) if not one.held] == []


def test_what_the_compiler_makes_is_judged(monkeypatch):
    """Followed by it and run as it is; then with every result off by hundreds of units."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    followed, follow = [], ways.follow_compiled

    def once(*asked):
        followed.extend(follow(*asked))
        return followed

    monkeypatch.setattr(ways, "follow_compiled", once)
    assert [one for one in compiled_ways("tanh") if not one.held] == []
    along, shaped = followed
    off = (
        {name: got * (1 + 2.0**-15) for name, got in along.items()},
        [tuple(got * (1 + 2.0**-15) for got in both) for both in shaped],
    )
    monkeypatch.setattr(ways, "follow_compiled", lambda *_: off)
    assert not any(one.held for one in compiled_ways("tanh"))
