"""Dead neurons: the tutorial's numbers, and a literal count with hooks."""

from __future__ import annotations

import pytest
import torch

from actfunc import get, mlp, tree
from actfunc.analysis import dead_neurons
from actfunc.data import normalise
from actfunc.errors import UsageError
from actfunc.storage import tutorial_checkpoint
from tests.reference import module_of, outputs

pytestmark = pytest.mark.usefixtures("one_thread")
RELU = get("relu")
TUTORIAL = (784, 512, 256, 256, 128, 10)
DEEP = (784, *[256] * 5, *[128] * 5, 10)


def counts(params, images) -> list[int]:
    return [int(dead.sum()) for dead in dead_neurons(params, RELU.f, images)]


def test_the_freshly_initialised_network(real_split):
    params = mlp.init(TUTORIAL, seed=42)
    assert counts(params, real_split.train.images) == [0, 0, 3, 10]


def test_the_trained_network(real_split, checkpoints):
    params = tutorial_checkpoint.read(checkpoints, "relu").params
    assert counts(params, real_split.train.images) == [0, 0, 0, 3]


def test_the_ten_layers_deep_network(real_split):
    params = mlp.init(DEEP, seed=42)
    found = counts(params, real_split.train.images)
    assert found == [0, 0, 7, 27, 89, 60, 58, 61, 72, 56]


def by_hooks(params, activation, images) -> list[torch.Tensor]:
    """The tutorial's way: a module, its activations hooked, batch after batch."""
    network = module_of(params, activation).eval()
    alive = [torch.zeros(len(layer.bias), dtype=torch.bool) for layer in params[:-1]]
    pointwise = list(network.layers)[1::2]
    with torch.no_grad():
        for batch in images.split(50):
            with outputs(pointwise) as seen:
                network(normalise(batch))
            for index, out in enumerate(seen):
                alive[index] |= (out != 0).any(dim=0)
    return [~each for each in alive]


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh"])
def test_the_same_by_hooks_on_a_module(name, small_split):
    params, record = mlp.init((784, *[24] * 8, 10), seed=0), get(name)
    images = small_split.train.images[:300]
    found = dead_neurons(params, record, images)
    wanted = by_hooks(params, record.f, images)
    for got, want in zip(found, wanted, strict=True):
        assert torch.equal(got, want)
    if name == "relu":
        assert sum(int(dead.sum()) for dead in found) > 0


def test_batches_do_not_matter_and_are_told(small_split):
    params, images = mlp.init((784, *[24] * 6, 10), seed=0), small_split.train.images[:257]
    whole = dead_neurons(params, RELU.f, images, batch=1000)
    for batch in (1, 16, 256, 257):
        told = []
        part = dead_neurons(
            params, RELU.f, images, batch=batch, on_batch=lambda *done, told=told: told.append(done)
        )
        assert told == [(min(n, 257), 257) for n in range(batch, 257 + batch, batch)]
        for one, other in zip(part, whole, strict=True):
            assert torch.equal(one, other)


def test_a_neuron_without_weights_is_dead_and_one_with_a_bias_is_not():
    zero = torch.zeros(3, 4)
    params = (
        mlp.Layer(zero, torch.tensor([0.0, -1.0, 1e-30])),
        mlp.Layer(torch.ones(2, 3), torch.zeros(2)),
    )
    images = torch.zeros(5, 2, 2, dtype=torch.uint8)
    (dead,) = dead_neurons(params, RELU.f, images)
    assert dead.tolist() == [True, True, False]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_float_images_and_networks_and_stacks(dtype, small_split):
    images = small_split.train.images[:50]
    members = [mlp.init((784, *[24] * 6, 10), seed=seed, dtype=dtype) for seed in range(3)]
    stack = tree.map(lambda *leaves: torch.stack(leaves), *members)
    together = dead_neurons(stack, RELU.f, images, batch=13)
    pixels = normalise(images).to(dtype)
    for index, params in enumerate(members):
        found = dead_neurons(params, RELU.f, images)
        assert any(dead.any() for dead in found)
        others = dead_neurons(params, RELU.f, pixels, batch=7)
        for one, same, beside in zip(found, others, together, strict=True):
            assert torch.equal(one, same)
            assert torch.equal(one, beside[index])


def test_no_image_is_an_error():
    with pytest.raises(UsageError, match="images must be one or more"):
        dead_neurons(mlp.init((4, 3, 2), seed=0), RELU.f, torch.zeros(0, 2, 2, dtype=torch.uint8))


def test_a_network_that_diverged_has_neither_dead_nor_living_neurons(small_split):
    params = mlp.init((784, 24, 16, 10), seed=0)
    second = params[1]._replace(bias=torch.full_like(params[1].bias, torch.nan))
    with pytest.raises(UsageError, match="outputs of hidden layer 2 are NaN: the network has div"):
        counts((params[0], second, params[2]), small_split.train.images[:50])
