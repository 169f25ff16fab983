"""Gradients through taps are those of the weights, of a module, and of each example alone."""

from __future__ import annotations

import pytest
import torch
from torch.func import grad, vmap
from torch.nn import functional as F

from actfunc import CATALOGUE, mlp
from actfunc.analysis import LayerGradient, backpropagate
from actfunc.data import normalise
from tests.reference import module_of

SIZES = (784, 64, 48, 32, 10)
catalogue = pytest.mark.parametrize("record", CATALOGUE.values(), ids=lambda record: record.name)
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=[torch.float32, torch.float64], ids=str)
def case(request, small_split):
    """Parameters, float images and labels."""
    batch = small_split.train.first(256)
    params = mlp.init(SIZES, seed=42, dtype=request.param)
    return params, normalise(batch.images).to(request.param), batch.labels


@catalogue
def test_weight_gradients_are_those_of_func_grad(record, case):
    params, images, labels = case
    want = grad(lambda p: F.cross_entropy(mlp.apply(p, images, record), labels))(params)
    for got, layer in zip(backpropagate(params, record, images, labels), want, strict=True):
        assert type(got) is LayerGradient
        torch.testing.assert_close(got.weight, layer.weight)
        torch.testing.assert_close(got.bias, layer.bias)


@catalogue
def test_weight_gradients_are_a_modules(record, case):
    params, images, labels = case
    network = module_of(params, record)
    F.cross_entropy(network(images), labels).backward()
    found = backpropagate(params, record, images, labels)
    for got, linear in zip(found, network.linear, strict=True):
        torch.testing.assert_close(got.weight, linear.weight.grad)
        torch.testing.assert_close(got.bias, linear.bias.grad)


@catalogue
def test_the_signal_is_each_examples_own(record, case):
    params, images, labels = case
    if record.poles and images.dtype == torch.float32:
        return  # a slope without bound magnifies rounding without bound; float64 tells

    def loss(taps, image, label):
        return F.cross_entropy(mlp.apply(params, image, record, taps), label)

    zero = tuple(tap[0] for tap in mlp.zero_taps(params, 1))
    each = vmap(grad(loss), (None, 0, 0))(zero, images, labels)
    for got, want in zip(backpropagate(params, record, images, labels), each, strict=True):
        assert got.signal.shape == want.shape
        torch.testing.assert_close(len(labels) * got.signal, want)


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
