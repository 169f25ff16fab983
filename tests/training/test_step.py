"""The step against a plain module with torch.optim.SGD, fed the same batches."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from actfunc import get, mlp, tree
from actfunc.data import Examples, Split, normalise
from actfunc.training import Settings, State, adam, batch_order, make_step, sgd
from actfunc.training.ensemble import each
from tests.reference import assert_same, module_of

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def epoch_split(request) -> Split:
    """FashionMNIST where it is, else 50,000 made-up images."""
    try:
        return request.getfixturevalue("real_split")
    except pytest.skip.Exception:
        generator = torch.Generator().manual_seed(0)
        images = torch.randint(0, 256, (50_000, 28, 28), generator=generator, dtype=torch.uint8)
        labels = torch.randint(0, 10, (50_000,), generator=generator)
        return Split(*[Examples(images, labels)] * 3)


def fresh(params, optimizer) -> State:
    return State(params, optimizer.init(params))


def order(examples: int, batch_size: int):
    """The batches of one epoch."""
    return batch_order(torch.tensor(42), torch.tensor(0), examples, batch_size)


def both(activation, params, split: Split, settings: Settings):
    """After an epoch: our state and metrics, their module and losses."""
    dtype = params[0].weight.dtype
    network = module_of(params, activation)
    optimizer = torch.optim.SGD(network.parameters(), lr=settings.learning_rate, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    ours = sgd()
    step, state = make_step(activation, ours), fresh(params, ours)
    rate = torch.tensor(settings.learning_rate, dtype=dtype)
    metrics, theirs = [], []
    for batch in order(len(split.train.labels), settings.batch_size):
        images, labels = split.train.images[batch], split.train.labels[batch]
        state, measured = step(state, Examples(images, labels), rate)
        metrics.append(measured)
        optimizer.zero_grad()
        logits = network(normalise(images).to(dtype))
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        theirs.append((loss.detach(), (logits.argmax(dim=-1) == labels).sum()))
    return state, metrics, network, theirs


def assert_agree(state, network, rtol: float, atol: float) -> None:
    for layer, linear in zip(state.params, network.linear, strict=True):
        torch.testing.assert_close(layer.weight, linear.weight.detach(), rtol=rtol, atol=atol)
        torch.testing.assert_close(layer.bias, linear.bias.detach(), rtol=rtol, atol=atol)


@pytest.mark.parametrize(
    "hidden", [(32, 16), pytest.param((512, 256, 256, 128), marks=pytest.mark.full)]
)
def test_an_epoch_is_the_modules_to_float32_rounding(epoch_split, hidden):
    params = mlp.init((784, *hidden, 10), seed=42)
    state, metrics, network, theirs = both(get("tanh"), params, epoch_split, Settings())
    assert len(metrics) == 195
    assert_agree(state, network, rtol=0, atol=2e-5)
    for ours, (loss, correct) in zip(metrics, theirs, strict=True):
        torch.testing.assert_close(ours.loss, loss, rtol=1e-4, atol=1e-5)
        assert abs(ours.correct - correct) <= 1


def test_an_epoch_is_the_modules_to_the_last_digits_in_float64(epoch_split):
    params = mlp.init((784, 32, 16, 10), seed=42, dtype=torch.float64)
    leaky = get("leaky_relu:negative_slope=0.1")
    state, metrics, network, theirs = both(leaky, params, epoch_split, Settings())
    assert_agree(state, network, rtol=0, atol=1e-12)
    for ours, (loss, correct) in zip(metrics, theirs, strict=True):
        torch.testing.assert_close(ours.loss, loss, rtol=1e-12, atol=1e-12)
        assert ours.correct == correct


def test_the_step_is_pure(small_split):
    optimizer = sgd()
    step = make_step(get("gelu"), optimizer)
    state = fresh(mlp.init((784, 16, 10), seed=0), optimizer)
    before = tree.map(torch.clone, state)
    rate = torch.tensor(0.1)
    first, measured = step(state, small_split.train.first(64), rate)
    second, again = step(state, small_split.train.first(64), rate)
    for now, then in zip(tree.leaves(state), tree.leaves(before), strict=True):
        assert_same(now, then)
    for one, other in zip(tree.leaves(first), tree.leaves(second), strict=True):
        assert_same(one, other)
    assert_same(measured.loss, again.loss)
    assert measured.loss.shape == measured.correct.shape == ()


# a step of Adam's has its size whatever the gradient's, so that of a zero it would magnify rounding
@pytest.mark.parametrize("optimizer", [sgd(0), sgd(), adam(eps=1e-4)])
def test_networks_side_by_side_are_each_its_own(optimizer, small_split):
    """Stacks of networks, each with its own images and learning rate."""
    step, side_by_side = (make_step(get("gelu"), o) for o in (optimizer, each(optimizer)))
    ours = [fresh(mlp.init((784, 9, 10), seed=s, dtype=torch.float64), optimizer) for s in (1, 2)]
    stacked = tree.map(lambda *leaves: torch.stack(leaves), *ours)
    batches = [small_split.train.first(64), small_split.validation.first(64)]
    together = Examples(*map(torch.stack, zip(*batches, strict=True)))
    rates = torch.tensor([0.1, 0.01], dtype=torch.float64)
    for _ in range(3):
        stacked, measured = side_by_side(stacked, together, rates)
        for index in (0, 1):
            ours[index], alone = step(ours[index], batches[index], rates[index])
            torch.testing.assert_close(measured.loss[index], alone.loss, rtol=1e-12, atol=1e-12)
            assert measured.correct[index] == alone.correct
    for index in (0, 1):
        for got, want in zip(tree.leaves(stacked), tree.leaves(ours[index]), strict=True):
            torch.testing.assert_close(got[index], want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float64])
def test_a_step_in_another_precision(precision, small_split):
    """The passes in that precision; loss and parameters stay in theirs."""
    state, batch = fresh(mlp.init((784, 16, 10), seed=0), sgd()), small_split.train.first(64)
    rate = torch.tensor(0.1)
    (got, measured), (want, wanted) = (
        make_step(get("silu"), sgd(), precision=each)(state, batch, rate)
        for each in (precision, None)
    )
    assert measured.loss.dtype == torch.float32
    # some roundings one after the other, of whichever precision is the coarser
    tolerance = 8 * max(torch.finfo(precision).eps, torch.finfo(torch.float32).eps)
    torch.testing.assert_close(measured.loss, wanted.loss, rtol=tolerance, atol=0)
    assert {leaf.dtype for leaf in tree.leaves(got)} == {torch.float32}
    # after the first step the velocity is the gradient
    for one, other in zip(*map(tree.leaves, (got.optimizer, want.optimizer)), strict=True):
        assert 0 < (one - other).norm() <= tolerance * other.norm()


def test_the_step_maps_over_seeds_and_learning_rates(small_split):
    optimizer = sgd()
    step = make_step(get("silu"), optimizer)
    batch = small_split.train.first(64)
    states = [fresh(mlp.init((784, 16, 10), seed=s), optimizer) for s in (1, 2)]
    rates = torch.tensor([0.1, 0.01])
    stacked = tree.map(lambda *leaves: torch.stack(leaves), *states)
    together, measured = torch.func.vmap(step, (0, None, 0))(stacked, batch, rates)
    for index, (state, rate) in enumerate(zip(states, rates, strict=True)):
        alone, alone_measured = step(state, batch, rate)
        torch.testing.assert_close(measured.loss[index], alone_measured.loss)
        for got, want in zip(tree.leaves(together), tree.leaves(alone), strict=True):
            torch.testing.assert_close(got[index], want)


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad])
def test_a_step_may_be_differentiated_itself(mode):
    """Without an outer derivative, gradients off, it goes another way: to the same bits."""
    optimizer = sgd()
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (16, 28, 28), generator=generator, dtype=torch.uint8)
    batch = Examples(images, torch.arange(16) % 10)
    step, state = (
        make_step(get("tanh"), optimizer),
        fresh(mlp.init((784, 4, 10), seed=1), optimizer),
    )

    def bias(rate: torch.Tensor) -> torch.Tensor:
        return step(state, batch, rate)[0].params[0].bias.sum()

    with mode():
        slope = torch.func.grad(bias)(torch.tensor(0.1))
        after = step(state, batch, torch.tensor(0.1))[0]
    velocity = after.optimizer.velocity[0].bias
    torch.testing.assert_close(slope, -velocity.sum())
    rate = torch.tensor(0.1, requires_grad=True)
    (by_rate,) = torch.autograd.grad(bias(rate), rate)
    assert_same(by_rate, slope)
    assert_same(bias(rate).detach(), after.params[0].bias.sum())
    assert not any(leaf.requires_grad for leaf in tree.leaves(after))
