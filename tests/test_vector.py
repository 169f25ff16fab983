"""Vector functions: the lift along a dimension, against torch's own, masks, ties, the edges."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.nn import functional as F

from actfunc import CATALOGUE
from actfunc.catalogue.gated import PAIRS
from actfunc.catalogue.vector import VECTORS
from actfunc.errors import UsageError
from actfunc.lifting import SIXTEEN_BIT
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")
every_function = pytest.mark.parametrize(
    "function", VECTORS.values(), ids=lambda function: function.name
)
TORCH = {"softmax": F.softmax, "softmin": F.softmin, "log_softmax": F.log_softmax}
as_torch = pytest.mark.parametrize("name", TORCH)
SIMPLEX = ("softmax", "softmin", "sparsemax", "entmax15")


def vectors(length: int = 6, rows: int = 40, scale: float = 2.0) -> Tensor:
    generator = torch.Generator().manual_seed(length)
    return scale * torch.randn(rows, length, dtype=torch.float64, generator=generator)


@as_torch
@pytest.mark.parametrize("dim", [0, 1, 2, -2])
def test_it_is_torchs_along_every_dimension(name, dim):
    x = vectors(24).view(4, 10, 4, 6)[:, :, 0] + vectors(24).view(4, 10, 4, 6)[:, :, 1]
    function, peer = VECTORS[name], TORCH[name]
    torch.testing.assert_close(function(x, dim), peer(x, dim), rtol=1e-14, atol=1e-15)
    c = vectors(24).view(4, 10, 4, 6)[:, :, 2]
    slopes = [grad(lambda x, f=f: (f(x, dim) * c).sum())(x) for f in (function, peer)]
    torch.testing.assert_close(*slopes, rtol=1e-12, atol=1e-14)


@as_torch
def test_its_second_derivatives_are_torchs(name):
    function, peer = VECTORS[name], TORCH[name]
    x, c = vectors(5, 8), vectors(5, 1)[0]
    both = [vmap(hessian(lambda x, f=f: (f(x, -1) * c).sum()))(x) for f in (function, peer)]
    torch.testing.assert_close(*both, rtol=1e-11, atol=1e-13)
    whole = [vmap(jacfwd(jacrev(lambda x, f=f: f(x, -1))))(x) for f in (function, peer)]
    torch.testing.assert_close(*whole, rtol=1e-11, atol=1e-13)


@as_torch
@pytest.mark.parametrize(
    "row",
    [
        [-math.inf, 0.0, 1.0],
        [-math.inf, -math.inf, 3.0],
        [-math.inf, -math.inf],
        [math.inf, 0.0],
        [math.inf, math.inf, 0.0],
        [math.nan, 0.0],
        [3e38, -3e38],
        [-3e38, -3e38, -3e38],
        [0.0],
    ],
)
def test_masks_infinities_and_largest_numbers_are_as_torch_has_them(name, row):
    x = torch.tensor(row)
    if name == "softmin":
        x = -x
    got, wanted = VECTORS[name](x), TORCH[name](x, -1)
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=0, equal_nan=True)


def test_a_mask_has_a_gradient_of_zero_and_does_not_spoil_the_others():
    x = torch.tensor([-math.inf, 0.5, 1.0], dtype=torch.float64)
    c = torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64)
    got, wanted = (grad(lambda x, f=f: (f(x, -1) * c).sum())(x)
                   for f in (VECTORS["softmax"], F.softmax))  # fmt: skip
    torch.testing.assert_close(got, wanted)
    for name in ("sparsemax", "entmax15"):
        assert_same(VECTORS[name](x)[1:], VECTORS[name](x[1:]))
        assert VECTORS[name](x)[0] == 0
        assert not grad(lambda x, name=name: (VECTORS[name](x) * c).sum())(x).isnan().any()


@pytest.mark.parametrize("name", SIMPLEX)
@given(x=st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_it_lands_on_the_simplex_in_the_order_of_the_entries(name, x):
    p = VECTORS[name](torch.tensor(x, dtype=torch.float64))
    assert (p >= 0).all()
    assert abs(p.sum().item() - 1) < 1e-14 * len(x)
    ranked = torch.tensor(x, dtype=torch.float64).argsort(descending=name != "softmin", stable=True)
    assert (p[ranked].diff() <= 1e-15).all()


@pytest.mark.parametrize("name", ["sparsemax", "entmax15"])
def test_outside_the_support_nothing_passes(name):
    x = torch.tensor([0.3, 0.1, -5.0], dtype=torch.float64)
    jacobian = jacrev(VECTORS[name])(x)
    assert not jacobian[2].any()
    assert not jacobian[:, 2].any()
    assert jacobian[0, 0] > 0 > jacobian[0, 1]


def test_sparsemax_by_hand():
    sparsemax = VECTORS["sparsemax"]
    x = torch.tensor([[1.0, 0.5, -1.0], [0.0, 0.0, 0.0], [2.0, 1.0, 0.0], [0.0, -1.0, 7.0]])
    wanted = torch.tensor([[0.75, 0.25, 0.0], [1 / 3] * 3, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(sparsemax(x), wanted)
    # 1 apart is out: at the edge of the support an entry is not in it
    assert not jacrev(sparsemax)(x[2]).any()


def test_entmax_by_hand():
    entmax = VECTORS["entmax-1.5"]
    assert_same(entmax(torch.tensor([2.0, 0.0])), torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(entmax(torch.zeros(4)), torch.full((4,), 0.25))
    # τ of (a, 0): (a/4 ± √(2 - a²/4)/2)²
    a, half = 1.0, math.sqrt(2 - 0.25) / 2
    wanted = torch.tensor([(a / 4 + half) ** 2, (half - a / 4) ** 2])
    torch.testing.assert_close(entmax(torch.tensor([a, 0.0])), wanted)


def test_maxout_takes_the_first_of_equals_and_any_number_of_pieces():
    maxout = VECTORS["maxout"]
    x = torch.tensor([[1.0, 3.0, 2.0, 2.0, -1.0, -4.0]])
    assert_same(maxout(x), torch.tensor([[3.0, 2.0, -1.0]]))
    assert_same(maxout(x, pieces=3), torch.tensor([[3.0, 2.0]]))
    assert_same(maxout.bind(pieces=6)(x), torch.tensor([[3.0]]))
    assert_same(maxout(x.T, 0), maxout(x).T)
    gradient = grad(lambda x: maxout(x).sum())(x)
    assert_same(gradient, torch.tensor([[0.0, 1.0, 1.0, 0.0, 1.0, 0.0]]))
    with pytest.raises(UsageError, match="6 entries are not units of 4 pieces"):
        maxout(x, pieces=4)
    with pytest.raises(UsageError, match="no parameter named 'units'"):
        maxout(x, units=2)


@every_function
def test_every_third_derivative_is_nan(function):
    x = vectors(4, 1)[0]
    for outer in (jacfwd, jacrev):
        assert outer(hessian(lambda x: function(x)[0]))(x).isnan().all()
    assert jacfwd(jacfwd(jacfwd(function)))(x).isnan().all()


@every_function
def test_at_order_1_the_second_derivative_is_nan_and_the_first_is_right(function):
    x = vectors(4, 1)[0]

    def first_order(x: Tensor) -> Tensor:
        return function(x, order=1)

    assert_same(jacrev(first_order)(x), jacrev(function)(x))
    assert jacfwd(jacrev(first_order))(x).isnan().all()


@every_function
def test_the_second_sibling_is_the_derivative_of_jvp(function):
    x, t = vectors(4), vectors(4).flip(0)
    slope = jvp(lambda x: jvp(function, (x,), (t,))[1], (x,), (t,))[1]
    torch.testing.assert_close(slope, function.second(x, t))
    h = 1e-6
    difference = (function.jvp(x + h * t, t) - function.jvp(x - h * t, t)) / (2 * h)
    steady = (function.f(x + h * t) > 0) == (function.f(x - h * t) > 0)
    close = (difference - slope).abs() < 1e-6 * (1 + slope.abs())
    assert close[steady.all(-1)].all()


@every_function
def test_forward_and_reverse_agree(function):
    x = vectors(6)
    forward, reverse = vmap(jacfwd(function))(x), vmap(jacrev(function))(x)
    torch.testing.assert_close(forward, reverse, rtol=1e-13, atol=1e-16)
    over_rows = vmap(function, in_dims=1)(x.T)
    torch.testing.assert_close(over_rows, function(x), rtol=1e-15, atol=0)


@every_function
@pytest.mark.parametrize("dtype", SIXTEEN_BIT, ids=lambda dtype: str(dtype)[6:])
def test_16_bit_inputs_are_computed_in_float32_and_rounded_once(function, dtype):
    x, t = vectors(8).to(dtype), vectors(8).flip(0).to(dtype)
    assert_same(function(x), function(x.float()).to(dtype))
    got = jvp(function, (x,), (t,))[1]
    assert_same(got, function.jvp(x.float(), t.float()).to(dtype))
    assert_same(function.jvp(x, t), got)
    assert function.vjp(x, function(x)).dtype == dtype


def test_log_softmax_has_digits_where_torchs_has_none():
    x = torch.tensor([50.0, 0.0], dtype=torch.float64)
    assert F.log_softmax(x, -1)[0] == 0
    wanted = torch.tensor(-math.log1p(math.exp(-50.0)), dtype=torch.float64)
    torch.testing.assert_close(VECTORS["log_softmax"](x)[0], wanted, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f(torch.ones(2, dtype=torch.int64)), "takes a floating-point tensor"),
        (lambda f: f(torch.ones(3, 0)), "needs entries along dimension -1"),
        (lambda f: f(torch.ones(3), 1), "needs entries along dimension 1"),
        (lambda f: f(torch.ones(3), order=3), "order must be 1 or 2, got 3"),
        (lambda f: f.bind(pieces=3), "no parameter named 'pieces'"),
    ],
)
def test_what_is_refused_says_why(call, message):
    with pytest.raises(UsageError, match=message):
        call(VECTORS["softmax"])


@every_function
def test_a_function_tells_what_it_is_and_shares_no_name(function):
    assert function.definition
    assert function.source
    for word in (function.name, *function.aliases):
        assert CATALOGUE.canonical(word) is None
        assert PAIRS.canonical(word) is None


@pytest.mark.full
def test_they_compile_in_one_graph():
    chosen = [VECTORS[name] for name in ("softmax", "entmax15", "maxout")]
    x = vectors(6).float()

    def everything(x: Tensor):
        return [(f(x), grad(lambda x, f=f: f(x).square().sum())(x)) for f in chosen]

    compiled = torch.compile(everything, fullgraph=True, dynamic=False)(x)
    for got, wanted in zip(compiled, everything(x), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", SIXTEEN_BIT, ids=lambda dtype: str(dtype)[6:])
def test_16_bit_products_run_along_the_dimension_that_is_asked_for(dtype):
    function = VECTORS["softmax"]
    x, t = vectors(3, 3).to(dtype), vectors(3, 3).flip(0).to(dtype)
    for product in (function.jvp, function.vjp, function.second):
        assert_same(product(x, t, dim=0), product(x.T, t.T, dim=-1).T)
        assert not torch.equal(product(x, t, dim=0), product(x, t, dim=-1))
