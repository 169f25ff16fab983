"""Certificates of vector functions: every one holds, and whatever is planted in two does not."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import mpmath
import pytest
import torch
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc.catalogue.vector import VECTORS
from actfunc.certify.vector_laws import LAWS
from actfunc.certify.vector_samples import Sample
from actfunc.certify.vector_ways import ORDERS, ROUTES, vector_ways
from actfunc.certify.vectors import (
    certify_vector,
    computed,
    vector_check,
    vector_samples,
    vector_truth,
)
from actfunc.errors import UsageError
from actfunc.formulas import series
from actfunc.lifting import SIXTEEN_BIT
from actfunc.numerics.ulp import ulp
from actfunc.vector import SIBLINGS

pytestmark = pytest.mark.usefixtures("one_thread")
DTYPES = (torch.float64, torch.float32)
PLANTED = {torch.float64: 1e-13, torch.float32: 1e-5}
every_function = pytest.mark.parametrize("name", VECTORS)
FEW = ("entmax15", "log_softmax")
"""One with a support, and one whose digits cancel."""
each_function = pytest.mark.parametrize(
    "name",
    [*FEW, *(pytest.param(name, marks=pytest.mark.full) for name in VECTORS if name not in FEW)],
)
both = pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])


@cache
def judged(name, dtype):
    """The samples of a function and the truth on them."""
    function = VECTORS[name]
    return [(one, vector_truth(function, one)) for one in vector_samples(function, dtype)]


def checked(function, dtype, order):
    """What `certify_vector` makes of one of the orders."""
    them = judged(function.name, dtype)
    return vector_check(order, computed(function, order, them), them)


def scaled(function, sibling, factor, where=lambda x: x == x):
    """The function with one sibling wrong by a factor."""
    right = getattr(function, sibling).function

    def wrong(x, *rest, **params):
        y = right(x, *rest, **params)
        narrow = x[..., :: x.shape[-1] // y.shape[-1]]
        return torch.where(where(narrow), y * factor, y)

    return replace(function, **{sibling: wrong})


@each_function
def test_every_function_holds_in_both_dtypes(name):
    found = certify_vector(VECTORS[name])
    failing = [one for one in found.checks + found.routes + found.limits if not one.held]
    assert not failing
    assert found.held
    assert [one.order for one in found.checks] == [*ORDERS, *ORDERS]
    assert all(one.points >= 4000 for one in found.checks)
    assert len(found.routes) == 2 * len(ROUTES)
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert document["held"]
    assert document["checks"][0]["worst"]["x"] in document["checks"][0]["worst"]["beside"]


@pytest.mark.parametrize(
    ("name", "sibling"),
    [
        pytest.param(name, sibling, marks=() if name in FEW else (pytest.mark.full,))
        for name in VECTORS
        for sibling in SIBLINGS
        # nothing times anything is nothing
        if (name, sibling) not in (("maxout", "second"), ("sparsemax", "second"))
    ],
)
@both
def test_a_small_relative_error_is_caught(name, dtype, sibling):
    function, order = VECTORS[name], {"f": 0, "jvp": 1, "second": 3}[sibling]
    factor = 1 + PLANTED[dtype]
    for where in (lambda x: x == x, lambda x: x > 0, lambda x: x < 0):
        wrong = scaled(function, sibling, factor, where)
        assert not checked(wrong, dtype, order).held
        assert sibling != "jvp" or not checked(wrong, dtype, 2).held  # vjp is its transpose


@pytest.mark.parametrize("name", ["sparsemax", "entmax15"])
@both
def test_a_wrong_support_is_caught(name, dtype):
    """One entry more, or one less."""
    function = VECTORS[name]

    def short(x, dim):
        p = function.f(x, dim=dim)
        least = p.where(p > 0, torch.inf).amin(dim, keepdim=True)
        return torch.where((p == least) & (p < 1), 0.0, p)

    def long(x, dim):
        p = function.f(x, dim=dim)
        return torch.where(p == 0, torch.finfo(dtype).tiny, p)

    def forgetful(x, t, dim):
        jvp, outside = function.jvp(x, t, dim=dim), function.f(x, dim=dim) == 0
        return torch.where(outside, 1e-3 * t, jvp)

    for wrong in (short, long):
        found = checked(replace(function, f=wrong), dtype, 0)
        assert not found.held
        assert found.failing[0].beside
    assert not checked(replace(function, jvp=forgetful), dtype, 1).held


@both
def test_digits_lost_to_cancellation_are_caught(dtype):
    """torch's own log_softmax and the Jacobian of softmax as it is usually written."""
    lost = replace(VECTORS["log_softmax"], f=torch.log_softmax)
    assert not checked(lost, dtype, 0).held

    def usual(x, t, dim):
        p = torch.softmax(x, dim)
        return p * (t - (p * t).sum(dim, keepdim=True))

    assert not checked(replace(VECTORS["softmax"], jvp=usual), dtype, 1).held


@both
def test_maxout_of_the_last_of_equals_is_caught(dtype):
    def last(x, t, dim, pieces):
        units, tangents = (part.flip(-1).unflatten(-1, (-1, pieces)) for part in (x, t))
        return tangents.gather(-1, units.argmax(-1, keepdim=True)).squeeze(-1).flip(-1)

    wrong = replace(VECTORS["maxout"], jvp=last)
    assert checked(wrong, dtype, 0).held
    assert not checked(wrong, dtype, 1).held


def test_maxout_of_more_pieces_holds():
    assert certify_vector(VECTORS["maxout"].bind(pieces=3), dtypes=DTYPES[1:]).held


def test_what_no_precision_decides_does_not_hold(monkeypatch):
    monkeypatch.setattr("actfunc.certify.vectors.settled", lambda _: False)
    function = VECTORS["softmax"]
    sample = Sample(*torch.ones(3, 4, 2, dtype=torch.float64))
    them = [(sample, vector_truth(function, sample))]
    assert not vector_check(0, computed(function, 0, them), them).held


def test_a_function_that_torch_does_not_follow_is_caught_by_the_ways():
    softmax = VECTORS["softmax"]

    class Unlifted(type(softmax)):
        def __call__(self, x, dim=-1, *, order=2, **params):
            return torch.softmax(x, dim)

    fields = {field: getattr(softmax, field) for field in ("name", "definition", *SIBLINGS)}
    ways = {
        one.name: one.held for one in certify_vector(Unlifted(**fields), dtypes=DTYPES[1:]).routes
    }
    assert not ways["jvp"]
    assert not ways["vmap(jacrev)"]


def test_a_function_without_a_law_is_refused():
    with pytest.raises(UsageError, match="hardmax has no law to be judged by"):
        certify_vector(replace(VECTORS["softmax"], name="hardmax"))


@pytest.mark.parametrize("name", LAWS)
@given(x=st.lists(st.floats(-3, 3), min_size=2, max_size=5, unique=True), at=st.integers(0, 4))
@settings(max_examples=10, deadline=None)
def test_the_laws_are_those_of_the_functions(name, x, at):
    """Against mpmath, and a and w against differences of the value."""
    with series.precision(256):
        k, h = at % len(x), 2.0**-40
        value, a, w, margin = LAWS[name].exact(x)
        moved = LAWS[name].exact([entry + h * (i == k) for i, entry in enumerate(x)]).value
        back = LAWS[name].exact([entry - h * (i == k) for i, entry in enumerate(x)]).value
        steady = [b > 0 for b in moved] == [b > 0 for b in back]
        if margin > 1e-6 and steady:
            for i in range(len(x)):
                slope = (moved[i] - back[i]) / (2 * arb(h))
                assert abs(float(slope - a[i] * ((i == k) - w[k]))) < 1e-8
    with mpmath.workdps(40):
        for entry, mine in zip(by_mpmath(name, x), value, strict=True):
            assert abs(entry - mpmath.mpf(float(mine))) < 1e-15


def by_mpmath(name, x):
    """The definitions; the thresholds by bisection."""
    z = [mpmath.mpf(entry) for entry in x]
    if name in ("sparsemax", "entmax15"):
        power, scale = (1, 1) if name == "sparsemax" else (2, mpmath.mpf(1) / 2)
        low, high = scale * max(z) - 1, scale * max(z)
        for _ in range(140):
            middle = (low + high) / 2
            total = sum(max(scale * entry - middle, 0) ** power for entry in z)
            low, high = (middle, high) if total > 1 else (low, middle)
        return [max(scale * entry - low, 0) ** power for entry in z]
    e = [mpmath.exp(-entry if name == "softmin" else entry) for entry in z]
    return [mpmath.log(one / sum(e)) if name == "log_softmax" else one / sum(e) for one in e]


@each_function
@both
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_any_vectors_hold(name, dtype, data):
    width = 64 if dtype == torch.float64 else 32
    some = st.floats(allow_nan=False, allow_infinity=False, width=width)
    near = st.floats(-4, 4, width=width)
    even = st.integers(1, 4).map(lambda n: 2 * n)
    length = data.draw(even)
    rows = [data.draw(st.lists(kind, min_size=length, max_size=length))
            for kind in (near | some, near, near)]  # fmt: skip
    sample = Sample(*(torch.tensor([row], dtype=torch.float64).to(dtype) for row in rows))
    function = VECTORS[name]
    them = [(sample, vector_truth(function, sample))]
    for order in range(len(ORDERS) if them[0][1].kept.all() else 1):
        assert vector_check(order, computed(function, order, them), them).held


@every_function
@pytest.mark.parametrize("dtype", SIXTEEN_BIT, ids=lambda dtype: str(dtype)[6:])
def test_16_bit_results_are_rounded_once(name, dtype):
    """Half a unit in the last place, and what float32 is allowed."""
    function, generator = VECTORS[name], torch.Generator().manual_seed(0)
    sample = Sample(*(torch.randn(3, 60, 8, generator=generator).to(dtype)))
    wide = Sample(*(part.float() for part in sample))
    true = vector_truth(function, wide)
    results = (function.f(sample.x), function.jvp(sample.x, sample.tangent))
    for order, got in enumerate(results):
        assert got.dtype == dtype
        hi, keep = true.hi[order], true.kept
        allowed = 4 * (ulp(hi, torch.float32) + true.spread[order])
        off = (got.double() - hi).abs()
        assert (off <= 0.51 * ulp(hi, dtype) + allowed)[keep].all()


@pytest.mark.full
def test_compiled_products_hold():
    found = certify_vector(VECTORS["sparsemax"], dtypes=DTYPES[1:], compiled=True)
    compiled = [one for one in found.routes if one.compiled]
    assert len(compiled) == sum(route.compiles for route in ROUTES)
    assert [one for one in compiled if not one.held] == []


def test_at_a_threshold_the_value_is_judged_though_the_jacobian_jumps():
    function = VECTORS["sparsemax"]
    x = torch.tensor([[1.0 + 2**-51, 0.0, -3.0], [0.5, 0.5, 2**-52]], dtype=torch.float64)
    sample = Sample(x, torch.ones_like(x), torch.ones_like(x))
    true = vector_truth(function, sample)
    assert true.kept.tolist() == [False, False]
    them = [(sample, true)]
    wrong = replace(function, f=lambda x, dim: function.f(x, dim=dim) + 1e-9)
    assert vector_check(0, computed(function, 0, them), them).held
    assert not vector_check(0, computed(wrong, 0, them), them).held


@pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])
def test_the_second_derivative_of_an_entry_that_dominates_is_judged(dtype):
    """Where all others are nearly 0, and what is allowed of it is nearly 0 too."""
    function = VECTORS["softmax"]
    x = torch.tensor([[30.0, 0.0, 1.0], [0.0, 25.0, 0.5]], dtype=dtype)
    t = torch.tensor([[0.3, 1.7, -2.1], [0.9, -0.4, 1.3]], dtype=dtype)
    sample = Sample(x, t, t)
    them = [(sample, vector_truth(function, sample))]
    assert vector_check(3, computed(function, 3, them), them).held

    def lost(x, t, dim):
        y = function.second.function(x, t, dim=dim)
        return torch.where(function.f(x, dim=dim) > 0.9, 0.0, y)

    assert not vector_check(3, computed(replace(function, second=lost), 3, them), them).held


def test_the_samples_have_vectors_of_which_some_entries_are_tied():
    tied = 0
    for sample in vector_samples(VECTORS["softmax"], torch.float32):
        if sample.x.shape[-1] > 2:
            distinct = torch.tensor([len(row.unique()) for row in sample.x])
            tied += int(((distinct > 1) & (distinct < sample.x.shape[-1])).sum())
    assert tied > 100


@pytest.mark.parametrize("length", [2, 4, 16])
def test_a_way_that_differs_for_vectors_of_one_length_is_found(length):
    softmax = VECTORS["softmax"]

    class Bent(type(softmax)):
        def __call__(self, x, dim=-1, *, order=2, **params):
            y = softmax(x, dim, order=order)
            return y * (1 + 1e-3) if x.shape[-1] == length else y

    fields = {field: getattr(softmax, field) for field in ("name", "definition", *SIBLINGS)}
    chosen = [
        one for one in vector_samples(softmax, torch.float32) if one.x.shape[-1] in (2, 4, 16)
    ]
    found = {one.name: one for one in vector_ways(Bent(**fields), chosen)}
    assert not found["value"].held
    assert found["value"].different > 50
    assert all(one.held for one in vector_ways(softmax, chosen))
