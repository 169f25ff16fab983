"""Distribution, neurons and dead neurons of networks of any kind, against hooks on the module."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from actfunc import get, networks
from actfunc.analysis import dead_neurons, distribution
from actfunc.analysis.neurons import count_neurons, tally
from actfunc.errors import UsageError
from tests.reference import assert_same

N = 7


class Convolutions(nn.Module):
    """Channels in the middle of a tensor, features at its end, and an activation of each kind."""

    def __init__(self):
        super().__init__()
        self.first, self.act1 = nn.Conv2d(1, 5, 3), nn.ReLU()
        self.second, self.act2 = nn.Conv2d(5, 4, 3), nn.PReLU(4)
        self.third, self.act3 = nn.Linear(4, 6), nn.Hardtanh()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act1(self.first(x))
        x = self.act2(self.second(x))
        return self.act3(self.third(x.mean((-2, -1))))


@pytest.fixture(scope="module")
def module() -> Convolutions:
    torch.manual_seed(1)
    made = Convolutions().requires_grad_(False)
    made.first.bias[2] = -100.0  # dead
    made.first.bias[0] = 5.0  # always open
    made.act2.weight.copy_(torch.tensor([0.25, 1.0, 0.0, 0.3]))
    made.third.bias[1] = 50.0  # saturated
    return made


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(N, 1, 9, 9, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def hooked(module, images) -> dict[str, tuple[Tensor, Tensor]]:
    """What each activation of the module read and gave, (example, unit)."""
    found = {}

    def rows(x: Tensor) -> Tensor:
        return x if x.ndim == 2 else x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])

    handles = [
        getattr(module, name).register_forward_hook(
            lambda _, read, gave, name=name: found.update({name: (rows(read[0]), rows(gave))})
        )
        for name in ("act1", "act2", "act3")
    ]
    module(images)
    for handle in handles:
        handle.remove()
    return found


def test_values_are_those_of_hooks_with_positions_as_examples(module, images, hooked):
    network = networks.of_module(module)
    found = distribution(network.init(0), networks.OWN, images, network=network)
    for layer, (pre, post) in zip(found, hooked.values(), strict=True):
        assert_same(layer.pre, pre)
        assert_same(layer.post, post)


@pytest.mark.parametrize("batch", [2, N])
def test_dead_channels_are_those_that_hooks_see_0_throughout(module, images, hooked, batch):
    network = networks.of_module(module)
    found = dead_neurons(network.init(0), networks.OWN, images, network=network, batch=batch)
    for dead, (_, post) in zip(found, hooked.values(), strict=True):
        assert_same(dead, (post == 0).all(0))
    assert found[0].tolist() == [False, False, True, False, False]


def slopes(module: Convolutions, hooked: dict[str, tuple[Tensor, Tensor]]) -> list[Tensor]:
    (z1, _), (z2, _), (z3, _) = hooked.values()
    weight = module.act2.weight
    return [
        (z1 > 0).float(),
        torch.where(z2 > 0, torch.ones(4), weight),
        ((z3 > -1) & (z3 < 1)).float(),
    ]


@pytest.mark.parametrize("batch", [2, N])
def test_neurons_are_judged_by_the_slopes_of_what_the_module_calls(module, images, hooked, batch):
    network = networks.of_module(module)
    found = count_neurons(network.init(0), networks.OWN, images, network=network, batch=batch)
    for layer, slope in zip(found, slopes(module, hooked), strict=True):
        dead = (slope == 0).all(0)
        assert_same(layer.dead, dead)
        assert_same(layer.saturated, (slope.abs() < 0.01).all(0))
        assert_same(layer.linear, (slope == slope[0]).all(0) & ~dead)
        assert_same(layer.flat, (slope.abs() < 0.01).float().mean(0))
    first, second, third = tally(found)
    assert (int(first.dead), int(first.linear), int(third.saturated)) == (1, 1, 1)
    assert int(second.linear) >= 1  # of slope 1 on both sides


def test_another_activation_stands_where_the_modules_own_stood(module, images):
    network, gelu = networks.of_module(module), get("gelu")
    found = distribution(network.init(0), gelu, images, network=network)
    z = module.first(images)
    assert_same(found[0].pre, z.permute(0, 2, 3, 1).reshape(-1, 5))
    z = module.second(gelu(z))
    assert_same(found[1].post, gelu(z).permute(0, 2, 3, 1).reshape(-1, 4))
    counted = count_neurons(network.init(0), gelu, images, network=network)
    assert_same(counted[1].dead, (gelu.df(z) == 0).all(-1).all(-1).all(0))


@pytest.mark.parametrize(
    "spec",
    ["mlp:hidden=32-16", "skip_mlp:depth=2", "convolutional:channels=4-8", "residual:depth=8",
     "transformer:depth=1"],
)  # fmt: skip
def test_every_network_of_ours_goes_through(spec):
    network = networks.get(spec)
    params, images = network.init(0), torch.randint(0, 256, (5, 28, 28), dtype=torch.uint8)
    relu = get("relu")
    names = [site.name for site in networks.sites(network, params, images / 255, relu)]
    layers = distribution(params, relu, images, network=network)
    counted = count_neurons(params, relu, images, network=network, batch=2)
    dead = dead_neurons(params, relu, images, network=network, batch=2)
    assert len(names) == len(layers) == len(counted) == len(dead)
    for layer, neurons, zero in zip(layers, counted, dead, strict=True):
        assert_same(layer.post, relu(layer.pre))
        assert_same(zero, (layer.post == 0).all(0))
        assert_same(neurons.dead, (layer.pre <= 0).all(0))


def test_the_mlp_as_a_network_is_the_mlp():
    network, images = networks.mlp((784, 12, 9, 10)), torch.rand(6, 28, 28)
    params, tanh = network.init(2), get("tanh")
    for found, same in zip(
        distribution(params, tanh, images, network=network),
        distribution(params, tanh, images),
        strict=True,
    ):
        assert_same(found.pre, same.pre)
        assert_same(found.post, same.post)
    pairs = zip(
        count_neurons(params, tanh, images, network=network, batch=4),
        count_neurons(params, tanh, images, batch=4),
        strict=True,
    )
    for found, same in pairs:
        for one, other in zip(found, same, strict=True):
            assert_same(one, other)


def test_what_is_nan_inside_is_named_by_its_place(module, images):
    network = networks.of_module(module)
    params = network.init(0)
    params["second.bias"][1] = torch.nan
    with pytest.raises(UsageError, match="outputs of act2 are NaN"):
        dead_neurons(params, networks.OWN, images, network=network)


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (torch.ones(3, 1, 9, 9, dtype=torch.int64), "must be uint8 or floating-point"),
        (torch.ones(0, 1, 9, 9), "must be one or more"),
        (torch.ones(3), "must have an axis of examples"),
        (torch.full((3, 1, 9, 9), torch.inf), "must be finite"),
        ([1.0], "must be a tensor"),
    ],
)
def test_images_are_looked_at_before_any_network_reads_them(module, images, told):
    network = networks.of_module(module)
    with pytest.raises(UsageError, match=told):
        distribution(network.init(0), networks.OWN, images, network=network)


def test_parameters_that_are_none_are_refused():
    network = networks.mlp()
    with pytest.raises(UsageError, match="params must be a pytree of tensors, got list"):
        distribution([1.0], get("relu"), torch.rand(2, 28, 28), network=network)
