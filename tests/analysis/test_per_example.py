"""What is read off the factors is what `vmap(grad)`, which forms every gradient, says."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import grad, vjp, vmap
from torch.nn import functional as F

from actfunc import CATALOGUE, get, mlp, tree
from actfunc.analysis.per_example import (
    GradientMoments,
    backward,
    examples,
    per_example,
)
from actfunc.data import normalise
from actfunc.errors import UsageError
from tests import records
from tests.compiling import backends

SIZES = (784, 48, 32, 10)
RELATIVE = {torch.float32: 1e-5, torch.float64: 1e-12}
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=[torch.float32, torch.float64], ids=str)
def case(request, small_split):
    """Parameters, float images and labels."""
    batch = small_split.train.first(64)
    params = mlp.init(SIZES, seed=42, dtype=request.param)
    return params, normalise(batch.images).to(request.param), batch.labels


def formed(params, activation, images, labels) -> mlp.Params:
    """Each example's gradient: the parameters' shapes with the batch before them."""

    def loss(params, image, label):
        return F.cross_entropy(mlp.apply(params, image, activation), label)

    return vmap(grad(loss), (None, 0, 0))(params, images, labels)


def flat(layers) -> torch.Tensor:
    """(batch, parameter) of formed gradients."""
    return torch.cat([leaf.flatten(1) for leaf in tree.leaves(tuple(layers))], dim=1)


def assert_near(got, want, tolerance=None):
    """As far apart at most as the tolerance times the largest value wanted."""
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    gap = (got - want).abs().max()
    assert gap <= (tolerance or RELATIVE[want.dtype]) * want.abs().max(), (gap, want.abs().max())


@records.each(CATALOGUE.values())
def test_norms_and_moments_are_those_of_the_formed_gradients(record, small_split):
    batch = small_split.train.first(64)
    assert_formed(record, torch.float64, normalise(batch.images), batch.labels)


def test_norms_and_moments_in_float32(small_split):
    batch = small_split.train.first(64)
    assert_formed(get("gelu"), torch.float32, normalise(batch.images), batch.labels)


def assert_formed(record, dtype, images, labels):
    """All figures of every layer are those of the gradients that are formed."""
    params, images = mlp.init(SIZES, seed=42, dtype=dtype), images.to(dtype)
    # a slope without bound magnifies rounding
    tolerance = 1e-9 if record.poles else None
    want = formed(params, record, images, labels)
    got = per_example(params, record, images, labels)
    for index, (moments, layer) in enumerate(zip(got.layers, want, strict=True)):
        parts = zip(moments.mean, moments.square, moments.variance, layer, strict=True)
        for mean, square, variance, each in parts:
            assert_near(mean, each.mean(0), tolerance)
            assert_near(square, each.square().mean(0), tolerance)
            assert_near(variance, each.var(0, correction=0), tolerance)
        for norms, each in zip((got.norms.weight, got.norms.bias), layer, strict=True):
            assert_near(norms[:, index], each.flatten(1).norm(dim=1), tolerance)
        assert_near(got.norms.layer[:, index], flat([layer]).norm(dim=1), tolerance)
    assert_near(got.norms.whole, flat(want).norm(dim=1), tolerance)


def test_norms_and_squares_are_right_digit_by_digit(case):
    """Each value against itself: nothing cancels in a norm or a sum of squares."""
    params, images, labels = case
    record = get("sigmoid")
    # both in float64, as what flows back is itself a difference; only the figures are ours
    exact = formed(tree.map(torch.Tensor.double, params), record, images.double(), labels)
    got = per_example(params, record, images, labels)
    relative = 2 * RELATIVE[images.dtype]
    for moments, layer in zip(got.layers, exact, strict=True):
        for square, each in zip(moments.square, layer, strict=True):
            want = each.square().mean(0)
            seen = want > 1e-3 * want.mean()
            torch.testing.assert_close(square.double()[seen], want[seen], rtol=relative, atol=0)
    torch.testing.assert_close(
        got.norms.whole.double(), flat(exact).norm(dim=1), rtol=relative, atol=0
    )


def test_signal_to_noise_is_mean_over_deviation(case):
    params, images, labels = case
    record = get("tanh")
    got = per_example(params, record, images, labels)
    for moments, layer in zip(got.layers, formed(params, record, images, labels), strict=True):
        for ratio, each in zip(moments.signal_to_noise, layer, strict=True):
            assert_near(ratio, each.mean(0).abs() / each.std(0, correction=0), 1e-4)


def test_signal_to_noise_of_what_has_no_noise_or_no_signal():
    values = torch.tensor([0.0, 0.0, 2.0, 3.0])
    squares = torch.tensor([0.0, 1.0, 4.0, 10.0])
    ratio = GradientMoments(mlp.Layer(values, values), mlp.Layer(squares, squares)).signal_to_noise
    assert ratio.weight.tolist() == [0.0, 0.0, torch.inf, 3.0]


def test_ones_own_function_has_its_gradient_from_torch(case):
    params, images, labels = case
    want = formed(params, torch.tanh, images, labels)
    got = per_example(params, torch.tanh, images, labels)
    assert_near(got.norms.whole, flat(want).norm(dim=1))


def test_nothing_flows_back_through_an_infinite_slope_where_nothing_arrives():
    record = get("signed_sqrt")
    assert record.df(torch.tensor(0.0)).isinf()
    params = (
        mlp.Layer(torch.zeros(2, 2), torch.zeros(2)),
        mlp.Layer(torch.zeros(3, 2), torch.zeros(3)),
    )
    images, labels = torch.tensor([[1.0, 2.0]]), torch.tensor([0])
    first, last = examples(params, record, images, labels)
    assert first.signal.tolist() == [[0.0, 0.0]]
    torch.testing.assert_close(last.signal, torch.tensor([[-2 / 3, 1 / 3, 1 / 3]]))


def test_norms_do_not_vanish_where_their_squares_do(small_split):
    batch = small_split.train.first(8)
    params = mlp.init((784, *[16] * 30, 10), seed=0)
    images, record = normalise(batch.images), get("sigmoid")
    got = per_example(params, record, images, batch.labels).norms.bias[:, 0]
    wide = tree.map(torch.Tensor.double, params)
    want = per_example(wide, record, images.double(), batch.labels).norms.bias[:, 0]
    assert (want < 1e-23).all()
    torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=0)


def three(dtype=torch.float32):
    members = [mlp.init(SIZES, seed=seed, dtype=dtype) for seed in range(3)]
    return members, tree.map(lambda *leaves: torch.stack(leaves), *members)


@pytest.mark.parametrize("way", ["vmap", "stack"])
def test_members_side_by_side_are_members_one_by_one(way, small_split):
    batch = small_split.train.first(32)
    images, record = normalise(batch.images), get("gelu")
    members, stack = three()

    def figures(params):
        return per_example(params, record, images, batch.labels)

    got = vmap(figures)(stack) if way == "vmap" else figures(stack)
    want = tree.map(lambda *leaves: torch.stack(leaves), *map(figures, members))
    for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
        assert_near(one, other)


@backends
@pytest.mark.parametrize("stacked", [True, pytest.param(False, marks=pytest.mark.full)])
def test_compiled_whole_and_over_members(stacked, backend, small_split):
    batch = small_split.train.first(32)
    images, record = normalise(batch.images), get("gelu")
    members, stack = three()

    def figures(params, images, labels):
        return per_example(params, record, images, labels)

    if stacked:
        figures, params = vmap(figures, (0, None, None)), stack
    else:
        params = members[0]
    got = torch.compile(figures, fullgraph=True, backend=backend)(params, images, batch.labels)
    want = figures(params, images, batch.labels)
    for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
        assert_near(one, other)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=5),
    count=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_sizes(sizes, count, seed):
    generator = torch.Generator().manual_seed(seed)
    params = mlp.init(sizes, generator=generator, dtype=torch.float64)
    images = torch.randn(count, sizes[0], generator=generator, dtype=torch.float64)
    labels = torch.randint(0, sizes[-1], (count,), generator=generator)
    got = per_example(params, torch.tanh, images, labels)
    want = formed(params, torch.tanh, images, labels)
    torch.testing.assert_close(got.norms.whole, flat(want).norm(dim=1), rtol=1e-10, atol=1e-15)
    for moments, layer in zip(got.layers, want, strict=True):
        torch.testing.assert_close(
            moments.variance.weight, layer.weight.var(0, correction=0), rtol=1e-10, atol=1e-15
        )


@records.each(record for record in CATALOGUE.values() if not record.steep)
def test_the_slope_that_is_written_out_is_that_of_the_lift(record):
    """At every finite point: joints, far tails; and nothing comes of nothing."""
    for dtype in (torch.float32, torch.float64):
        far = torch.finfo(dtype).max
        points = (*record.joint_points, 0.0, -0.0, 1e4, -1e4, far, -far, 1e-40)
        z = torch.cat([torch.linspace(-6, 6, 101, dtype=dtype), torch.tensor(points, dtype=dtype)])
        for arrives in (0.7, 0.0):
            gradient = torch.full_like(z, arrives)
            got = backward(record, z, gradient)
            [want] = vjp(partial(record, order=1), z)[1](gradient)
            usable = record.f(z).isfinite() & record.df(z).isfinite()
            assert usable.sum() > 100
            assert torch.equal(got[usable], want[usable])


def test_a_label_an_image():
    params, images = mlp.init((4, 3, 2), seed=0), torch.randn(5, 2, 2)
    for labels in (torch.zeros(1, dtype=torch.long), torch.zeros(4, dtype=torch.long)):
        with pytest.raises(UsageError, match=f"got 5 images and {len(labels)} labels"):
            per_example(params, torch.relu, images, labels)


@pytest.mark.parametrize("sizes", [(16, 3), (16, 1, 3), (16, 5, 1)])
@pytest.mark.parametrize("name", ["gelu", "signed_sqrt"])
@pytest.mark.parametrize("count", [1, 5])
def test_no_hidden_layer_one_neuron_one_class_one_example(sizes, name, count):
    params = mlp.init(sizes, seed=0, dtype=torch.float64)
    wanting = tree.map(lambda leaf: leaf.clone().requires_grad_(), params)
    images = torch.randn(count, 4, 4, dtype=torch.float64).mT  # not contiguous
    labels = torch.arange(count) % sizes[-1]
    want = formed(params, get(name), images, labels)
    got = per_example(wanting, get(name), images, labels)
    torch.testing.assert_close(got.norms.whole, flat(want).norm(dim=1), rtol=1e-12, atol=1e-15)
    for moments, layer in zip(got.layers, want, strict=True):
        variance = layer.weight.var(0, correction=0)
        # a difference of second moments is rounded as they are
        rounding = 4 * torch.finfo(torch.float64).eps * moments.square.weight.max().item()
        torch.testing.assert_close(moments.variance.weight, variance, rtol=1e-10, atol=rounding)
