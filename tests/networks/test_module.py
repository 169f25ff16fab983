"""People's modules as networks, against their own hooks."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.func import grad
from torch.nn import functional as F

from actfunc import get, networks
from actfunc.errors import UsageError
from tests.reference import assert_same

GELU = get("gelu")


class Once(nn.Module):
    """An affine layer and one activation, called in some way."""

    def __init__(self, call):
        super().__init__()
        self.into, self.call = nn.Linear(5, 4), call

    def forward(self, x: Tensor) -> Tensor:
        return self.call(self.into(x))


def written_over(x: Tensor) -> Tensor:
    F.relu_(x)  # whoever goes on with x goes on with what was written over it
    return 2 * x


CALLS = {
    "a function": (torch.relu, "relu"),
    "of torch.nn.functional": (F.relu, "relu"),
    "in place by a flag": (lambda x: F.relu(x, inplace=True), "relu"),
    "in place by a place": (lambda x: F.relu(x, True), "relu"),
    "in place by name": (lambda x: torch.relu_(x), "relu"),
    "by a keyword": (lambda x: F.silu(input=x), "silu"),
    "of torch's own code by a keyword": (lambda x: F.gelu(input=x, approximate="tanh"), "gelu"),
    "with a setting": (lambda x: F.leaky_relu(x, 0.3), "leaky_relu"),
    "with a setting in place": (lambda x: F.elu(x, 0.3, True), "elu"),
    "a method": (lambda x: x.tanh(), "tanh"),
    "a method in place": (lambda x: x.relu_(), "relu"),
    "written over": (written_over, "relu"),
}


@pytest.mark.parametrize("how", CALLS)
def test_an_activation_is_found_however_it_is_called(how):
    call, name = CALLS[how]
    torch.manual_seed(0)
    module, x = Once(call), torch.randn(3, 5)
    network = networks.of_module(module)
    params = network.init(0)
    assert [site.name for site in networks.sites(network, params, x)] == [name]
    seen = networks.observe(network.apply, params, x, networks.OWN)
    assert_same(seen.output, module(x).detach())
    assert_same(seen.before[0], module.into(x).detach())
    assert_same(seen.after[0], call(module.into(x)).detach() / (2 if how == "written over" else 1))
    replaced = GELU(module.into(x).detach()) * (2 if how == "written over" else 1)
    assert_same(network.apply(params, x, GELU), replaced)


def test_gates_are_no_activations():
    network = networks.of_module(Once(lambda x: x * torch.sigmoid(x).softmax(-1)))
    with pytest.raises(UsageError, match="never calls"):
        networks.sites(network, network.init(0), torch.randn(3, 5))


@pytest.fixture
def unfused():
    """Without the way through attention that calls no part of it."""
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(True)


MODELS = {
    "resnet18": lambda: torchvision.models.resnet18(num_classes=10),
    "mobilenet_v3_small": lambda: torchvision.models.mobilenet_v3_small(num_classes=10),
    "convnext_tiny": lambda: torchvision.models.convnext_tiny(num_classes=10),
    "efficientnet_b0": lambda: torchvision.models.efficientnet_b0(num_classes=10),
    "vit": lambda: torchvision.models.VisionTransformer(32, 8, 2, 4, 32, 64, num_classes=10),
    "swin_t": lambda: torchvision.models.swin_t(num_classes=10),
}
SITES = {"resnet18": 17, "mobilenet_v3_small": 33, "convnext_tiny": 18, "efficientnet_b0": 49,
         "vit": 2, "swin_t": 12}  # fmt: skip
KINDS = nn.ReLU, nn.GELU, nn.SiLU, nn.Hardswish


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "resnet18" else pytest.mark.full) for name in MODELS],
)
def test_a_published_model_against_its_own_hooks(name, one_thread, unfused):
    """Values bit for bit, and signals to 1e-5, in eight thousand lines nobody here has written."""
    torch.manual_seed(0)
    module, x = MODELS[name]().eval(), torch.randn(2, 3, 32, 32)
    nn.init.normal_(list(module.modules())[-1].weight, 0, 0.1)  # some end with a layer of zeros
    network = networks.of_module(module)
    params = network.init(0)
    hooked, before, after, signals = copy.deepcopy(module), [], [], []
    for part in (part for part in hooked.modules() if isinstance(part, KINDS)):
        part.inplace = False  # whose hooks would show what was written over
        part.register_forward_hook(lambda _, x, y: noted(x[0], y))
        part.register_full_backward_hook(lambda _, grads, __: signals.append(grads[0]))

    def noted(x: Tensor, y: Tensor) -> None:
        if not y.requires_grad:
            before.append(x)
            after.append(y)

    # torch's attention rounds otherwise where a parameter may be learnt
    output = copy.deepcopy(hooked).requires_grad_(False)(x)
    hooked(x).square().sum().backward()
    places = networks.sites(network, params, x, networks.OWN)
    assert len(places) == len({place.name for place in places}) == SITES[name]

    seen = networks.observe(network.apply, params, x, networks.OWN)
    assert_same(seen.output, output)
    for got, want in zip(seen.before + seen.after, before + after, strict=True):
        assert_same(got, want)

    def loss(taps):
        observed = networks.observe(network.apply, params, x, networks.OWN, taps)
        return observed.output.square().sum()

    found = grad(loss)(networks.zero_taps(seen.before))
    for got, want in zip(found, reversed(signals), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-5 * float(want.abs().max()))


def test_sites_are_named_as_their_owner_names_them():
    network = networks.of_module(MODELS["resnet18"], name="mine")
    places = networks.sites(network, network.init(0), torch.randn(1, 3, 32, 32))
    names = [place.name for place in places]
    assert names[:4] == ["relu", "layer1.0.relu", "layer1.0.relu (2)", "layer1.1.relu"]
    assert network.name == "mine"
    assert {place.units for place in places} == {1}


def test_channels_may_come_last():
    network = networks.of_module(
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), Permuted(), nn.Linear(4, 6), nn.GELU())
    )
    places = networks.sites(network, network.init(0), torch.randn(2, 3, 8, 8))
    assert [(place.name, place.units) for place in places] == [("1", 1), ("4", 3)]


class Permuted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1)


def test_the_fused_way_through_a_transformers_layer_is_not_taken():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    network = networks.of_module(layer)
    x = torch.randn(2, 3, 8)
    assert [site.name for site in networks.sites(network, network.init(0), x)] == ["relu"]
    assert torch.backends.mha.get_fastpath_enabled()
    with pytest.raises(ZeroDivisionError):
        network.apply(network.init(0), x, lambda z: z / (1 // 0))
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_seed_makes_a_module_anew_and_a_module_stays_as_it_is():
    network = networks.of_module(lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU()))
    torch.manual_seed(5)
    first, again, other = map(network.init, (3, 3, 4))
    assert_same(torch.rand(2), torch.rand(2, generator=torch.Generator().manual_seed(5)))
    assert_same(first["0.weight"], again["0.weight"])
    assert not torch.equal(first["0.weight"], other["0.weight"])

    module = nn.Sequential(nn.Linear(3, 2), nn.Dropout(), nn.ReLU())
    network = networks.of_module(module)
    params = network.init(7)
    assert_same(params["0.weight"], module[0].weight.detach())
    assert_same(
        network.apply(params, torch.ones(1, 3), GELU), GELU(module[0](torch.ones(1, 3)).detach())
    )
    assert module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert not list(itertools.chain(*(part._forward_hooks for part in module.modules())))


def test_what_makes_no_module_is_refused():
    with pytest.raises(UsageError, match="that gives int"):
        networks.of_module(lambda: 3)
