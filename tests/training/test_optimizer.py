"""The optimiser is torch.optim.SGD."""

from __future__ import annotations

import pytest
import torch
from torch.func import vmap

from actfunc import mlp, tree
from actfunc.training import sgd


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_sgd_is_torchs_over_a_hundred_steps(momentum):
    params = mlp.init((5, 4, 3), seed=0, dtype=torch.float64)
    theirs = [leaf.clone().requires_grad_() for leaf in tree.leaves(params)]
    reference = torch.optim.SGD(theirs, lr=0.05, momentum=momentum)
    ours = sgd(momentum)
    state, rate = ours.init(params), torch.tensor(0.05, dtype=torch.float64)
    generator = torch.Generator().manual_seed(1)
    for _ in range(100):
        grads = tree.map(
            lambda p: torch.randn(p.shape, generator=generator, dtype=p.dtype) + p, params
        )
        params, state = ours.update(grads, state, params, rate)
        for leaf, gradient in zip(theirs, tree.leaves(grads), strict=True):
            leaf.grad = gradient
        reference.step()
        for got, want in zip(tree.leaves(params), theirs, strict=True):
            torch.testing.assert_close(got, want.detach(), rtol=1e-13, atol=1e-13)


def test_the_update_is_pure_and_maps_over_learning_rates():
    params = mlp.init((3, 2), seed=0)
    before = tree.map(torch.clone, params)
    optimizer = sgd()
    state, grads = optimizer.init(params), tree.map(torch.ones_like, params)
    rates = torch.tensor([0.1, 0.2])
    stepped, _ = vmap(optimizer.update, (None, None, None, 0))(grads, state, params, rates)
    for index, rate in enumerate(rates):
        alone, _ = optimizer.update(grads, state, params, rate)
        torch.testing.assert_close(stepped[0].weight[index], alone[0].weight)
    for now, then in zip(tree.leaves(params), tree.leaves(before), strict=True):
        assert torch.equal(now, then)
