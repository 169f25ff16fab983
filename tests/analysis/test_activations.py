"""The values of each layer are those a module's hooks see."""

from __future__ import annotations

import pytest

from actfunc import get, mlp
from actfunc.analysis import distribution
from actfunc.data import normalise
from tests.reference import assert_same, module_of, outputs


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
