"""One network's landscape is what its parts give, streamed or not."""

from __future__ import annotations

import pytest
import torch

from actfunc import get, mlp, tree
from actfunc.analysis.curvature import flatten, hessian_product, operator
from actfunc.analysis.landscape import gauss_newton_share, landscape
from actfunc.data import normalise
from actfunc.errors import UsageError
from tests.reference import hutchinson

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def case(small_split):
    """Parameters, an activation, uint8 images and labels."""
    images, labels = small_split.train.first(30)
    params = mlp.init((16, 4, 3, 10), seed=0, dtype=torch.float64)
    return params, get("silu"), images[:, 12:16, 12:16], labels


def test_it_is_what_its_parts_give(case):
    params, silu, images, labels = case
    n, told = len(flatten(params)), []
    found = landscape(*case, top=3, steps=30, probes=60, on_product=lambda *done: told.append(done))
    assert told == [(done, 120) for done in range(1, 121)]
    floats = normalise(images).double()
    of = operator(hessian_product, params, silu, floats, labels)
    full = torch.func.vmap(of, chunk_size=100)(torch.eye(n, dtype=torch.float64))
    values = torch.linalg.eigvalsh(full)
    torch.testing.assert_close(found.top.values, values.flip(0)[:3], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.lowest.values, values[:1], rtol=1e-3, atol=1e-6)
    off = abs(found.trace.value - full.trace())
    assert off < 4 * found.trace.standard_error
    # probes of the whole Hessian are further off
    whole = hutchinson(of, flatten(params), 60, seed=0).standard_error
    assert 0 < found.trace.standard_error < whole / 4
    assert found.stretch.shape == (30, 10)
    assert 0.5 < gauss_newton_share(found) < 2


def test_the_probes_and_the_start_are_those_of_the_seed(case):
    one, again, other = (landscape(*case, top=1, steps=3, probes=2, seed=k) for k in (1, 1, 2))
    for part in ("trace", "top"):
        drawn, same, others = (getattr(found, part)[0] for found in (one, again, other))
        assert torch.equal(drawn, same)
        assert not torch.allclose(drawn, others, rtol=1e-6)


def test_it_streams(case):
    found, parts = (
        landscape(*case, top=3, steps=12, probes=4, batch=batch) for batch in (1000, 16)
    )
    for one, other in zip(tree.leaves(parts.top), tree.leaves(found.top), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    for one, other in zip(parts.trace, found.trace, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(parts.stretch, found.stretch, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(
        parts.gauss_newton_trace, found.gauss_newton_trace, rtol=1e-5, atol=0
    )


def small(n: int = 9, sizes: tuple[int, ...] = (2, 2)):
    images = torch.linspace(-1, 1, n * sizes[0]).view(n, sizes[0])
    return mlp.init(sizes, seed=0), images, torch.arange(n) % sizes[-1]


def test_a_piecewise_linear_network_has_an_exact_trace():
    params, images, labels = small(sizes=(2, 5, 3))
    found = landscape(params, get("relu"), images, labels, top=2, steps=5, probes=3)
    assert found.trace.value == found.gauss_newton_trace
    assert found.trace.standard_error == 0


def test_fewer_parameters_than_steps_are_all_the_eigenvalues():
    params, images, labels = small()
    found = landscape(params, get("silu"), images, labels, top=6, steps=40, probes=2)
    assert len(found.top.values) == len(flatten(params)) == 6
    torch.testing.assert_close(found.top.values.sum(), found.trace.value)
    with pytest.raises(UsageError, match="top must be from 1 to the 6 eigenvalues"):
        landscape(params, get("silu"), images, labels, top=7)


def test_a_network_that_has_diverged_gives_nan_and_a_flat_one_zero():
    params, images, labels = small(sizes=(2, 5, 3))
    lost = tree.map(lambda leaf: torch.full_like(leaf, torch.nan), params)
    found = landscape(lost, get("silu"), images, labels, steps=5, probes=2)
    for part in tree.leaves(found):
        assert part.isnan().all()
    # one class: nothing that the parameters do changes the loss
    params, images, labels = small(sizes=(2, 5, 1))
    found = landscape(params, get("silu"), images, labels, steps=5, probes=2)
    for ritz in (found.top, found.lowest, found.gauss_newton):
        assert all(part.eq(0).all() for part in ritz)
    assert found.trace.value == found.trace.standard_error == found.gauss_newton_trace == 0


def test_no_probe_is_an_error():
    params, images, labels = small()
    with pytest.raises(UsageError, match="probes must be a whole number, 1 or more, got 0"):
        landscape(params, get("silu"), images, labels, probes=0, top=1)


def test_parameters_that_require_gradients_change_nothing_and_keep_no_graph():
    params, images, labels = small(sizes=(2, 5, 3))
    wanting = tree.map(lambda leaf: leaf.clone().requires_grad_(), params)
    got, want = (
        landscape(each, get("silu"), images, labels, steps=8, probes=2)
        for each in (wanting, params)
    )
    for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
        assert not one.requires_grad
        assert torch.equal(one, other)
