"""The fit: the tutorial's early stopping to the letter, the order of the batches, going on."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from actfunc import get, mlp, tree
from actfunc.data import Examples, normalise
from actfunc.errors import UsageError
from actfunc.training import Epoch, Progress, Settings, accuracy, fit, make_step, sgd, start
from actfunc.training.fit import epoch_order
from tests.reference import assert_same, module_of

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = Settings(learning_rate=0.05, batch_size=100, max_epochs=4, patience=3, seed=1)


def train(split, settings: Settings, progress: Progress | None = None, name: str = "tanh", **more):
    """Every progress of a small fit."""
    optimizer, activation = sgd(settings.momentum), get(name)
    progress = progress or start(mlp.init((784, 16, 10), seed=settings.seed), optimizer)
    step = make_step(activation, optimizer)
    return list(fit(progress, step, activation, split, settings, **more))


def assert_same_progress(got: Progress, want: Progress) -> None:
    for one, other in zip(tree.leaves(got[:2]), tree.leaves(want[:2]), strict=True):
        assert_same(one, other)
    assert [e._replace(seconds=0) for e in got.history] == [
        e._replace(seconds=0) for e in want.history
    ]


# Early stopping


def tutorials_loop(scores: list[float], max_epochs: int, patience: int) -> tuple[int, int]:
    """The notebook's loop over given validation scores: epochs run and the epoch saved, from 1."""
    val_scores = []
    best_val_epoch = -1
    epoch = -1
    for epoch in range(max_epochs):
        val_acc = scores[epoch]
        val_scores.append(val_acc)
        if len(val_scores) == 1 or val_acc > val_scores[best_val_epoch]:
            best_val_epoch = epoch
        elif best_val_epoch <= epoch - patience:
            break
    return epoch + 1, best_val_epoch + 1


@checks(max_examples=500)
@given(
    scores=st.lists(st.integers(0, 6).map(lambda n: n / 6), min_size=30, max_size=30),
    max_epochs=st.integers(1, 30),
    patience=st.integers(1, 9),
)
def test_the_fit_stops_where_the_tutorials_loop_does(scores, max_epochs, patience):
    settings = Settings(max_epochs=max_epochs, patience=patience)
    progress = Progress(None, None, ())
    assert progress.best_epoch == 0
    assert progress.best_accuracy == 0
    while not progress.finished(settings):
        epoch = len(progress.history)
        entry = Epoch(epoch + 1, 0.0, 0.0, scores[epoch], 0.0)
        progress = progress._replace(history=(*progress.history, entry))
    ran, saved = tutorials_loop(scores, max_epochs, patience)
    assert (len(progress.history), progress.best_epoch) == (ran, saved)
    assert progress.best_accuracy == scores[saved - 1]


def test_the_best_parameters_are_those_of_the_best_epoch(small_split, monkeypatch):
    scores = iter([0.0, 0.3, 0.2, 0.3, 0.1, 0.4])
    # the module; the package's own name `fit` is the function in it
    monkeypatch.setattr(sys.modules[fit.__module__], "accuracy", lambda *_: next(scores))
    runs = train(small_split, replace(QUICK, max_epochs=9, patience=3))
    # of equals the first is kept: epoch 2, and after three more without a rise it ends
    assert [run.best_epoch for run in runs] == [1, 2, 2, 2, 2]
    for run, best in zip(runs, (0, 1, 1, 1, 1), strict=True):
        for got, want in zip(
            tree.leaves(run.best), tree.leaves(runs[best].state.params), strict=True
        ):
            assert_same(got, want)


# The order of the batches


@pytest.mark.parametrize(("examples", "batch"), [(1000, 100), (1099, 100), (50_000, 256), (7, 7)])
def test_an_epoch_shows_each_image_once_and_drops_the_partial_batch(examples, batch):
    order = epoch_order(examples, 0, Settings(batch_size=batch))
    assert order.shape == (examples // batch, batch)
    assert order.unique().numel() == order.numel()
    assert order.min() >= 0
    assert order.max() < examples
    if examples % batch == 0:
        assert torch.equal(order.flatten().sort().values, torch.arange(examples))


def test_the_order_depends_on_epoch_and_seed_and_on_nothing_else():
    orders = [
        epoch_order(1000, epoch, Settings(seed=seed, batch_size=10))
        for seed in (0, 1, 42, 2**63 - 1)
        for epoch in (0, 1, 2)
    ]
    for index, order in enumerate(orders):
        assert not any(torch.equal(order, other) for other in orders[:index])
    torch.manual_seed(0)
    assert torch.equal(epoch_order(1000, 0, Settings(seed=0, batch_size=10)), orders[0])


def test_a_batch_of_more_than_there_is_says_so():
    with pytest.raises(UsageError, match="batch_size 256 is more than the 100 training images"):
        epoch_order(100, 0, Settings())


# The fit


def test_the_figures_of_an_epoch(small_split):
    seen = []
    runs = train(small_split, QUICK, on_step=lambda done, total: seen.append((done, total)))
    assert seen == [(k, 10) for _ in range(4) for k in range(1, 11)]
    last = runs[-1].history
    assert [epoch.epoch for epoch in last] == [1, 2, 3, 4]
    assert last[-1].loss < last[0].loss < 3
    assert last[-1].train_accuracy > 0.3
    validation = accuracy(runs[-1].state.params, get("tanh"), small_split.validation)
    assert last[-1].validation_accuracy == validation
    assert all(epoch.seconds > 0 for epoch in last)


def test_accuracy_is_the_modules(small_split):
    params, tanh = mlp.init((784, 16, 10), seed=3), get("tanh")
    many = Examples(
        small_split.train.images.repeat(3, 1, 1)[:2050], small_split.train.labels.repeat(3)[:2050]
    )
    right = module_of(params, torch.tanh)(normalise(many.images)).argmax(-1) == many.labels
    assert accuracy(params, tanh, many) == right.sum().item() / 2050


def test_gone_on_with_is_the_same_as_never_cut_off(small_split):
    whole = train(small_split, QUICK)
    for cut in (1, 3):
        again = train(small_split, QUICK, progress=whole[cut - 1])
        assert len(again) == len(whole) - cut
        assert_same_progress(again[-1], whole[-1])


def test_a_finished_fit_has_nothing_to_add(small_split):
    whole = train(small_split, QUICK)
    assert train(small_split, QUICK, progress=whole[-1]) == []


def test_a_fit_in_float64(small_split):
    optimizer, tanh = sgd(), get("tanh")
    progress = start(mlp.init((784, 8, 10), seed=0, dtype=torch.float64), optimizer)
    settings = replace(QUICK, max_epochs=1)
    (done,) = fit(progress, make_step(tanh, optimizer), tanh, small_split, settings)
    assert done.best[0].weight.dtype == torch.float64
    (single,) = fit(
        start(mlp.init((784, 8, 10), seed=0), optimizer),
        make_step(tanh, optimizer), tanh, small_split, settings,
    )  # fmt: skip
    torch.testing.assert_close(
        done.best[0].weight.float(), single.best[0].weight, rtol=1e-3, atol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("learning_rate", "batch_size", "max_epochs", "patience")
     for value in (0, -1, float("nan"), float("inf"), "7", None)]
    + [("momentum", -0.1), ("momentum", float("nan")), ("seed", -1)]
    + [(name, 2.5) for name in ("batch_size", "max_epochs", "patience", "seed")],
)  # fmt: skip
def test_settings_that_mean_nothing_are_an_error(name, value):
    with pytest.raises(UsageError, match=f"{name} must be a .*number, .*, got {value!r}"):
        Settings(**{name: value})


@pytest.mark.slow
def test_the_first_epochs_on_the_real_data(real_split):
    settings = Settings(max_epochs=3)
    optimizer, relu = sgd(), get("relu")
    progress = start(mlp.init((784, 512, 256, 256, 128, 10), seed=42), optimizer)
    *_, last = fit(progress, make_step(relu, optimizer), relu, real_split, settings)
    assert last.best_accuracy > 0.82
