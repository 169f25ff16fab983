"""What any network receives from the loss, against backward hooks and torch's own backward."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from actfunc import get, mlp, networks, tree
from actfunc.analysis import backpropagate, received
from actfunc.errors import UsageError

pytestmark = pytest.mark.usefixtures("one_thread")


class Convolutions(nn.Module):
    """Channels in the middle, features at the end, one activation in place."""

    def __init__(self):
        super().__init__()
        self.first, self.act1 = nn.Conv2d(1, 5, 3), nn.ReLU(inplace=True)
        self.second, self.act2 = nn.Conv2d(5, 4, 3), nn.GELU()
        self.third, self.act3 = nn.Linear(4, 6), nn.Tanh()
        self.last = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act2(self.second(self.act1(self.first(x))))
        return self.last(self.act3(self.third(x.mean((-2, -1)))))


@pytest.fixture(scope="module")
def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(7, 1, 9, 9, generator=generator), torch.arange(7) % 3


def rows(x: Tensor) -> Tensor:
    return x if x.ndim == 2 else x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def backward(module: nn.Module, images: Tensor, labels: Tensor):
    """Parameters' gradients, and those of what each convolution and the third layer gave."""
    found = {}
    for name, layer in {"act1": module.first, "act2": module.second, "act3": module.third}.items():
        layer.register_full_backward_hook(
            lambda _, __, given, name=name: found.update({name: given[0].clone()})
        )
    F.cross_entropy(module(images.clone().requires_grad_()), labels).backward()
    return {name: each.grad for name, each in module.named_parameters()}, found


def test_gradients_and_signals_are_those_of_backward_hooks(batch):
    torch.manual_seed(1)
    module = Convolutions()
    module.act1.inplace = False  # torch's hooks do not allow of it, ours below has it
    network = networks.of_module(module)
    want, signals = backward(module, *batch)
    inplace = Convolutions()
    inplace.load_state_dict(module.state_dict())
    for each in (network, networks.of_module(inplace)):
        found = received(each, network.init(0), networks.OWN, *batch)
        assert list(found.parameters) == list(want)
        for name, gradient in want.items():
            torch.testing.assert_close(found.parameters[name], gradient)
        assert list(found.signals) == ["act1", "act2", "act3"]
        for name, signal in signals.items():
            torch.testing.assert_close(found.signals[name], rows(signal))
            assert signal.abs().max() > 0


def test_another_activation_is_differentiated_by_its_record(batch):
    torch.manual_seed(1)
    module = Convolutions()
    network = networks.of_module(module)
    found = received(network, network.init(0), get("silu"), *batch)
    module.act1, module.act2, module.act3 = nn.SiLU(), nn.SiLU(), nn.SiLU()
    want, signals = backward(module, *batch)
    for name, gradient in want.items():
        torch.testing.assert_close(found.parameters[name], gradient)
    for name, signal in signals.items():
        torch.testing.assert_close(found.signals[name], rows(signal))


def test_the_mlp_receives_what_its_own_way_says():
    network, gelu = networks.mlp((16, 8, 6, 4)), get("gelu")
    params = network.init(3)
    images = torch.randn(5, 16, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(5) % 4
    found = received(network, params, gelu, images, labels)
    layers = backpropagate(params, gelu, images, labels)
    assert list(found.signals) == ["hidden 1", "hidden 2"]
    for signal, layer in zip(found.signals.values(), layers, strict=False):
        torch.testing.assert_close(signal, layer.signal)
    for number, layer in enumerate(layers):
        torch.testing.assert_close(found.parameters[f"{number}.weight"], layer.weight)
        torch.testing.assert_close(found.parameters[f"{number}.bias"], layer.bias)


@pytest.mark.parametrize(
    "spec",
    ["skip_mlp:depth=2", "convolutional:channels=4-8", "residual:depth=8",
     "transformer:depth=1", "transformer:depth=1,gated=true"],
)  # fmt: skip
def test_every_network_of_ours_goes_through(spec):
    """Gradients by torch's own backward pass through torch's own function."""
    network = networks.get(spec)
    images = torch.randn(4, 28, 28, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(4)
    found = received(network, network.init(0), get("tanh"), images, labels)
    params = tree.map(lambda leaf: leaf.clone().requires_grad_(), network.init(0))
    seen = []

    def noting(z: Tensor) -> Tensor:
        z.retain_grad()
        seen.append(z)
        return torch.tanh(z)

    F.cross_entropy(network.apply(params, images, noting), labels).backward()
    for name, leaf in tree.named_leaves(params).items():
        torch.testing.assert_close(found.parameters[name], leaf.grad)
    for z, (site, signal) in zip(seen, found.signals.items(), strict=True):
        assert signal.numel() == z.numel(), site
        torch.testing.assert_close(signal.square().sum(), z.grad.square().sum())


def test_torchvisions_resnet_goes_through_with_its_paths():
    network = networks.of_module(lambda: torchvision.models.resnet18(num_classes=4))
    params = network.init(0)
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = received(network, params, networks.OWN, images, torch.tensor([0, 3]))
    torch.manual_seed(0)
    module = torchvision.models.resnet18(num_classes=4).eval()
    module.load_state_dict(params, strict=False)
    F.cross_entropy(module(images), torch.tensor([0, 3])).backward()
    for name, each in module.named_parameters():
        torch.testing.assert_close(found.parameters[name], each.grad, rtol=1e-4, atol=1e-6)
    assert len(found.signals) == 17
    assert list(found.signals)[:3] == ["relu", "layer1.0.relu", "layer1.0.relu (2)"]


def test_members_are_mapped_over():
    network = networks.convolutional((3,), classes=3)
    members = [network.init(seed) for seed in range(2)]
    stacked = tree.map(lambda *leaves: torch.stack(leaves), *members)
    images, labels = torch.randn(4, 6, 6), torch.arange(4) % 3

    def of(params):
        return received(network, params, get("silu"), images, labels)

    together = torch.func.vmap(of)(stacked)
    for index, member in enumerate(members):
        for one, other in zip(tree.leaves(together), tree.leaves(of(member)), strict=True):
            torch.testing.assert_close(one[index], other)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (torch.tensor([0, 1, 3]), "labels must be from 0 to 2, got 3 at 2"),
        (torch.tensor([0, 1]), "got 3 images and 2 labels"),
        (torch.tensor([0.0, 1.0, 2.0]), "labels must be whole numbers"),
        ([0, 1, 2], "labels must be a tensor"),
    ],
)
def test_labels_are_looked_at(labels, told):
    network = networks.convolutional((3,), classes=3)
    with pytest.raises(UsageError, match=told):
        received(network, network.init(0), get("relu"), torch.randn(3, 6, 6), labels)


def test_a_network_without_logits_is_refused():
    network = networks.Network("flat", lambda seed: mlp.init((6, 3), seed=seed),
                               lambda params, x, activation: activation(x).sum(-1))  # fmt: skip
    with pytest.raises(UsageError, match=r"flat gives outputs of shape \(1,\) for one image"):
        received(network, network.init(0), get("relu"), torch.randn(3, 6), torch.arange(3))
