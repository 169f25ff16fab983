"""`--network` of the commands that look into a network: ours, somebody's function, a module."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from actfunc import data

SOMEBODYS = """
import torch
from torch import nn
from torch.nn import functional as F

def init(seed):
    g = torch.Generator().manual_seed(seed)
    return {"into": torch.randn(6, 784, generator=g) / 28, "out": torch.randn(10, 6, generator=g)}

def net(params, x, activation):
    return activation(x.flatten(1) @ params["into"].T) @ params["out"].T

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(1, 6, 3, stride=2), nn.ReLU()
        self.out = nn.Linear(6, 10)

    def forward(self, x):
        return self.out(F.gelu(self.act(self.conv(x)).mean((2, 3))))

def wide(x):
    return x * 2
"""
NETWORKS = {"my.py:Net": "own", "my.py:net": "tanh", "convolutional:channels=4-6": "tanh"}
COMMANDS = ("distribution", "neurons", "dead", "gradients")


@pytest.fixture
def own(actfunc):
    Path("my.py").write_text(SOMEBODYS)
    return actfunc


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("spec", NETWORKS)
def test_every_command_takes_somebodys_network(own, monkeypatch, command, spec):
    monkeypatch.setenv("COLUMNS", "80")
    done = own(command, NETWORKS[spec], "--network", spec)
    assert done.code == 0, done.err
    _, note, *rest = done.out.splitlines()  # sentences, which the terminal breaks
    assert note.startswith("note:")
    assert max(map(len, rest)) <= 80
    assert "…" not in done.out
    document = own(command, NETWORKS[spec], "--network", spec, "--json").document
    assert document["network"] == spec


def module(seed: int = 42) -> nn.Module:
    """`Net` of the file, written once more."""
    torch.manual_seed(seed)
    conv, out = nn.Conv2d(1, 6, 3, stride=2), nn.Linear(6, 10)
    return nn.ModuleDict({"conv": conv, "out": out})


def images(count: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    split = data.split(data.load("silhouettes", examples=1536), 42)
    part = split.train if count is None else split.train.first(count)
    return data.normalise(part.images).unsqueeze(1), part.labels


def test_gradients_of_a_module_are_torchs(own):
    document = own("gradients", "--network", "my.py:Net", "--batch", "16", "--json").document
    assert document["batch"] == 16
    [found] = document["activations"].values()
    net, (x, labels) = module(), images(16)
    conv = net["conv"](x)
    mean = F.relu(conv).mean((2, 3))
    conv.retain_grad(), mean.retain_grad()
    F.cross_entropy(net["out"](F.gelu(mean)), labels).backward()
    for name, each in net.named_parameters():
        told = found["parameters"][name]
        assert told["shape"] == list(each.shape)
        assert told["norm"] == pytest.approx(float(each.grad.norm()), rel=1e-4)
        assert told["std"] == pytest.approx(float(each.grad.std(correction=0)), rel=1e-4)
    for name, z in {"act": conv, "gelu": mean}.items():
        told = found["signals"][name]
        assert told["shape"] == [z.numel() // 6, 6]
        assert told["norm"] == pytest.approx(float(z.grad.norm()), rel=1e-4)
        zeros = float((z.grad == 0).float().mean())
        assert told["zeros"] == pytest.approx(zeros, abs=1e-4)


def test_dead_neurons_of_a_module_are_those_that_are_0_everywhere(own):
    Path("my.py").write_text(
        SOMEBODYS.replace(
            "        self.out = nn.Linear(6, 10)\n",
            "        self.out = nn.Linear(6, 10)\n        nn.init.constant_(self.conv.bias, -1)\n",
        )
    )
    document = own("dead", "--network", "my.py:Net", "--json").document
    net = module()
    nn.init.constant_(net["conv"].bias, -1)
    y = F.relu(net["conv"](images()[0]))
    dead = (y.amax((0, 2, 3)) == 0).sum()
    assert 0 < dead < 6
    assert document["dead_neurons"]["act"] == dead
    assert document["sizes"] == {"act": 6, "gelu": 6}
    assert document["activation"] == "own"


def test_values_and_neurons_of_a_module_are_those_of_the_module(own):
    z = module()["conv"](images(64)[0])
    seen = own("distribution", "--network", "my.py:Net", "--batch", "64", "--json").document
    assert seen["layers"] == ["act", "gelu"]
    [layers] = seen["activations"].values()
    assert layers[0]["pre"]["std"] == pytest.approx(float(z.std(correction=0)), rel=1e-4)
    assert layers[0]["post"]["zeros"] == pytest.approx(float((z <= 0).float().mean()), abs=1e-4)
    z = module()["conv"](images()[0])
    found = own("neurons", "--network", "my.py:Net", "--json").document
    [tallies] = found["activations"].values()
    assert tallies[0]["neurons"] == 6
    assert tallies[0]["dead"] == int((z <= 0).all(0).all(-1).all(-1).sum())
    flat = float((z <= 0).float().mean())
    assert tallies[0]["saturated_pairs"] == pytest.approx(flat, abs=1e-4)


def test_the_activation_named_stands_in_a_module(own):
    document = own("gradients", "tanh", "--network", "my.py:Net", "--json").document
    assert list(document["activations"]) == ["tanh"]
    assert list(document["activations"]["tanh"]["signals"]) == ["act", "gelu"]


def test_gradients_tells_every_part_and_layers_all_figures(own):
    out = own("gradients", "relu", "--network", "my.py:net", "--layers").out
    assert "what each parameter and each place receives" in out
    assert out.count("activation 1") == 2
    done = own("gradients", "relu", "--network", "my.py:net", "--draw", "bias")
    assert done.code == 2
    assert "no bias among its parameters" in done.err


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("gradients", "--hidden", "8"), "--network is of a network of its own, and --hidden"),
        (("gradients", "--whole"), "--whole and --per-example are of the multilayer perceptron"),
        (("gradients", "--per-example"), "leave --network out"),
        (("dead", "--pretrained"), "--pretrained of others"),
        (("dead", "own"), "error: net has no activations of its own"),
        (("distribution", "--hidden", "8"), "--hidden of others"),
        (("neurons", "--pretrained"), "--pretrained of others"),
    ],
)
def test_what_is_of_other_networks_is_refused(own, command, told):
    done = own(*command, "--network", "my.py:net")
    assert done.code == 2
    assert told in " ".join(done.err.split())


@pytest.mark.parametrize("spec", ["my.py:wide", "torchvision.models:vgg11", "my.py:nest"])
def test_what_is_no_network_for_these_images_is_one_line(own, spec):
    done = own("dead", "relu", "--network", spec)
    assert done.code in (2, 3)
    assert "Traceback" not in done.err
    assert "error:" in done.err
