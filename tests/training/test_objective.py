"""Any network with any loss: steps, members of an ensemble, the fit, scores, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from actfunc import get, mlp, networks, tree
from actfunc.data import Examples, Split, normalise
from actfunc.errors import UsageError
from actfunc.training import (
    Program,
    Settings,
    Start,
    State,
    accuracy,
    evaluate,
    fit,
    make_step,
    sgd,
    start,
    step_of,
    train_members,
)
from tests.training.plain import assert_same_progress, assert_trees_close, assert_trees_same

pytestmark = pytest.mark.usefixtures("one_thread")

FIVE = {
    "mlp": networks.mlp((784, 12, 10)),
    "skip_mlp": networks.skip_mlp(width=12, depth=2),
    "convolutional": networks.convolutional((4, 8)),
    "residual": networks.residual(8, width=8),
    "transformer": networks.transformer(width=16, depth=1, heads=2, gated=True),
}
QUICK = Settings(learning_rate=0.05, batch_size=20, max_epochs=2, seed=1)


def images(n: int, seed: int) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (n, 28, 28), generator=generator, dtype=torch.uint8)
    return Examples(pixels, torch.arange(n) % 10)


SPLIT = Split(images(60, 0), images(30, 1), images(30, 2))


def lines(n: int, seed: int) -> Examples:
    """Numbers (n, 3) and a target each, most of whose variance is a linear function's."""
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    return Examples(x, x @ torch.tensor([1.0, -2.0, 0.5]) + 3)


LINES = Split(lines(120, 0), lines(40, 1), lines(40, 2))


def perceptron(params, x, activation):
    """One hidden layer, on whatever is flattened."""
    (into, out) = params
    return activation(x.flatten(1) @ into["weight"] + into["bias"]) @ out["weight"] + out["bias"]


def own(features: int = 3, outputs: int = 1) -> networks.Network:
    def init(seed):
        generator = torch.Generator().manual_seed(seed)
        return [
            {"weight": torch.randn(m, n, generator=generator) / m**0.5, "bias": torch.zeros(n)}
            for m, n in ((features, 8), (8, outputs))
        ]

    return networks.Network("perceptron", init, perceptron)


def train(network, split, settings=QUICK, name="gelu", progress=None, **more):
    progress = progress or start(network.init(settings.seed), settings)
    return list(fit(progress, get(name), split, settings, network=network, **more))


# Any network


@pytest.mark.parametrize("name", FIVE)
def test_a_step_of_any_network_is_torchs_own(name):
    network, activation = FIVE[name], get("gelu")
    params = network.init(0)
    state = State(params, sgd().init(params))
    batch, rate = SPLIT.train.first(20), torch.tensor(0.1)
    new, metrics = make_step(activation, sgd(), network=network)(state, batch, rate)
    leaves = [leaf.clone().requires_grad_() for leaf in tree.leaves(params)]
    given = iter(leaves)
    logits = network.apply(
        tree.map(lambda _: next(given), params), normalise(batch.images), activation
    )
    loss = F.cross_entropy(logits, batch.labels)
    loss.backward()
    want = [leaf.detach() - 0.1 * leaf.grad for leaf in leaves]
    assert_trees_close(new.params, want, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(metrics.loss, loss.detach())
    assert metrics.correct == (logits.argmax(-1) == batch.labels).sum()


def test_the_multilayer_perceptron_as_a_network_is_the_one_by_its_sizes():
    """Bit for bit: the column stack is the way there, however it is asked for."""
    params = mlp.init((784, 12, 10), seed=1)
    [*_, asked] = train(FIVE["mlp"], SPLIT)
    [*_, default] = fit(start(params, QUICK), get("gelu"), SPLIT, QUICK)
    assert_same_progress(asked, default)


@pytest.mark.parametrize("name", FIVE)
def test_a_member_of_an_ensemble_is_its_single_run(name):
    network, names = FIVE[name], ("relu", "gelu")
    program = Program([get(n) for n in names], sgd(), network, SPLIT, batch_size=20, slots=2)
    begun = [
        Start(place, seed, 0.05, start(network.init(seed), QUICK))
        for place in range(2)
        for seed in (1, 2, 3)
    ]
    found = {}
    for running in train_members(program, begun, QUICK):
        found |= {each.index: each.progress for each in running if each.finished}
    assert len(found) == 6
    for index, begin in enumerate(begun):
        settings = replace(QUICK, seed=begin.seed)
        alone = train(network, SPLIT, settings, names[begin.activation])[-1]
        if name == "mlp":  # batched products round otherwise
            assert_trees_close(found[index].best, alone.best, rtol=1e-4, atol=1e-6)
        else:
            assert_same_progress(found[index], alone)


@pytest.mark.full
@pytest.mark.parametrize("name", FIVE)
@pytest.mark.parametrize("activation", ["gelu"])
def test_an_epoch_of_any_network_compiled_is_the_eager_one(name, activation):
    eager, compiled = (
        train(FIVE[name], SPLIT, replace(QUICK, max_epochs=1), activation, compiling=each)[-1]
        for each in (False, True)
    )
    assert_trees_close(compiled.state, eager.state, rtol=1e-3, atol=1e-5)
    assert math.isclose(compiled.history[0].loss, eager.history[0].loss, rel_tol=1e-5)


@pytest.mark.parametrize("name", ["convolutional", "transformer"])
def test_cut_off_and_gone_on_with_is_undisturbed(name):
    network = FIVE[name]
    whole = train(network, SPLIT, replace(QUICK, max_epochs=3))
    again = train(network, SPLIT, replace(QUICK, max_epochs=3), progress=whole[0])
    assert_same_progress(again[-1], whole[-1])


def test_a_pure_function_and_a_module_of_a_persons_own_learn():
    module = networks.of_module(lambda: nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)))
    for network in (own(), module):
        last = train(network, LINES, replace(QUICK, max_epochs=20), "tanh", loss="squared_error")[
            -1
        ]
        assert last.history[-1].validation_accuracy > 0.9, network.name


# Losses and scores


def test_a_regression_is_scored_by_the_variance_it_explains():
    network, phi = own(), get("tanh")
    params = train(network, LINES, name="tanh", loss="squared_error")[-1].best
    x, y = LINES.test
    with torch.no_grad():
        errors = network.apply(params, x, phi).squeeze(-1) - y
    want = 1 - errors.square().mean() / y.var(correction=0)
    got = accuracy(params, phi, LINES.test, network=network, loss="squared_error")
    assert 0.02 < got < 0.98
    assert math.isclose(got, want.item(), rel_tol=1e-5)
    # the mean explains nothing, and what is worse no less than that
    params[1]["bias"] -= 100
    assert accuracy(params, phi, LINES.test, network=network, loss="squared_error") == 0


def test_the_figures_of_a_regressions_epoch():
    """The loss is the mean of the batches', and training is scored by the same errors."""
    settings = replace(QUICK, max_epochs=1, learning_rate=1e-9)
    [only] = train(own(), LINES, settings, loss="squared_error")
    x, y = LINES.train
    error = (perceptron(own().init(1), x, get("gelu")).squeeze(-1) - y).square().mean().item()
    epoch = only.history[0]
    assert math.isclose(epoch.loss, error, rel_tol=1e-4)
    want = max(0.0, 1 - error / y.var(correction=0).item())
    assert math.isclose(epoch.train_accuracy, want, rel_tol=1e-4, abs_tol=1e-4)


def test_targets_may_be_several_numbers_each():
    x, y = LINES.train
    two = Examples(x, torch.stack((y, -y), 1))
    network = own(outputs=2)
    params = network.init(0)
    _, metrics = make_step(get("relu"), sgd(), network=network, loss="squared_error")(
        State(params, sgd().init(params)), two, torch.tensor(0.1)
    )
    want = F.mse_loss(perceptron(params, x, torch.relu), two.labels)
    torch.testing.assert_close(metrics.loss, want)


def test_binary_cross_entropy_is_torchs_and_counts_both_answers():
    network = own(outputs=1)
    params = network.init(0)
    batch = Examples(LINES.train.images, (LINES.train.labels > 3).long())
    loss = "binary_cross_entropy"
    _, metrics = make_step(get("relu"), sgd(), network=network, loss=loss)(
        State(params, sgd().init(params)), batch, torch.tensor(0.1)
    )
    logits = perceptron(params, batch.images, torch.relu).squeeze(-1)
    want = F.binary_cross_entropy_with_logits(logits, batch.labels.float())
    torch.testing.assert_close(metrics.loss, want)
    right = ((logits > 0) == (batch.labels == 1)).sum()
    assert metrics.correct == right
    got = accuracy(params, get("relu"), batch, network=network, loss=loss)
    assert got == right.item() / 120


def test_the_stack_has_the_named_losses_as_well():
    """Two activations side by side, as the perceptron has them, against each alone."""
    network, loss = networks.mlp((3, 8, 1)), "squared_error"
    names = ("tanh", "gelu")
    program = Program(
        [get(n) for n in names], sgd(), network, LINES, batch_size=20, slots=1, loss=loss
    )
    begun = [Start(k, 1, 0.05, start(network.init(1), QUICK)) for k in range(2)]
    [*_, last] = train_members(program, begun, QUICK)
    for member in last:
        alone = train(network, LINES, QUICK, names[member.index], loss=loss)[-1]
        assert_trees_close(member.progress.state, alone.state, rtol=1e-4, atol=1e-6)
        assert math.isclose(member.history[-1].loss, alone.history[-1].loss, rel_tol=1e-5)


def test_a_function_of_ones_own_is_a_loss():
    network = own()
    named, given = (
        train(network, LINES, loss=each)[-1]
        for each in ("squared_error", lambda outputs, y: F.mse_loss(outputs.squeeze(-1), y))
    )
    assert_trees_close(given.state, named.state, rtol=1e-4, atol=1e-6)


def test_a_step_is_of_any_function_of_parameters_and_batch():
    """With metrics of its own, and a parameter that the loss has no use for."""
    params = {"w": torch.tensor([1.0, 2.0]), "unused": torch.ones(2)}

    def loss(params, batch):
        total = (params["w"] * batch).sum()
        return total, {"twice": 2 * total}

    step, optimizer = step_of(loss, sgd(momentum=0.0)), sgd(momentum=0.0)
    state = State(params, optimizer.init(params))
    with torch.no_grad():
        new, metrics = step(state, torch.tensor([3.0, 4.0]), torch.tensor(0.5))
    assert_trees_same(new.params, {"w": torch.tensor([-0.5, 0.0]), "unused": torch.ones(2)})
    assert metrics["twice"] == 22


# What is refused, and why


@pytest.mark.parametrize(
    ("split", "network", "loss", "told"),
    [
        (LINES, own(), "cross_entropy", "are classes, whole numbers"),
        (LINES, own(outputs=2), "squared_error", "2 numbers for each example"),
        (SPLIT, FIVE["convolutional"], "squared_error", "are floating-point numbers"),
        (SPLIT, FIVE["convolutional"], "binary_cross_entropy", "takes one output"),
        (SPLIT, networks.convolutional(classes=9), "cross_entropy", "must be from 0 to 8, got 9"),
        (SPLIT, own(784, 1), "cross_entropy", "needs one for each class"),
        (SPLIT, networks.residual(8, channels_in=3), "cross_entropy", "does not take"),
        (SPLIT, own(784, 10), "cross_entropie", "no loss named"),
        (SPLIT, own(784, 10), 3, "loss must be a name or a function"),
    ],
)
def test_what_does_not_go_together_is_said_before_it_trains(split, network, loss, told):
    with pytest.raises(UsageError, match=told):
        train(network, split, loss=loss)


@pytest.mark.parametrize(
    ("part", "told"),
    [(nn.BatchNorm2d(4), "1 is BatchNorm2d.*GroupNorm"), (nn.Dropout(0.1), "1 is Dropout.*p=0")],
)
def test_a_module_that_is_another_in_training_is_refused_there_alone(part, told):
    layers = nn.Conv2d(1, 4, 3), part, nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10)
    network = networks.of_module(nn.Sequential(*layers))
    with pytest.raises(UsageError, match=told):
        train(network, SPLIT)
    found = evaluate(network.init(0), get("relu"), SPLIT, network=network)
    assert 0 <= found.test <= 1
    harmless = nn.Sequential(nn.Flatten(), nn.Dropout(0.0), nn.Linear(784, 10), nn.ReLU())
    assert train(networks.of_module(harmless), SPLIT)


def test_what_is_no_number_in_targets_is_named():
    bad = Examples(LINES.train.images, LINES.train.labels.clone())
    bad.labels[7] = math.nan
    with pytest.raises(UsageError, match=r"split\.train labels must be finite.*nan"):
        train(own(), LINES._replace(train=bad), loss="squared_error")
