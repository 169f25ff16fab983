"""The optimisers are torch.optim's and map over members."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap

from actfunc import mlp, tree
from actfunc.training import adam, adamw, optimizer, sgd

SPECS = [
    "sgd",
    "sgd:momentum=0",
    "sgd:momentum=0,weight_decay=0.1",
    "sgd:momentum=0.5,nesterov=true",
    "sgd:nesterov=true,weight_decay=0.01",
    "adam",
    "adam:beta1=0,beta2=0",
    "adam:weight_decay=0.1",
    "adamw",
    "adamw:beta1=0.5,beta2=0.9,eps=1e-3,weight_decay=0.1",
]


def differing(ours, theirs, dtype=torch.float64, steps=100, rate=0.05):
    """The largest difference of parameters (relative above 1) to torch's over some steps.

    theirs: from the parameters and a learning rate to torch's optimiser.
    """
    params = mlp.init((5, 4, 3), seed=0, dtype=dtype)
    leaves = [leaf.clone().requires_grad_() for leaf in tree.leaves(params)]
    reference = theirs(leaves, rate)
    state, rate = ours.init(params), torch.tensor(rate, dtype=dtype)
    generator = torch.Generator().manual_seed(1)
    worst = 0.0
    for _ in range(steps):
        grads = tree.map(
            lambda p: torch.randn(p.shape, generator=generator, dtype=p.dtype) + p, params
        )
        params, state = ours.update(grads, state, params, rate)
        for leaf, gradient in zip(leaves, tree.leaves(grads), strict=True):
            leaf.grad = gradient
        reference.step()
        for got, want in zip(tree.leaves(params), leaves, strict=True):
            error = (got - want).abs() / want.abs().clamp(min=1)
            worst = max(worst, error.max().item())
    return worst


def adam_of_torch(kind, beta1, beta2, eps, weight_decay):
    return lambda leaves, rate: kind(
        leaves, rate, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay, foreach=False
    )


DECAYS = st.sampled_from([0.0, 0.01]) | st.floats(0, 0.5)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([0.0, 0.9]) | st.floats(0, 0.99), st.booleans(), DECAYS)
def test_sgd_is_torchs_over_a_hundred_steps(momentum, nesterov, weight_decay):
    nesterov = nesterov and momentum > 0
    assert (
        differing(
            sgd(momentum, nesterov, weight_decay),
            lambda leaves, rate: torch.optim.SGD(
                leaves, rate, momentum, nesterov=nesterov, weight_decay=weight_decay, foreach=False
            ),
        )
        < 1e-13
    )


@pytest.mark.parametrize(("ours", "theirs"), [(adam, torch.optim.Adam), (adamw, torch.optim.AdamW)])
@settings(deadline=None, max_examples=15)
@given(
    st.sampled_from([0.0, 0.9]) | st.floats(0, 0.99),
    st.sampled_from([0.99, 0.999]) | st.floats(0.98, 0.9999),
    st.sampled_from([1e-8, 1e-4, 1.0]),
    DECAYS,
)
def test_adam_is_torchs_over_a_hundred_steps(ours, theirs, beta1, beta2, eps, weight_decay):
    chosen = (beta1, beta2, eps, weight_decay)
    assert differing(ours(*chosen), adam_of_torch(theirs, *chosen)) < 1e-13


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(sgd, torch.optim.SGD), (adam, torch.optim.Adam), (adamw, torch.optim.AdamW)],
)
def test_the_defaults_are_torchs_and_float32_keeps_its_digits(ours, theirs):
    momentum = {"momentum": 0.9} if ours is sgd else {}  # the tutorial's, where torch has none

    def reference(leaves, rate):
        return theirs(leaves, rate, foreach=False, **momentum)

    assert differing(ours(), reference) < 1e-13
    assert 0 < differing(ours(), reference, torch.float32) < 1e-6


def test_adams_first_step_is_the_learning_rate_to_float32s_last_digits():
    """1 - 0.999 in float32 would be 1.3e-5 off."""
    params, rate = mlp.init((3, 2), seed=0), torch.tensor(0.1)
    params = tree.map(torch.zeros_like, params)
    ours = adam(eps=1e-12)
    stepped, _ = ours.update(tree.map(torch.ones_like, params), ours.init(params), params, rate)
    for leaf in tree.leaves(stepped):
        torch.testing.assert_close(leaf, torch.full_like(leaf, -0.1), rtol=3e-7, atol=0)


@pytest.mark.parametrize(
    ("spec", "slots"), [("sgd", 1), ("sgd:momentum=0", 0), ("adam", 2), ("adamw", 2)]
)
def test_the_state_tells_what_is_kept_for_each_parameter(spec, slots):
    params = mlp.init((7, 5, 3), seed=0)
    kept = [leaf for leaf in tree.leaves(optimizer.named(spec).init(params)) if leaf.dim()]
    assert [leaf.shape for leaf in kept] == slots * [leaf.shape for leaf in tree.leaves(params)]


# Purity, dtypes, members


def same(got, want, *, exactly=False):
    rtol, atol = (0, 0) if exactly else (1e-6, 1e-7)
    for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
        torch.testing.assert_close(one, other, rtol=rtol, atol=atol)


@pytest.mark.parametrize("spec", SPECS)
def test_the_update_is_pure_and_maps_over_learning_rates(spec):
    params = mlp.init((3, 2), seed=0)
    ours = optimizer.named(spec)
    state, grads = ours.init(params), tree.map(torch.ones_like, params)
    before = tree.map(torch.clone, (params, state, grads))
    rates = torch.tensor([0.1, 0.2])
    stepped, _ = vmap(ours.update, (None, None, None, 0))(grads, state, params, rates)
    for index, rate in enumerate(rates):
        alone, _ = ours.update(grads, state, params, rate)
        same(tree.map(lambda leaf, i=index: leaf[i], stepped), alone)
    same((params, state, grads), before, exactly=True)


@pytest.mark.parametrize("spec", SPECS)
def test_members_with_learning_rates_of_their_own_are_what_each_is_alone(spec):
    ours, rates = optimizer.named(spec), torch.tensor([0.3, 0.1, 0.02])
    alone = [mlp.init((4, 3, 2), seed=seed) for seed in range(3)]
    together = tree.map(lambda *leaves: torch.stack(leaves), *alone)
    states, state = [ours.init(params) for params in alone], vmap(ours.init)(together)
    for leaf in tree.leaves(state):
        assert len(leaf) == len(rates)
        assert leaf.is_contiguous()
    for _ in range(3):
        for k, rate in enumerate(rates):
            grads = tree.map(lambda p: p.cos(), alone[k])
            alone[k], states[k] = ours.update(grads, states[k], alone[k], rate)
        grads = tree.map(lambda p: p.cos(), together)
        together, state = vmap(ours.update)(grads, state, together, rates)
    for k in range(3):
        same(tree.map(lambda leaf, k=k: leaf[k], (together, state)), (alone[k], states[k]))


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_dtypes_are_kept(spec, dtype):
    for rate_dtype in (torch.float64, torch.float32):
        check_dtypes(spec, dtype, rate_dtype)


def check_dtypes(spec, dtype, rate_dtype):
    ours = optimizer.named(spec)
    params = (mlp.Layer(torch.ones(2, 3, 2, dtype=dtype), torch.ones(2, dtype=dtype)),)
    rates = torch.full((2,), 0.1, dtype=rate_dtype)
    state = vmap(ours.init)(params)
    alone = tree.map(lambda leaf: leaf[0], (params, state, params))
    for before, after in (
        ((params, state), vmap(ours.update)(params, state, params, rates)),
        (alone[:2], ours.update(*alone, rates[0])),
    ):
        kinds = [(leaf.dtype, leaf.shape) for leaf in tree.leaves(before)]
        assert [(leaf.dtype, leaf.shape) for leaf in tree.leaves(after)] == kinds
