"""The settings: what they accept, what they mean, and when a run stops by its patience."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from actfunc.errors import UnknownNameError, UsageError
from actfunc.training import Settings
from tests.reference import tutorials_loop

SCORES = st.lists(st.integers(0, 6).map(lambda n: n / 6), min_size=1, max_size=40)


@checks(max_examples=150)
@given(SCORES, st.integers(1, 9))
def test_the_patience_ends_where_the_tutorials_loop_breaks(scores, patience):
    settings = Settings(patience=patience)
    ran, saved = tutorials_loop(scores, len(scores), patience)
    stopped = settings.stops_after(scores)
    if ran < len(scores):
        assert stopped == ran
    else:
        # at the very end, where the loop ends anyway
        assert stopped == (ran if ran - saved >= patience else None)
    assert stopped == replace(settings, early_stopping=False).stops_after(scores)


@given(SCORES, SCORES, st.integers(1, 9))
def test_where_it_stopped_no_longer_depends_on_what_comes(scores, more, patience):
    settings = Settings(patience=patience)
    stopped = settings.stops_after(scores)
    if stopped is not None:
        assert settings.stops_after(scores + more) == stopped
    assert settings.stops_after([]) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("learning_rate", "batch_size", "max_epochs", "patience")
     for value in (0, -1, float("nan"), float("inf"), "7", None)]
    + [("seed", -1)]
    + [(name, 2.5) for name in ("batch_size", "max_epochs", "patience", "seed")],
)  # fmt: skip
def test_settings_that_mean_nothing_are_an_error(name, value):
    with pytest.raises(UsageError, match=f"{name} must be a .*number.*, got {value!r}"):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("optimizer", "sgd:momentum=-0.1", "momentum must be .*, got -0.1"),
        ("optimizer", "sgd:momentum=nan", "'momentum' of 'sgd:momentum=nan' must be"),
        ("optimizer", "sgd:momentum=0,nesterov=true", "nesterov needs a momentum above 0"),
        ("optimizer", "adamw:beta3=0.5", "no setting named 'beta3'"),
        ("schedule", "cosine:final=2", "final must be from 0 to 1, got 2"),
        ("schedule", "warm_up:steps=0", "steps must be .*, 1 or more, got 0"),
    ],
)
def test_specs_that_mean_nothing_are_an_error(name, value, said):
    with pytest.raises(UsageError, match=said):
        Settings(**{name: value})


@pytest.mark.parametrize("name", ["optimizer", "schedule"])
def test_unknown_specs_are_an_error_with_what_there_is(name):
    with pytest.raises(UnknownNameError, match=f"no {name} named 'nosuch'"):
        Settings(**{name: "nosuch"})


def test_two_spellings_of_one_choice_are_equal_settings():
    assert Settings(optimizer="SGD") == Settings(optimizer="sgd:momentum=0.9") == Settings()
    assert Settings(schedule="Warm-Up:steps=3") == Settings(
        schedule="warm_up:steps=3,then=constant"
    )
    assert Settings(optimizer="sgd:momentum=0.8") != Settings()
