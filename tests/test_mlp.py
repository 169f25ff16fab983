"""The network: nn.Linear's bits, nn.Sequential's outputs, hooks' gradients."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from actfunc import get, mlp, tree
from actfunc.errors import UsageError
from tests.reference import assert_same, module_of

TUTORIAL = (784, 512, 256, 256, 128, 10)
ACTIVATIONS = ["gelu", "leaky_relu:negative_slope=0.1"]


def linears(sizes: tuple[int, ...], seed: int) -> list[nn.Linear]:
    torch.manual_seed(seed)
    return [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=6).map(tuple),
    seed=st.integers(0, 2**63 - 1),
)
def test_init_is_the_stack_of_linears_bit_for_bit(sizes, seed):
    params = mlp.init(sizes, seed=seed)
    assert mlp.sizes(params) == sizes
    for layer, linear in zip(params, linears(sizes, seed), strict=True):
        assert_same(layer.weight, linear.weight.detach())
        assert_same(layer.bias, linear.bias.detach())


@pytest.mark.parametrize("sizes", [TUTORIAL, (784, *[256] * 5, *[128] * 5, 10), (3, 1)])
def test_init_of_the_tutorials_networks(sizes):
    for layer, linear in zip(mlp.init(sizes, seed=42), linears(sizes, 42), strict=True):
        assert_same(layer.weight, linear.weight.detach())
        assert_same(layer.bias, linear.bias.detach())


def test_init_with_a_generator_goes_on_from_it_and_leaves_the_global_one():
    generator = torch.Generator().manual_seed(3)
    torch.manual_seed(5)
    first, second = (mlp.init((4, 3), generator=generator) for _ in range(2))
    assert_same(torch.rand(2), torch.rand(2, generator=torch.Generator().manual_seed(5)))
    assert_same(first[0].weight, mlp.init((4, 3), seed=3)[0].weight)
    assert not torch.equal(first[0].weight, second[0].weight)


def test_init_in_another_dtype_rounds_the_same_draw():
    for dtype in (torch.float64, torch.bfloat16):
        for got, want in zip(
            mlp.init((5, 4, 3), seed=1, dtype=dtype), mlp.init((5, 4, 3), seed=1), strict=True
        ):
            assert_same(got.weight, want.weight.to(dtype))
            assert_same(got.bias, want.bias.to(dtype))
    torch.set_default_dtype(torch.float64)
    try:
        assert mlp.init((5, 4, 3), seed=1)[0].bias.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (3, -1, 2), (3, 2.0), (3, "4"), (None, 2)])
def test_bad_sizes_are_an_error_that_shows_them(sizes):
    with pytest.raises(UsageError, match="sizes must be two or more positive integers, got") as e:
        mlp.init(sizes, seed=0)
    assert str(sizes) in e.value.message


@pytest.mark.parametrize("given_", [{}, {"seed": 0, "generator": torch.Generator()}])
def test_either_seed_or_generator(given_):
    with pytest.raises(UsageError, match="either seed or generator"):
        mlp.init((3, 2), **given_)


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand((16, 28, 28), generator=generator) * 2 - 1
    return images, torch.randint(0, 10, (16,), generator=generator)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_apply_is_the_module(name, batch):
    images, _ = batch
    activation, params = get(name), mlp.init(TUTORIAL, seed=0)
    want = module_of(params, activation.f)(images).detach()
    assert_same(mlp.apply(params, images, activation), want)
    assert_same(mlp.apply(params, images.flatten(1), activation), want)
    for index in (0, 7):
        one = mlp.apply(params, images[index], activation)
        assert one.shape == (10,)
        torch.testing.assert_close(one, want[index])
    torch.testing.assert_close(
        vmap(lambda image: mlp.apply(params, image, activation))(images), want
    )


def test_trace_keeps_what_every_layer_reads_and_gives(batch):
    images, _ = batch
    params = mlp.init((784, 20, 15, 10), seed=0)
    trace = mlp.trace(params, images, torch.tanh)
    assert [tuple(z.shape) for z in trace.pre_activations] == [(16, 20), (16, 15), (16, 10)]
    assert [tuple(x.shape) for x in trace.inputs] == [(16, 784), (16, 20), (16, 15)]
    assert trace.pre_activations[-1] is trace.logits
    for z, y in zip(trace.pre_activations, trace.activations, strict=False):
        assert_same(y, z.tanh())
    for layer, x, z in zip(params, trace.inputs, trace.pre_activations, strict=True):
        assert_same(z, F.linear(x, *layer))


def test_per_example_gradients(batch):
    images, labels = batch
    activation, params = get("silu"), mlp.init((784, 12, 10), seed=0, dtype=torch.float64)
    images = images.double()
    network = module_of(params, activation.f)

    def loss(params, image, label):
        return F.cross_entropy(mlp.apply(params, image, activation), label)

    got = vmap(grad(loss), (None, 0, 0))(params, images, labels)
    for index in range(len(labels)):
        network.zero_grad()
        F.cross_entropy(network(images[index : index + 1]), labels[index : index + 1]).backward()
        for layer, linear in zip(got, network.linear, strict=True):
            torch.testing.assert_close(layer.weight[index], linear.weight.grad)
            torch.testing.assert_close(layer.bias[index], linear.bias.grad)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradient_with_respect_to_the_parameters_is_the_modules(name, batch):
    images, labels = batch
    activation, params = get(name), mlp.init(TUTORIAL, seed=0)
    network = module_of(params, activation.f)
    named = dict(network.named_parameters())
    want = grad(lambda p: F.cross_entropy(functional_call(network, p, (images,)), labels))(named)
    got = grad(lambda p: F.cross_entropy(mlp.apply(p, images, activation), labels))(params)
    for index, layer in enumerate(got):
        for part, value in layer._asdict().items():
            torch.testing.assert_close(value, want[f"layers.{2 * index}.{part}"])


# Stacks


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shared", [True, False])
def test_a_stack_is_each_of_its_networks(name, shared, batch):
    images, _ = batch
    each = [mlp.init((784, 20, 15, 10), seed=seed, dtype=torch.float64) for seed in range(3)]
    stack = tree.map(lambda *leaves: torch.stack(leaves), *each)
    assert mlp.sizes(stack) == (784, 20, 15, 10)
    read = (
        images.double() if shared else torch.stack([images.double().roll(k, 0) for k in (0, 1, 2)])
    )
    flat = read.flatten(-2)
    near = {"rtol": 1e-12, "atol": 1e-12}
    trace = mlp.trace(stack, read, get(name))
    assert [tuple(z.shape) for z in trace.pre_activations] == [(3, 16, n) for n in (20, 15, 10)]
    torch.testing.assert_close(mlp.apply(stack, flat, get(name)), trace.logits, **near)
    mapped = vmap(lambda p, x: mlp.apply(p, x, get(name)), (0, None if shared else 0))(stack, read)
    torch.testing.assert_close(mapped, trace.logits, **near)
    for index, params in enumerate(each):
        want = mlp.trace(params, read if shared else read[index], get(name))
        for got, pre in zip(trace.pre_activations, want.pre_activations, strict=True):
            torch.testing.assert_close(got[index], pre, **near)


# Taps


def test_zero_taps_change_nothing(batch):
    images, _ = batch
    params = mlp.init((784, 20, 15, 10), seed=0)
    taps = mlp.zero_taps(params, len(images))
    assert [tuple(tap.shape) for tap in taps] == [(16, 20), (16, 15), (16, 10)]
    assert_same(mlp.apply(params, images, torch.tanh, taps), mlp.apply(params, images, torch.tanh))
    assert mlp.zero_taps(mlp.init((3, 2), seed=0, dtype=torch.float64), 1)[0].dtype == torch.float64


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gradient_for_taps_is_what_hooks_see_in_the_module(name, batch):
    images, labels = batch
    activation, params = get(name), mlp.init((784, 40, 30, 20, 10), seed=0)
    network = module_of(params, activation.f)
    signals = []
    for linear in reversed(network.linear):
        linear.register_full_backward_pre_hook(lambda _, out: signals.append(out[0]))
    # a hook on the first layer wants an input that needs a gradient, older torch says
    F.cross_entropy(network(images.clone().requires_grad_()), labels).backward()

    def loss(taps):
        return F.cross_entropy(mlp.apply(params, images, activation, taps), labels)

    got = grad(loss)(mlp.zero_taps(params, len(labels)))
    for signal, want in zip(got, reversed(signals), strict=True):
        torch.testing.assert_close(signal, want)


# What cannot be read


@pytest.mark.parametrize("shape", [(2, 27, 28), (2, 783), (784, 2), (), (0,), (2, 1, 28, 14)])
def test_images_of_another_size_are_an_error_that_shows_both(shape):
    with pytest.raises(UsageError, match="reads 784 features an example, got images of shape") as e:
        mlp.apply(mlp.init((784, 10), seed=0), torch.zeros(shape), torch.tanh)
    assert str(shape) in e.value.message
    assert "(batch, height, width)" in e.value.hint


def test_raw_pixels_are_an_error_that_says_what_makes_them_readable():
    pixels = torch.zeros(2, 28, 28, dtype=torch.uint8)
    with pytest.raises(UsageError, match=r"floating-point images, got torch\.uint8") as error:
        mlp.apply(mlp.init((784, 10), seed=0), pixels, torch.tanh)
    assert "normalise" in error.value.hint


def test_taps_of_a_stack_are_each_networks_own(batch):
    images, labels = batch
    each = [mlp.init((784, 12, 10), seed=seed, dtype=torch.float64) for seed in range(3)]
    stack = tree.map(lambda *leaves: torch.stack(leaves), *each)
    pixels, tanh = images.double(), get("tanh")

    def loss(taps, params):
        logits = mlp.apply(params, pixels, tanh, taps)
        networks = logits[..., 0, 0].numel()
        return F.cross_entropy(logits.flatten(0, -2), labels.repeat(networks), reduction="sum")

    signals = grad(loss)(mlp.zero_taps(stack, len(labels)), stack)
    for index, params in enumerate(each):
        own = grad(loss)(mlp.zero_taps(params, len(labels)), params)
        for got, want in zip(signals, own, strict=True):
            torch.testing.assert_close(got[index], want)


# A gain


def test_init_with_a_gain_draws_gaussians_of_its_spread():
    for layer in mlp.init((400, 300, 500), gain=1.7, bias=0.3, seed=0):
        fan_in = layer.weight.shape[1]
        scaled = layer.weight.double() * fan_in**0.5 / 1.7
        assert abs(float(scaled.mean())) < 5 / scaled.numel() ** 0.5
        assert abs(float(scaled.var()) - 1) < 5 * (2 / scaled.numel()) ** 0.5
        assert abs(float((scaled**4).mean()) - 3) < 5 * (96 / scaled.numel()) ** 0.5  # uniform: 1.8
        drawn = layer.bias.double() / 0.3
        assert abs(float(drawn.var()) - 1) < 5 * (2 / drawn.numel()) ** 0.5


def test_init_with_a_gain_has_zero_biases_and_follows_its_seed():
    params = mlp.init((5, 4, 3), gain=1.0, seed=2)
    for layer, again, double in zip(
        params,
        mlp.init((5, 4, 3), gain=1.0, generator=torch.Generator().manual_seed(2)),
        mlp.init((5, 4, 3), gain=2.0, seed=2),
        strict=True,
    ):
        assert (layer.bias == 0).all()
        assert_same(layer.weight, again.weight)
        torch.testing.assert_close(double.weight, 2 * layer.weight)


@pytest.mark.parametrize("gain", [0.0, -1.0, float("nan"), float("inf")])
def test_a_gain_that_is_none_is_an_error_that_shows_it(gain):
    with pytest.raises(UsageError, match=f"gain must be a positive number, got {gain}"):
        mlp.init((3, 2), gain=gain, seed=0)


@pytest.mark.parametrize("settings_", [{"bias": 0.1}, {"bias": -0.1, "gain": 1.0}])
def test_a_bias_that_cannot_be_is_an_error(settings_):
    with pytest.raises(UsageError, match="bias must be the biases' standard deviation"):
        mlp.init((3, 2), seed=0, **settings_)
