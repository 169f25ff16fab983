"""Gated pairs: the lift in both inputs, the split in halves, what they are in torch's own words."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.func import grad, jacfwd, jacrev, vmap
from torch.nn import functional as F

from actfunc import CATALOGUE
from actfunc.catalogue.gated import PAIRS
from actfunc.errors import UnknownNameError, UsageError
from actfunc.lifting import SIXTEEN_BIT
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")
every_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda pair: pair.name)
BOTH = (0, 1)
TORCH = {
    "glu": lambda x, gate: F.glu(torch.stack([x, gate]), 0)[0],
    "bilinear": lambda x, gate: x * gate,
    "reglu": lambda x, gate: x * F.relu(gate),
    "geglu": lambda x, gate: x * F.gelu(gate),
    "swiglu": lambda x, gate: x * F.silu(gate),
    "gtu": lambda x, gate: x.tanh() * gate.sigmoid(),
}


def points(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    line = torch.linspace(-7.3, 7.1, 25, dtype=torch.float64).to(dtype)
    x, gate = torch.cartesian_prod(line, torch.cat([line, torch.zeros(1, dtype=dtype)])).unbind(1)
    return x.contiguous(), gate.contiguous()


@every_pair
def test_it_is_what_torch_computes_with_its_derivatives(pair):
    peer, (x, gate) = TORCH[pair.name], points()
    torch.testing.assert_close(pair(x, gate), peer(x, gate), rtol=1e-14, atol=1e-15)
    slopes = [vmap(grad(function, BOTH))(x, gate) for function in (pair, peer)]
    torch.testing.assert_close(*slopes, rtol=1e-12, atol=1e-13)
    off = gate != 0
    second = [
        vmap(jacrev(jacrev(function, BOTH), BOTH))(x[off], gate[off]) for function in (pair, peer)
    ]
    torch.testing.assert_close(*second, rtol=1e-12, atol=1e-13)


@every_pair
def test_one_tensor_is_split_in_halves_as_glu_splits_it(pair):
    x = torch.linspace(-3, 3, 24, dtype=torch.float64).view(4, 6)
    for dim in (-1, 1, 0, -2):
        value, gate = x.chunk(2, dim)
        assert_same(pair(x, dim=dim), pair(value, gate))
    if pair.name == "glu":
        torch.testing.assert_close(pair(x, dim=0), F.glu(x, 0), rtol=1e-15, atol=0)
        torch.testing.assert_close(vmap(grad(lambda x: pair(x).sum()))(x),
                                   vmap(grad(lambda x: F.glu(x).sum()))(x))  # fmt: skip


@every_pair
@pytest.mark.parametrize("outer", [grad, jacfwd, jacrev])
def test_every_third_derivative_is_nan_and_never_a_silent_zero(pair, outer):
    x, gate = points()
    found = vmap(outer(lambda x, g: grad(grad(pair, 0), 1)(x, g), BOTH))(x, gate)
    assert all(part.isnan().all() for part in found)
    for first in BOTH:
        found = vmap(outer(lambda x, g, at=first: grad(grad(pair, at), at)(x, g), BOTH))(x, gate)
        assert all(part.isnan().all() for part in found)


@every_pair
def test_one_tensor_as_both_inputs_has_both_slopes(pair):
    x, _ = points()
    got = vmap(grad(lambda x: pair(x, x)))(x)
    assert_same(got, pair.fx(x, x) + pair.fg(x, x))
    curvature = pair.fxx(x, x) + 2 * pair.fxg(x, x) + pair.fgg(x, x)
    torch.testing.assert_close(vmap(grad(grad(lambda x: pair(x, x))))(x), curvature)


@every_pair
def test_shapes_broadcast_and_gradients_add_up(pair):
    x = torch.linspace(-2, 2, 4, dtype=torch.float64)[:, None]
    gate = torch.linspace(-1, 3, 3, dtype=torch.float64)
    assert pair(x, gate).shape == (4, 3)
    by_x, by_gate = grad(lambda x, g: pair(x, g).sum(), BOTH)(x, gate)
    torch.testing.assert_close(by_x, pair.fx(x, gate).sum(1, keepdim=True))
    torch.testing.assert_close(by_gate, pair.fg(x, gate).sum(0))


@every_pair
@pytest.mark.parametrize("dtype", SIXTEEN_BIT, ids=lambda dtype: str(dtype)[6:])
def test_16_bit_inputs_are_computed_in_float32_and_rounded_once(pair, dtype):
    x, gate = points(dtype)
    wide = x.float(), gate.float()
    assert_same(pair(x, gate), pair(*wide).to(dtype))
    for sibling in pair.siblings:
        assert_same(sibling(x, gate), sibling(*wide).to(dtype))
    slopes = vmap(grad(pair, BOTH))(x, gate)
    assert_same(slopes[0], pair.fx(*wide).to(dtype))
    assert_same(slopes[1], pair.fg(*wide).to(dtype))


@every_pair
def test_infinite_inputs_give_no_nan(pair):
    inf = torch.tensor(math.inf)
    for x in (-inf, inf, torch.tensor(2.0)):
        for gate in (-inf, inf, torch.tensor(-200.0), torch.tensor(3.0)):
            found = [each(x, gate) for each in pair.siblings[1:]]
            assert not any(each.isnan() for each in found)
            if x.isfinite() or gate.isfinite():
                assert_same(pair(x, gate), pair.f(x, gate))
            slopes = grad(pair, BOTH)(x, gate)
            assert all(not slope.isnan() for slope in slopes)
    nan = torch.tensor(math.nan)
    assert pair(nan, torch.tensor(1.0)).isnan()
    assert pair(torch.tensor(1.0), nan).isnan()


@pytest.mark.parametrize("name", ["glu", "swiglu", "geglu"])
def test_a_closed_gate_keeps_its_digits_before_a_large_value(name):
    pair, gate = PAIRS[name], {"geglu": -14.5}.get(name, -110.0)
    x = torch.tensor(1e30)
    for sibling in pair.siblings:
        wanted = sibling(x.double(), torch.tensor(gate, dtype=torch.float64))
        got = sibling(x, torch.tensor(gate))
        assert got.dtype == torch.float32
        torch.testing.assert_close(got.double(), wanted, rtol=1e-4, atol=2e-38)
    naive = x * torch.sigmoid(torch.tensor(-110.0))
    assert naive == 0


def test_a_slope_that_overflows_leaves_the_value_alone():
    x, gate = torch.tensor([3.4e38]), torch.tensor([2.4])
    swiglu = PAIRS["swiglu"]
    assert swiglu.fg(x, gate).isinf()
    assert not swiglu(x, gate).isnan()
    assert vmap(grad(swiglu, 1))(x, gate).isinf()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda pair: pair(torch.ones(3)), "splits dimension -1 in halves"),
        (lambda pair: pair(torch.ones(2, 4), dim=2), "splits dimension 2 in halves"),
        (lambda pair: pair(torch.ones(2), torch.ones(2).double()), "of one dtype"),
        (lambda pair: pair(torch.ones(2).long(), torch.ones(2).long()), "floating-point"),
        (lambda pair: pair(torch.ones(2), torch.ones(2), order=3), "order must be 1 or 2, got 3"),
    ],
)
def test_what_is_refused_says_why(call, message):
    with pytest.raises(UsageError, match=message):
        call(PAIRS["swiglu"])


def test_names_aliases_and_the_nearest():
    assert PAIRS["SwiGLU"] is PAIRS["silu-glu"] is PAIRS["swiglu"]
    assert PAIRS.canonical("gelu") is None
    with pytest.raises(UnknownNameError, match="Did you mean swiglu"):
        PAIRS["swiglue"]


@every_pair
def test_a_pair_tells_what_it_is_and_shares_no_name(pair):
    assert pair.formula
    assert pair.source
    assert all(CATALOGUE.canonical(word) is None for word in (pair.name, *pair.aliases))


@pytest.mark.full
def test_they_compile_in_one_graph():
    chosen = [PAIRS[name] for name in ("swiglu", "geglu")]
    x, gate = points(torch.float32)

    def everything(x: Tensor, gate: Tensor):
        return [(pair(x, gate), vmap(grad(pair, BOTH))(x, gate)) for pair in chosen]

    compiled = torch.compile(everything, fullgraph=True, dynamic=False)(x, gate)
    for pair, (value, slopes) in zip(chosen, compiled, strict=True):
        torch.testing.assert_close(value, pair.f(x, gate), rtol=1e-5, atol=1e-6)
        wanted = pair.fx(x, gate), pair.fg(x, gate)
        torch.testing.assert_close(slopes, wanted, rtol=1e-5, atol=1e-6)
