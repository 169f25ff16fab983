"""Streamed figures are those of all the formed gradients at once, however the batches fall."""

from __future__ import annotations

import pytest
import torch
from torch.func import vmap
from torch.nn import functional as F

from actfunc import get, mlp, tree
from actfunc.analysis import backpropagate, summarise
from actfunc.analysis.gradient_noise import noise
from actfunc.analysis.gradient_statistics import gradient_statistics
from actfunc.data import normalise
from actfunc.errors import UsageError
from tests.analysis.test_per_example import RELATIVE, SIZES, assert_near, flat, formed, three
from tests.analysis.test_sketch import assert_cut_bins_only
from tests.compiling import backends
from tests.reference import needs_vmap_of_bits

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=[torch.float32, torch.float64], ids=str)
def case(request, small_split):
    """Parameters, uint8 images and labels."""
    batch = small_split.train.first(97)
    return mlp.init(SIZES, seed=42, dtype=request.param), batch.images, batch.labels


@pytest.mark.parametrize("batch", [1, 13, 1000])
def test_streamed_is_whole(batch, case):
    params, images, labels = case
    got = gradient_statistics(params, get("relu"), images, labels, batch=batch)
    pixels = normalise(images).to(params[0].weight.dtype)
    want = formed(params, get("relu"), pixels, labels)
    for index, (moments, layer) in enumerate(zip(got.layers, want, strict=True)):
        for mean, square, each in zip(moments.mean, moments.square, layer, strict=True):
            assert_near(mean, each.mean(0))
            assert_near(square, each.square().mean(0))
        check(got.layer_noise[index], got.layer_cosines[index], flat([layer]))
        assert_near(got.norms.weight[:, index], layer.weight.flatten(1).norm(dim=1))
        assert_near(got.norms.bias[:, index], layer.bias.norm(dim=1))
    check(got.noise, got.cosine, flat(want))


def check(found, cosine, each):
    """Noise and mean cosine against their definitions over all formed gradients, (n, parameter)."""
    near = 10 * RELATIVE[each.dtype]  # a sum of differences
    each, n = each.double(), len(each)
    spread = each.var(0, correction=1).sum()
    assert float(found.spread) == pytest.approx(float(spread), rel=near)
    products = each @ each.mT
    others = ~torch.eye(n, dtype=torch.bool)
    # the mean product of two different examples' gradients is what estimates |G|²
    assert float(found.strength) == pytest.approx(
        float(products[others].mean()), rel=near, abs=near * float(products.diagonal().mean())
    )
    size = products.diagonal().sqrt()
    angles = products / size / size[:, None]
    assert float(cosine) == pytest.approx(float(angles[others].mean()), rel=near, abs=near)


def test_the_scale_is_spread_over_strength_and_infinite_where_there_is_no_strength():
    three_, zero = torch.tensor(3.0), torch.tensor(0.0)
    found = noise(three_, torch.tensor(2.0), 5)
    assert float(found.spread) == pytest.approx(1.25)
    assert float(found.strength) == pytest.approx(1.75)
    assert float(found.scale) == pytest.approx(1.25 / 1.75)
    assert noise(three_, zero, 5).scale == torch.inf
    assert noise(three_, zero, 5).strength < 0


def test_the_noise_scale_is_right_on_average():
    """Gradients drawn with a known mean and spread: many small samples, no bias."""
    generator = torch.Generator().manual_seed(0)
    draws, n, width = 20_000, 4, 6
    true_mean = torch.full((width,), 0.5, dtype=torch.float64)
    each = true_mean + torch.randn(draws, n, width, generator=generator, dtype=torch.float64)
    found = vmap(lambda g: noise(g.square().sum(-1).mean(), g.mean(0).square().sum(), n))(each)
    for got, want in zip(found, (width, float(true_mean @ true_mean)), strict=True):
        error = float(got.std()) / draws**0.5
        assert abs(float(got.mean()) - want) < 4 * error


def test_batches_are_told(case):
    params, images, labels = case
    told = []
    gradient_statistics(
        params, get("relu"), images, labels, batch=40, on_batch=lambda *done: told.append(done)
    )
    assert told == [(40, 97), (80, 97), (97, 97)]


def test_float_images_are_taken_as_they_are(case):
    params, images, labels = case
    pixels = normalise(images).to(params[0].weight.dtype)
    one = gradient_statistics(params, get("relu"), images, labels)
    other = gradient_statistics(params, get("relu"), pixels, labels)
    assert all(torch.equal(a, b) for a, b in zip(tree.leaves(one), tree.leaves(other), strict=True))


def test_fewer_than_two_examples_have_no_spread(case):
    params, images, labels = case
    with pytest.raises(UsageError, match="two or more images, got 1"):
        gradient_statistics(params, get("relu"), images[:1], labels[:1])


def test_images_and_labels_must_match(case):
    params, images, labels = case
    with pytest.raises(UsageError, match="got 97 images and 96 labels"):
        gradient_statistics(params, get("relu"), images, labels[1:])


@pytest.mark.parametrize("way", ["vmap", "stack"])
def test_members_side_by_side_are_members_one_by_one(way, small_split):
    batch = small_split.train.first(50)
    members, stack = three()
    if way == "vmap":
        needs_vmap_of_bits()

    def figures(params):
        return gradient_statistics(params, get("gelu"), *batch, batch=20)

    got = vmap(figures)(stack) if way == "vmap" else figures(stack)
    want = tree.map(lambda *leaves: torch.stack(leaves), *map(figures, members))
    assert_all_near(got, want)


def assert_all_near(got, want):
    """Of signals only what does not sum to 0; rounding puts a few of them into another bin."""
    for one, other in zip(got.signals, want.signals, strict=True):
        assert_near(one.square, other.square, 1e-5)
        assert_near(one.largest, other.largest, 1e-5)
        moved = (one.counts - other.counts).abs().sum(-1)
        assert (moved <= 0.01 * other.counts.sum(-1)).all()
    rest = (tree.leaves(each._replace(signals=())) for each in (got, want))
    for one, other in zip(*rest, strict=True):
        assert_near(one, other, 1e-5)


@pytest.mark.parametrize("batch", [13, 97])
def test_the_gradients_are_those_of_one_big_batch(batch, case):
    params, images, labels = case
    got = gradient_statistics(params, get("relu"), images, labels, batch=batch).gradients
    pixels = normalise(images).to(params[0].weight.dtype)
    for layer, want in zip(got, backpropagate(params, get("relu"), pixels, labels), strict=True):
        assert_near(layer.weight, want.weight)
        assert_near(layer.bias, want.bias)
        found, figures = layer.signal.summary(), summarise(want.signal)
        for name in ("std", "norm", "largest", "smallest"):
            assert float(getattr(found, name)) == pytest.approx(
                float(getattr(figures, name)), rel=1e-4
            )
        assert float(found.zeros) == float(figures.zeros)
        torch.testing.assert_close(
            found.quantiles, figures.quantiles, rtol=0.01, atol=0.01 * float(figures.std)
        )
        assert_cut_bins_only(layer.signal.histogram(), want.signal)


@backends
def test_compiled(backend, small_split):
    images, labels = small_split.train.first(50)
    params = three()[0][0]

    def figures(params, images, labels):
        return gradient_statistics(params, get("gelu"), images, labels, batch=25)

    got = torch.compile(figures, fullgraph=True, backend=backend)(params, images, labels)
    assert_all_near(got, figures(params, images, labels))


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_examples_without_gradient_have_cosine_0(scale):
    """ReLU's network passes nothing of the examples whose neurons are all off."""
    signs = torch.tensor([1.0, 1, 1, -1, -1, -1, 1])
    images = scale * signs[:, None] * torch.rand(7, 6, generator=torch.Generator().manual_seed(0))
    params = (
        mlp.Layer(torch.ones(5, 6), torch.zeros(5)),
        mlp.init((5, 3), seed=1)[0],
    )
    labels = torch.arange(7) % 3
    got = gradient_statistics(params, get("relu"), images, labels, batch=3)
    found = formed(params, get("relu"), images, labels)
    alive = int((got.norms.layer[:, 0] > 0).sum())
    assert alive == (4 if scale else 0)
    others = ~torch.eye(7, dtype=torch.bool)
    for cosine, layers in ((got.layer_cosines[0], found[:1]), (got.cosine, found)):
        units = F.normalize(flat(layers), dim=1)
        want = float((units @ units.mT)[others].mean())
        assert float(cosine) == pytest.approx(want, abs=1e-6)
