"""The values of each layer are those a module's hooks see; the tutorial's remarks as numbers."""

from __future__ import annotations

import pytest
import torch
from torch.func import vmap

from actfunc import get, mlp, tree
from actfunc.analysis import distribution, histogram, summarise
from actfunc.analysis.activations import figures
from actfunc.analysis.rank import rank
from actfunc.data import normalise
from actfunc.storage import tutorial_checkpoint
from tests.reference import assert_same, module_of, outputs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("name", ["relu", "tanh", "silu"])
def test_the_distribution_is_what_hooks_see(name, small_split):
    record, params = get(name), mlp.init((784, 64, 48, 32, 10), seed=42)
    images = normalise(small_split.train.images[:256])
    network = module_of(params, record.f)
    with outputs(list(network.layers)) as seen:
        network(images)
    layers = distribution(params, record, images)
    assert len(layers) == 3
    for index, layer in enumerate(layers):
        assert_same(layer.pre, seen[2 * index].detach())
        assert_same(layer.post, seen[2 * index + 1].detach())


@pytest.mark.parametrize("name", ["relu", "tanh", "silu"])
def test_the_figures_are_those_of_the_values(name, small_split):
    params, images = mlp.init((784, 32, 16, 10), seed=1), normalise(small_split.train.images[:64])
    layers = distribution(params, get(name), images)
    for bound in (0.01, 0.1):
        for layer, found in zip(layers, figures(layers, bound), strict=True):
            for got, values in ((found.pre, layer.pre), (found.post, layer.post)):
                for one, other in zip(got, summarise(values), strict=True):
                    assert_same(one, other)
            near = (layer.post.abs() < bound).sum() / layer.post.numel()
            torch.testing.assert_close(found.near_zero, near)
            assert found.near_zero >= found.post.zeros
            assert found.rank == rank(layer.post)


def test_the_figures_of_the_members_of_a_stack(small_split):
    images = normalise(small_split.train.images[:64])
    members = [mlp.init((784, 12, 8, 10), seed=seed) for seed in range(3)]

    def one(params):
        return figures(distribution(params, get("elu").f, images))

    mapped = vmap(one)(tree.map(lambda *leaves: torch.stack(leaves), *members))
    for index, params in enumerate(members):
        alone = tree.leaves(one(params))
        for together, leaf in zip(tree.leaves(mapped), alone, strict=True):
            torch.testing.assert_close(together[index], leaf)


def trained(name, real_split, checkpoints):
    """The figures of one of the tutorial's networks, and its values, over its first images."""
    record, params, *_ = tutorial_checkpoint.read(checkpoints, name)
    images = normalise(real_split.train.first(1024).images)
    return distribution(params, record.f, images)


def test_relu_has_its_spike_at_0(real_split, checkpoints):
    """The tutorial: a strong peak at 0, since a rectifier gives exactly that on its left."""
    layers = trained("relu", real_split, checkpoints)
    for layer, found in zip(layers, figures(layers), strict=True):
        assert found.pre.zeros == 0
        assert found.post.zeros == (layer.pre <= 0).float().mean()
        # of a hundred equal bins the first holds more than the next five together
        counts = histogram(layer.post, 100).counts
        assert counts.argmax() == 0
        assert found.post.zeros > 0.35
        assert counts[0] > counts[1:6].sum()
    for name in ("tanh", "leakyrelu"):
        for found in figures(trained(name, real_split, checkpoints)):
            assert found.post.zeros == 0


def test_swish_reaches_values_up_to_20(real_split, checkpoints):
    """The tutorial: the unbounded ones have larger values, Swish up to 20 in a later layer."""
    largest = [float(found.post.largest) for found in
               figures(trained("swish", real_split, checkpoints))]  # fmt: skip
    assert 15 < max(largest) < 25, largest
