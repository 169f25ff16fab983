"""Networks as pure functions: what they do inside against autograd's own record of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, jvp, vmap
from torch.nn import functional as F

from actfunc import get, mlp, networks, tree
from actfunc.errors import UsageError
from actfunc.networks import transformers
from tests.compiling import inductor
from tests.reference import assert_same

GELU = get("gelu")
MAKERS = {
    "mlp": lambda: networks.mlp((64, 12, 8, 10)),
    "skip_mlp": lambda: networks.skip_mlp(64, 12, 2),
    "convolutional": lambda: networks.convolutional((4, 6)),
    "residual": lambda: networks.residual(8, 8),
    "transformer": lambda: networks.transformer(8, 4, 8, 2, 2),
    "gated transformer": lambda: networks.transformer(8, 4, 8, 2, 2, gated=True),
}
CALLS = {"mlp": 2, "skip_mlp": 2, "convolutional": 2, "residual": 7, "transformer": 2,
         "gated transformer": 2}  # fmt: skip


def own_network(params, x: Tensor, phi) -> Tensor:
    """Somebody's own, who has never heard of this package."""
    z = x.flatten(1) @ params["into"]
    return phi(phi(z) @ params["inner"]) @ params["out"]


def own_init(seed: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    sizes = {"into": (64, 7), "inner": (7, 5), "out": (5, 3)}
    return {
        name: torch.randn(size, generator=draw) / size[0] ** 0.5 for name, size in sizes.items()
    }


MAKERS["somebody's own"] = lambda: networks.Network("own", own_init, own_network)
CALLS["somebody's own"] = 2
every_network = pytest.mark.parametrize("name", MAKERS)


def images(count: int = 3) -> Tensor:
    return torch.randn(count, 8, 8, generator=torch.Generator().manual_seed(1))


def recorded(network, params, x: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """The output, what the activation was given, and autograd's gradients of that."""
    given = []

    def noting(z: Tensor) -> Tensor:
        given.append(z)
        z.retain_grad()
        return GELU(z)

    leaves = tree.map(lambda leaf: leaf.clone().requires_grad_(), params)
    output = network.apply(leaves, x, noting)
    output.square().sum().backward()
    return output.detach(), [z.detach() for z in given], [z.grad for z in given]


@every_network
def test_what_is_observed_is_what_autograd_has_recorded(name, one_thread):
    network, x = MAKERS[name](), images()
    params = network.init(0)
    output, before, signals = recorded(network, params, x)
    seen = networks.observe(network.apply, params, x, GELU)
    assert len(seen.before) == CALLS[name]
    assert_same(seen.output, output)
    for got, after, want in zip(seen.before, seen.after, before, strict=True):
        assert_same(got, want)
        assert_same(after, GELU(want))

    def loss(taps):
        return networks.observe(network.apply, params, x, GELU, taps).output.square().sum()

    taps = networks.zero_taps(seen.before)
    for got, want in zip(grad(loss)(taps), signals, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6 * float(want.abs().max()))


@every_network
def test_every_parameter_is_used_and_examples_do_not_see_each_other(name, one_thread):
    network, x = MAKERS[name](), images()
    params = network.init(0)
    gradient = grad(lambda params: network.apply(params, x, GELU).square().sum())(params)
    assert all(leaf.abs().max() > 0 for leaf in tree.leaves(gradient))
    together = network.apply(params, x, GELU)
    alone = vmap(lambda one: network.apply(params, one[None], GELU)[0])(x)
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


@every_network
def test_a_seed_gives_the_same_parameters_and_leaves_torchs_alone(name):
    network = MAKERS[name]()
    torch.manual_seed(5)
    first, again, other = map(network.init, (3, 3, 4))
    assert_same(torch.rand(2), torch.rand(2, generator=torch.Generator().manual_seed(5)))
    pairs = list(zip(*map(tree.leaves, (first, again, other)), strict=True))
    assert all(torch.equal(one, same) for one, same, _ in pairs)
    assert any(not torch.equal(one, different) for one, _, different in pairs)


@every_network
def test_observing_compiles_in_one_graph(name, one_thread):
    network, x = MAKERS[name](), images()
    params = network.init(0)

    def both(params, x):
        return networks.observe(network.apply, params, x, GELU)

    torch.compiler.reset()
    got = torch.compile(both, fullgraph=True, backend=inductor)(params, x)
    wanted = both(params, x)
    for one, other in zip(tree.leaves(tuple(got)), tree.leaves(tuple(wanted)), strict=True):
        torch.testing.assert_close(one, other)


@every_network
def test_forward_mode_goes_through(name, one_thread):
    network, x = MAKERS[name](), images()
    params = network.init(0)
    wanted = grad(lambda x: network.apply(params, x, GELU).sum())(x)
    moved = jvp(lambda x: network.apply(params, x, GELU).sum(), (x,), (torch.ones_like(x),))[1]
    torch.testing.assert_close(moved, wanted.sum(), rtol=1e-4, atol=1e-5)


def test_the_tutorials_network_is_the_one_that_was():
    network, x = networks.mlp(), torch.randn(4, 28, 28)
    params = network.init(42)
    trace = mlp.trace(params, x, GELU)
    seen = networks.observe(network.apply, params, x, GELU)
    for got, want in zip(seen.before, trace.pre_activations[:-1], strict=True):
        assert_same(got, want)
    assert [site.name for site in networks.sites(network, params, x)] == [
        "hidden 1", "hidden 2", "hidden 3", "hidden 4",
    ]  # fmt: skip


def test_units_are_channels_after_convolutions_and_features_elsewhere():
    for name, axis in (("convolutional", 1), ("residual", 1), ("transformer", 2), ("mlp", 1)):
        network = MAKERS[name]()
        params = network.init(0)
        for site in networks.sites(network, params, images()):
            assert site.units == axis, name
    site = networks.Site("one", (3, 4, 2, 5), 1)
    values = torch.arange(120.0).view(3, 4, 2, 5)
    units = site.per_unit(values)
    assert units.shape == (30, 4)
    assert_same(units[:, 1].sort().values, values[:, 1].flatten().sort().values)


def test_attention_is_torchs():
    params = networks.transformer(8, 4, 8, 1, 2).init(0)
    [block], x = params.blocks, torch.randn(3, 5, 8)
    torchs = nn.MultiheadAttention(8, 2, batch_first=True)
    state = {
        "in_proj_weight": block.queries_keys_values.weight,
        "in_proj_bias": block.queries_keys_values.bias,
        "out_proj.weight": block.mixed.weight,
        "out_proj.bias": block.mixed.bias,
    }
    torchs.load_state_dict(state)
    torch.testing.assert_close(transformers.attended(block, x, 2), torchs(x, x, x)[0])


def test_a_gated_feed_forward_has_as_many_parameters():
    plain, gated = (
        sum(leaf.numel() for leaf in tree.leaves(networks.transformer(gated=gated).init(0)))
        for gated in (False, True)
    )
    assert abs(gated / plain - 1) < 0.01


def test_what_is_wrong_is_said_in_a_line():
    params, x = own_init(0), images()
    with pytest.raises(UsageError, match="never calls"):
        networks.observe(lambda params, x, phi: x, params, x, F.relu)
    for taps, calls in ((1, "more often"), (3, "2 times")):
        with pytest.raises(UsageError, match=calls):
            networks.observe(own_network, params, x, F.relu, [torch.zeros(())] * taps)
    with pytest.raises(UsageError, match="changes the tensor"):
        networks.observe(own_network, params, x, F.relu_)
    with pytest.raises(UsageError, match="no activations of its own"):
        networks.observe(own_network, params, x, networks.OWN)
    with pytest.raises(UsageError, match="6n"):
        networks.residual(10)
    with pytest.raises(UsageError, match="side must be a multiple of 5, got 28"):
        networks.transformer(patch=5)
