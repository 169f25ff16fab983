"""Gradients are those of a module, and each example's signal is its own."""

from __future__ import annotations

import pytest
import torch
from torch.func import grad, vmap
from torch.nn import functional as F

from actfunc import CATALOGUE, mlp
from actfunc.analysis import LayerGradient, backpropagate
from actfunc.data import normalise
from tests.records import each
from tests.reference import module_of

SIZES = (784, 64, 48, 32, 10)
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=[torch.float32, torch.float64], ids=str)
def case(request, small_split):
    """Parameters, float images and labels."""
    batch = small_split.train.first(256)
    params = mlp.init(SIZES, seed=42, dtype=request.param)
    return params, normalise(batch.images).to(request.param), batch.labels


def assert_received(record, params, images, labels):
    """Weights and biases receive what a module's do; the signals are those through the taps."""
    network = module_of(params, record)
    F.cross_entropy(network(images), labels).backward()

    def loss(taps, image, label):
        return F.cross_entropy(mlp.apply(params, image, record, taps), label)

    zero = tuple(tap[0] for tap in mlp.zero_taps(params, 1))
    signals = vmap(grad(loss), (None, 0, 0))(zero, images, labels)
    found = backpropagate(params, record, images, labels)
    for got, linear, own in zip(found, network.linear, signals, strict=True):
        assert type(got) is LayerGradient
        torch.testing.assert_close(got.weight, linear.weight.grad)
        torch.testing.assert_close(got.bias, linear.bias.grad)
        assert got.signal.shape == own.shape
        torch.testing.assert_close(len(labels) * got.signal, own)


def test_each_layer_receives_what_it_does_in_a_module(case):
    assert_received(CATALOGUE["gelu"], *case)


@each(CATALOGUE.values())
def test_each_layer_receives_what_it_does_in_a_module_whatever_the_activation(record, small_split):
    batch = small_split.train.first(64)
    # float64, as a slope without bound magnifies rounding without bound
    params = mlp.init(SIZES, seed=42, dtype=torch.float64)
    assert_received(record, params, normalise(batch.images).double(), batch.labels)


def test_per_example_weight_gradients_average_to_the_batchs(case):
    params, images, labels = case
    record = CATALOGUE["silu"]

    def loss(params, image, label):
        return F.cross_entropy(mlp.apply(params, image, record), label)

    each = vmap(grad(loss), (None, 0, 0))(params, images[:32], labels[:32])
    for got, want in zip(
        backpropagate(params, record, images[:32], labels[:32]), each, strict=True
    ):
        torch.testing.assert_close(got.weight, want.weight.mean(dim=0))


def test_the_tutorials_batch_after_initialisation(real_split):
    params, record = mlp.init((784, 512, 256, 256, 128, 10), seed=42), CATALOGUE["sigmoid"]
    batch = real_split.train.first(256)
    images = normalise(batch.images)
    network = module_of(params, torch.sigmoid)
    F.cross_entropy(network(images), batch.labels).backward()
    found = backpropagate(params, record, images, batch.labels)
    for got, linear in zip(found, network.linear, strict=True):
        torch.testing.assert_close(got.weight, linear.weight.grad)
    # the sigmoid's gradients vanish towards the input, which is what the tutorial shows
    spread = [float(got.weight.std()) for got in found]
    assert spread[0] < spread[-1] / 100
