"""The fit: the tutorial's early stopping to the letter, the figures of an epoch, going on."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from actfunc import get, mlp, tree
from actfunc.data import Examples, normalise
from actfunc.training import Epoch, Progress, Settings, accuracy, evaluate, fit, optimizer, start
from tests.reference import assert_same, module_of, tutorials_loop
from tests.training.plain import assert_same_progress, assert_trees_close, plain_epoch

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = Settings(learning_rate=0.05, batch_size=100, max_epochs=4, patience=3, seed=1)


def train(split, settings: Settings, progress: Progress | None = None, name: str = "tanh", **more):
    """Every progress of a small fit."""
    progress = progress or start(mlp.init((784, 16, 10), seed=settings.seed), settings)
    return list(fit(progress, get(name), split, settings, **more))


# Early stopping


@checks(max_examples=150)
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
    stopped = settings.stops_after(scores)
    # without early stopping it goes on, and knows where it would have stopped
    on = replace(settings, early_stopping=False)
    assert progress.finished(on) == (ran == max_epochs)
    assert progress.stopped_at(on) == progress.stopped_at(settings)
    assert progress.stopped_at(settings) == (stopped if (stopped or 31) <= max_epochs else None)


def test_the_best_parameters_are_those_of_the_best_epoch(small_split, monkeypatch):
    scores = iter([0.0, 0.3, 0.2, 0.3, 0.1, 0.4])
    images = len(small_split.validation.labels)
    monkeypatch.setattr(
        "actfunc.training.program.ensemble_correct",
        lambda *_: torch.tensor([[round(next(scores) * images)]]),
    )
    runs = train(small_split, replace(QUICK, max_epochs=9, patience=3))
    # of equals the first is kept: epoch 2, and after three more without a rise it ends
    assert [run.best_epoch for run in runs] == [1, 2, 2, 2, 2]
    for run, best in zip(runs, (0, 1, 1, 1, 1), strict=True):
        for got, want in zip(
            tree.leaves(run.best), tree.leaves(runs[best].state.params), strict=True
        ):
            assert_same(got, want)


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


@pytest.mark.parametrize("spec", ["sgd", "sgd:momentum=0", "sgd:nesterov=true", "adam", "adamw"])
def test_a_fit_is_a_plain_loop_of_steps(small_split, spec):
    settings = replace(QUICK, optimizer=spec, learning_rate=0.003, schedule="cosine", max_epochs=2)
    double = start(mlp.init((784, 8, 10), seed=0, dtype=torch.float64), settings)
    (*_, done) = fit(double, get("tanh"), small_split, settings)
    state = double.state
    # as torch's own schedule has it
    rates = 0.003 * (1 + (torch.arange(20).double() / 20 * torch.pi).cos()) / 2
    for epoch in (0, 1):
        state, metrics = plain_epoch(
            get("tanh"),
            optimizer.named(spec),
            state,
            small_split.train,
            seed=settings.seed,
            epoch=epoch,
            rates=rates[10 * epoch : 10 * epoch + 10],
            batch_size=settings.batch_size,
        )
        assert done.history[epoch].loss == pytest.approx(metrics.loss.item() / 10, rel=1e-9)
        assert done.history[epoch].train_accuracy == metrics.correct.item() / 1000
    assert_trees_close(done.state, state, rtol=1e-9, atol=1e-9)


def test_logits_that_are_nan_answer_nothing(small_split):
    """Though the largest of NaN alone is the first, which some labels are."""
    params, images = mlp.init((784, 16, 10), seed=3), small_split.test
    last = params[-1]._replace(bias=torch.where(torch.arange(10) == 4, torch.nan, params[-1].bias))
    assert accuracy((params[0], last), get("tanh"), images) == 0
    one_is_infinite = torch.where(torch.arange(10) == 4, torch.inf, params[-1].bias)
    sure = (params[0], params[-1]._replace(bias=one_is_infinite))
    assert accuracy(sure, get("tanh"), images) == (images.labels == 4).double().mean().item()


def test_a_network_diverged_in_the_first_epoch_without_a_finite_loss_or_in_the_last():
    params = mlp.init((4, 3, 2), seed=0)
    fine = start(params, Settings())
    assert fine.diverged is None

    def after(*losses, weights=params):
        history = tuple(Epoch(n, loss, 0.5, 0.5, 1.0) for n, loss in enumerate(losses, 1))
        return fine._replace(history=history, state=fine.state._replace(params=weights))

    assert after(2.3, 1.0).diverged is None
    assert after(2.3, math.nan, math.nan).diverged == after(2.3, math.inf, 1.0).diverged == 2
    # the step after the last loss may be the one that is too long
    lost = (params[0], params[1]._replace(weight=params[1].weight * math.inf))
    assert after(2.3, 1.0, weights=lost).diverged == 2


def test_accuracy_is_the_modules(small_split):
    params, tanh = mlp.init((784, 16, 10), seed=3), get("tanh")
    many = Examples(
        small_split.train.images.repeat(3, 1, 1)[:2050], small_split.train.labels.repeat(3)[:2050]
    )
    right = module_of(params, torch.tanh)(normalise(many.images)).argmax(-1) == many.labels
    assert accuracy(params, tanh, many) == right.sum().item() / 2050
    parts = (small_split.validation, small_split.test)
    assert evaluate(params, tanh, small_split) == tuple(accuracy(params, tanh, p) for p in parts)


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
    tanh, settings = get("tanh"), replace(QUICK, max_epochs=1)
    double = start(mlp.init((784, 8, 10), seed=0, dtype=torch.float64), settings)
    (done,) = fit(double, tanh, small_split, settings)
    assert done.best[0].weight.dtype == torch.float64
    (single,) = fit(start(mlp.init((784, 8, 10), seed=0), settings), tanh, small_split, settings)
    torch.testing.assert_close(
        done.best[0].weight.float(), single.best[0].weight, rtol=1e-3, atol=1e-5
    )


@pytest.mark.full
def test_the_first_epochs_on_the_real_data(real_split):
    settings = Settings(max_epochs=3)
    progress = start(mlp.init((784, 512, 256, 256, 128, 10), seed=42), settings)
    *_, last = fit(progress, get("relu"), real_split, settings)
    assert last.best_accuracy > 0.82
