"""What theory says of networks, against autograd's figures and real networks."""

from __future__ import annotations

import math

import pytest
import torch

from actfunc import get, mlp
from actfunc.analysis.gain import recommend
from actfunc.analysis.gaussian import moments
from actfunc.analysis.propagation import (
    Propagation,
    agreement,
    measure,
    measured,
    predict,
    propagate,
)
from actfunc.analysis.signal import variance_map

pytestmark = pytest.mark.usefixtures("one_thread")


def test_prediction_stands_still_at_the_recommended_gain():
    for name in ("tanh", "relu", "selu", "sin"):
        gain = recommend(get(name))
        found = predict(get(name), float(gain.weight), float(gain.bias), depth=30)
        for part in found:
            torch.testing.assert_close(part, torch.ones(30, dtype=torch.float64), rtol=1e-8, atol=0)


def test_prediction_is_the_product_of_the_maps():
    found = predict(get("tanh"), 1.2, 0.1, depth=4, variance=2.0)
    v, slopes = 2.0, []
    for layer in range(4):
        assert float(found.variance[layer]) == pytest.approx(v)
        slopes.append(1.2**2 * float(moments(get("tanh"), v).slope))
        v = float(variance_map(get("tanh"), v, 1.2, 0.1))
    for layer in range(4):
        assert float(found.gradient[layer]) == pytest.approx(math.prod(slopes[layer:3]))


def test_propagation_is_autograds():
    params = mlp.init((6, 5, 4, 3), gain=1.2, bias=0.3, seed=1, dtype=torch.float64)
    images, signal = torch.randn(7, 6).double(), torch.randn(7, 3).double()
    found = propagate(params, get("tanh"), images, signal)
    x, kept = images, []
    for index, (weight, bias) in enumerate(params):
        x = (x.tanh() if index else x) @ weight.T + bias
        kept.append(x.requires_grad_() if index == 0 else x)
        kept[-1].retain_grad()
    x.backward(signal)
    for layer, z in enumerate(kept):
        torch.testing.assert_close(found.variance[layer], z.detach().square().mean())
        torch.testing.assert_close(found.gradient[layer], z.grad.square().mean())


@pytest.mark.parametrize("name", ["tanh", "relu", "sin"])
def test_small_networks_do_what_theory_says(name):
    gain = recommend(get(name))
    pair = float(gain.weight), float(gain.bias)
    calls = []
    found = measure(
        *(get(name), *pair),
        width=256,
        depth=6,
        networks=32,
        on_network=lambda *at: calls.append(at),
    )
    assert calls == [(done, 32) for done in range(1, 33)]
    want = predict(get(name), *pair, depth=6)
    for mean, error, theory in zip(found.mean, found.error, want, strict=True):
        assert mean.shape == error.shape == (6,)
        assert (error > 0).all()
        assert ((mean - theory).abs() <= 4 * error).all()
        assert float((mean / theory - 1).abs().mean()) < 0.1


def test_agreement_is_in_parts_of_the_prediction_and_in_standard_errors():
    each = Propagation(*(torch.tensor([[1.0, 3.0], [3.0, 5.0]]).double() for _ in range(2)))
    found = measured(each)
    want = Propagation(*(torch.tensor([1.0, 8.0]).double() for _ in range(2)))
    off, errors = agreement(found, want)
    for part in range(2):
        assert found.mean[part].tolist() == [2, 4]
        assert found.error[part].tolist() == pytest.approx([1, 1])
        assert off[part].tolist() == [1, -0.5]
        assert errors[part].tolist() == pytest.approx([1, -4])


def test_a_gain_that_is_wrong_is_seen_in_both():
    found = measure(get("relu"), 1.0, width=256, depth=6, networks=4)
    want = predict(get("relu"), 1.0, depth=6)
    assert float(want.variance[-1]) == pytest.approx(2.0**-5)
    assert float(found.mean.variance[-1]) == pytest.approx(2.0**-5, rel=0.4)
    assert float(found.mean.gradient[0]) == pytest.approx(2.0**-5, rel=0.4)
