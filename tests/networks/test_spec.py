"""Networks by what people write: names with settings, and places in files and packages."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from actfunc import get, networks, tree
from actfunc.errors import UnknownNameError, UsageError
from tests.reference import assert_same
from tests.training.plain import assert_trees_same

PURE = """
import torch

def init(seed):
    g = torch.Generator().manual_seed(seed)
    return {"into": torch.randn(6, 784, generator=g) / 28, "out": torch.randn(10, 6, generator=g)}

def net(params, x, activation):
    x = x.flatten(1) @ params["into"].T
    return activation(x) @ params["out"].T
"""

MODULE = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width: int = 6, bias=True, kind="relu"):
        super().__init__()
        self.into, self.out = nn.Linear(784, width, bias=bias), nn.Linear(width, 10)
        self.act = {"relu": nn.ReLU, "tanh": nn.Tanh}[kind]()

    def forward(self, x):
        return self.out(self.act(self.into(x.flatten(1))))

def make(width, bias, kind):
    return Net(width, bias, kind)

made = Net()
number = 3
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "pure.py").write_text(PURE)
    (tmp_path / "module.py").write_text(MODULE)
    return tmp_path


def outputs(network: networks.Network, seed: int = 0) -> torch.Tensor:
    return network.apply(network.init(seed), torch.ones(2, 28, 28), get("tanh"))


@pytest.mark.parametrize(
    ("spec", "same"),
    [
        ("mlp", networks.mlp()),
        ("mlp:hidden=32-16", networks.mlp((784, 32, 16, 10))),
        ("MLP:classes=3,hidden=8,features=784", networks.mlp((784, 8, 3))),
        ("skip_mlp:depth=2", networks.skip_mlp(depth=2)),
        ("convolutional:channels=4-8", networks.convolutional((4, 8))),
        ("residual:depth=8,width=8", networks.residual(8, 8)),
        ("transformer:gated=true,depth=1", networks.transformer(depth=1, gated=True)),
    ],
)
def test_a_name_with_settings_is_the_function_with_these_arguments(spec, same):
    found = networks.get(spec)
    assert_trees_same(found.init(1), same.init(1))
    assert_same(outputs(found), outputs(same))


def test_a_pure_function_in_a_file_has_its_parameters_from_init_beside_it(own):
    network = networks.get(f"{own}/pure.py:net")
    assert network.name == "net"
    params = network.init(3)
    assert {*params} == {"into", "out"}
    hidden = torch.ones(2, 784) @ params["into"].T
    assert_same(
        network.apply(params, torch.ones(2, 28, 28), get("tanh")),
        get("tanh")(hidden) @ params["out"].T,
    )


@pytest.mark.parametrize(
    ("spec", "width", "kind", "bias"),
    [
        ("Net", 6, nn.ReLU, True),
        ("Net:width=4", 4, nn.ReLU, True),
        ("Net:kind=tanh,bias=false", 6, nn.Tanh, False),
        ("make:width=3,bias=True,kind=tanh", 3, nn.Tanh, True),
        ("made", 6, nn.ReLU, True),
    ],
)
def test_a_module_or_what_makes_one_takes_the_settings(own, spec, width, kind, bias):
    network = networks.get(f"{own}/module.py:{spec}")
    params = network.init(0)
    assert len(params["out.weight"][0]) == width
    assert ("into.bias" in params) == bias
    seen = networks.observe(network.apply, params, torch.ones(2, 28, 28), networks.OWN)
    assert_same(seen.after[0], kind()(seen.before[0]))


def test_a_class_is_made_anew_with_each_seed_and_what_is_made_is_as_it_is(own):
    network = networks.get(f"{own}/module.py:Net")
    one, same, other = (network.init(seed)["out.weight"] for seed in (0, 0, 1))
    assert_same(one, same)
    assert not torch.equal(one, other)
    made = networks.get(f"{own}/module.py:made")
    assert_trees_same(made.init(0), made.init(1))


def test_a_package_of_somebody_else_with_a_setting():
    network = networks.get("torchvision.models:resnet18:num_classes=7")
    params = network.init(0)
    assert tree.leaves(params["fc.bias"])[0].shape == (7,)


def test_what_is_a_network_already_is_taken_as_it_is():
    network = networks.mlp()
    assert networks.get(network) is network
    assert networks.get(nn.Sequential(nn.Linear(2, 2), nn.ReLU())).name == "Sequential"


@pytest.mark.parametrize(
    ("spec", "kind", "told"),
    [
        ("mpl", UnknownNameError, "no network named 'mpl'. Did you mean mlp"),
        ("mlp:depth=3", UsageError, "no setting named 'depth' in .*hidden=512-256-256-128"),
        ("mlp:hidden=3x4", UsageError, "must be whole numbers, 512-256, got '3x4'"),
        ("mlp:hidden=", UsageError, "must be whole numbers"),
        ("residual:depth=7", UsageError, "depth"),
        ("nowhere.py:net", UsageError, "no file nowhere.py"),
        ("no.such.package:net", UsageError, "no module named 'no'"),
        ("{own}/pure.py:nte", UnknownNameError, "no function named 'nte'. Did you mean net"),
        ("{own}/module.py:number", UnknownNameError, "no function named 'number'"),
        ("{own}/module.py:Net:width=two", UsageError, "the network cannot be made: .*"),
        ("{own}/module.py:Net:depth=2", UsageError, "cannot be made: TypeError: .*depth"),
        ("{own}/module.py:Net:width", UsageError, "cannot read 'width'"),
        ("{own}/module.py:Net:width=2,width=3", UsageError, "cannot read 'width=3'"),
        ("{own}/module.py:make", UsageError, r"no function init\(seed\) beside it"),
        ("{own}/module.py:made:width=3", UsageError, "made already, and takes no settings"),
        ("math:sqrt", UsageError, "cannot be made: TypeError"),
    ],
)
def test_what_is_no_network_is_refused_in_a_line(own, spec, kind, told):
    with pytest.raises(kind, match=told):
        networks.get(spec.format(own=own)).init(0)
