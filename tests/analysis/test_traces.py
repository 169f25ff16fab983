"""Curvature of any network against its full Hessian, made by reverse mode twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from actfunc import get, mlp, networks, tree
from actfunc.analysis import traces
from actfunc.analysis.curvature import flatten, unflatten
from actfunc.analysis.lanczos import signs
from actfunc.analysis.landscape import landscape
from actfunc.generator import seeded
from tests.networks import somebodys

FILE = str(Path(somebodys.__file__))
NET, PLAIN = networks.get(f"{FILE}:Net"), networks.get(f"{FILE}:net")
PHIS = {"its own": (F.gelu, F.relu), "tanh": (torch.tanh, torch.tanh)}
GIVEN = {"its own": networks.OWN, "tanh": get("tanh")}

pytestmark = pytest.mark.usefixtures("one_thread")
COUNT = 6
LABELS = torch.arange(COUNT)


def images(count: int) -> Tensor:
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def logits_by_hand(vector: Tensor, params, x: Tensor, phis) -> Tensor:
    p = unflatten(params, vector)
    for layer, phi in zip(("first", "second"), phis, strict=True):
        x = phi(F.conv2d(x, p[f"{layer}.weight"], p[f"{layer}.bias"], stride=2, padding=1))
    return F.linear(x.mean((-2, -1)), p["head.weight"], p["head.bias"])


def case(name: str):
    """A network, its parameters and inputs in float64, and Hessian and Jacobian in full."""
    params = tree.map(lambda leaf: leaf.double(), NET.init(3))
    x, start = images(COUNT).double(), flatten(params)

    def logits(vector: Tensor) -> Tensor:
        return logits_by_hand(vector, params, x, PHIS[name])

    def loss(vector: Tensor) -> Tensor:
        return F.cross_entropy(logits(vector), LABELS)

    hessian = torch.autograd.functional.hessian(loss, start)
    jacobian = torch.autograd.functional.jacobian(logits, start)
    part = torch.zeros_like(hessian)
    for own, p in zip(jacobian, logits(start).softmax(-1), strict=True):
        part += own.mT @ (p.diag() - torch.outer(p, p)) @ own / COUNT
    return params, x, hessian, part


@pytest.mark.parametrize("name", GIVEN)
def test_the_landscape_of_a_module_is_that_of_its_full_hessian(name):
    params, x, hessian, part = case(name)
    found = landscape(
        params, GIVEN[name], x, LABELS, network=NET, top=3, steps=40, probes=20, batch=4
    )
    values = torch.linalg.eigvalsh(hessian)
    torch.testing.assert_close(found.top.values, values.flip(0)[:3], rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(found.lowest.values, values[:1], rtol=1e-4, atol=1e-7)
    other = torch.linalg.eigvalsh(part).flip(0)[:3]
    torch.testing.assert_close(found.gauss_newton.values, other, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(found.gauss_newton_trace, part.trace())
    assert abs(found.trace.value - hessian.trace()) < 4 * found.trace.standard_error


@pytest.mark.parametrize("name", GIVEN)
def test_the_stretch_of_a_module_is_that_of_each_examples_jacobian(name):
    params, x, *_ = case(name)
    found = landscape(params, GIVEN[name], x, LABELS, network=NET, top=1, steps=1, probes=1)
    for n in range(COUNT):
        own = torch.autograd.functional.jacobian(
            lambda one: logits_by_hand(flatten(params), params, one, PHIS[name]), x[n : n + 1]
        )
        torch.testing.assert_close(found.stretch[n], torch.linalg.svdvals(own.reshape(10, -1)))


def test_a_probe_sees_the_signs_of_each_example(monkeypatch):
    """In chunks of one too."""
    params, x, *_ = case("tanh")
    n = len(flatten(params))
    drawn = signs(torch.ones(COUNT, n, dtype=torch.float64), seeded(0))
    probe = torch.func.vmap(lambda row: unflatten(params, row))(drawn)
    whole = traces.network_trace(NET, params, get("tanh"), x, LABELS, probe)
    monkeypatch.setattr("actfunc.analysis.traces.HELD", 1)
    torch.testing.assert_close(
        traces.network_trace(NET, params, get("tanh"), x, LABELS, probe), whole
    )
    by_hand = []
    for i, (one, label) in enumerate(zip(x, LABELS, strict=True)):
        p = logits_by_hand(flatten(params), params, one[None], PHIS["tanh"])[0].softmax(-1)
        pulling = p - F.one_hot(label, 10)

        def pulled(vector: Tensor, one=one, pulling=pulling) -> Tensor:
            logits = logits_by_hand(vector, params, one[None], PHIS["tanh"])
            return (pulling * logits[0]).sum()

        own = torch.autograd.functional.hessian(pulled, flatten(params))
        by_hand.append(drawn[i] @ own @ drawn[i])
    torch.testing.assert_close(whole, torch.stack(by_hand).mean())


def test_somebodys_function_has_the_curvature_of_the_mlp_of_its_weights():
    params, x = tree.map(lambda leaf: leaf.double(), PLAIN.init(2)), images(COUNT).double()
    layers = tuple(mlp.Layer(weight.mT.contiguous(), bias) for weight, bias in params)
    asked = {"top": 2, "steps": 40, "probes": 1}
    found = landscape(params, get("silu"), x, LABELS, network=PLAIN, **asked)
    want = landscape(layers, get("silu"), x, LABELS, **asked)
    torch.testing.assert_close(found.top.values, want.top.values, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(found.gauss_newton_trace, want.gauss_newton_trace)
    torch.testing.assert_close(found.stretch, want.stretch)
