"""Numbers of every kind that is one, and nothing else, wherever a number is taken."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from actfunc import data, mlp, number
from actfunc.analysis.depth import draw
from actfunc.analysis.lanczos import gaussian
from actfunc.analysis.propagation import measure
from actfunc.errors import UsageError
from actfunc.storage import prepare
from actfunc.training import Settings, adam, adamw, sgd
from actfunc.training.initialisation import drawn
from actfunc.training.initialisation import gaussian as gaussian_weights
from actfunc.training.schedule import cosine, warm_up
from tests.reference import assert_same

WHOLE = (
    3,
    np.int64(3),
    np.uint8(3),
    np.array(3),
    torch.tensor(3),
    torch.tensor(3, dtype=torch.int8),
)
REAL = (np.float64(0.25), np.float32(0.25), Fraction(1, 4), Decimal("0.25"), torch.tensor(0.25),
        torch.tensor(0.25, dtype=torch.float64), np.array(0.25))  # fmt: skip
NO_NUMBER = (True, np.True_, torch.tensor(True), "3", None, [3], (3,), np.array([3]),
             torch.tensor([3]), 3j, math.nan, math.inf, -math.inf, -3, -0.5, 10**999,
             Decimal("NaN"), Decimal("sNaN"), object)  # fmt: skip
NO_WHOLE = (3.0, 2.5, np.float64(3.0), torch.tensor(3.0), Fraction(6, 2), 2**80)

COUNTS = {
    "batch_size": lambda n: Settings(batch_size=n).batch_size,
    "max_epochs": lambda n: Settings(max_epochs=n).max_epochs,
    "patience": lambda n: Settings(patience=n).patience,
    "steps": warm_up,
    "depth": lambda n: draw(n, 2),
    "width": lambda n: draw(2, n),
    "networks": lambda n: measure(torch.tanh, 1.0, width=4, depth=2, networks=n),
    "sizes": lambda n: mlp.init((n, 2), seed=0),
    "examples": lambda n: data.load("silhouettes", examples=n),
}
SEEDS = {
    "Settings": lambda seed: Settings(seed=seed).seed,
    "mlp.init": lambda seed: mlp.init((3, 2), seed=seed),
    "drawn": lambda seed: drawn("linear", (3, 2), seed),
    "split": lambda seed: data.split(small(), seed),
    "depth": lambda seed: draw(2, 3, seed=seed),
    "lanczos": lambda seed: gaussian(torch.zeros(3), seed),
    "prepare": lambda seed: prepare(
        "silhouettes", seed=seed, device=torch.device("cpu"), examples=12
    ),
}
NUMBERS = {
    "learning_rate": lambda value: Settings(learning_rate=value).learning_rate,
    "momentum": lambda value: sgd(momentum=value),
    "weight_decay": lambda value: adamw(weight_decay=value),
    "beta1": lambda value: adam(beta1=value),
    "eps": lambda value: adam(eps=value),
    "final": lambda value: cosine(value),
    "gain": lambda value: gaussian_weights(value),
    "bias": lambda value: mlp.init((3, 2), seed=0, gain=1.0, bias=value),
}


def small():
    images = torch.zeros(12, 2, 2, dtype=torch.uint8)
    examples = data.Examples(images, torch.zeros(12, dtype=torch.int64))
    return data.Dataset("small", ("one",), examples, examples, "")


def refused(of, value):
    with pytest.raises(UsageError) as told:
        of(value)
    assert "\n" not in told.value.message
    assert len(told.value.message) < 300
    return told.value.message


def test_a_number_is_one_of_any_kind():
    for value in WHOLE:
        assert (number.as_number(value), type(number.as_number(value))) == (3, int)
    for value in REAL:
        assert (number.as_number(value), type(number.as_number(value))) == (0.25, float)


@pytest.mark.parametrize("name", COUNTS)
def test_what_counts_is_a_whole_number_of_any_kind(name):
    for value in WHOLE:
        COUNTS[name](value)
    for value in (*NO_NUMBER, *NO_WHOLE, 0):
        if (name, value) != ("examples", None):  # all
            assert name in refused(COUNTS[name], value)


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_is_a_whole_number_of_any_kind_from_0(name):
    wanted = SEEDS[name](3)
    for value in WHOLE:
        same = SEEDS[name](value)
        if isinstance(wanted, torch.Tensor):
            assert_same(same, wanted)
    SEEDS[name](0)
    for value in (*NO_NUMBER, *NO_WHOLE, 2**63):
        assert "seed" in refused(SEEDS[name], value)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_setting_is_a_number_of_any_kind_within_float32(name):
    for value in REAL:
        NUMBERS[name](value)
    for value in (*NO_NUMBER, 1e300):
        assert f"{name} must be" in refused(NUMBERS[name], value)


def test_what_float32_holds_not_is_no_rate():
    for value in (0, 1e-60, 5e-324, 3.5e38):
        assert "learning_rate must be a number" in refused(NUMBERS["learning_rate"], value)
    assert NUMBERS["learning_rate"](1e38) == 1e38


def test_settings_are_kept_as_plain_values():
    kept = Settings(
        learning_rate=np.float32(0.25), batch_size=np.int64(8), seed=torch.tensor(5),
        early_stopping=np.False_,
    )  # fmt: skip
    assert json.loads(json.dumps(asdict(kept))) == asdict(kept)
    assert kept == Settings(learning_rate=0.25, batch_size=8, seed=5, early_stopping=False)


@pytest.mark.parametrize("value", [1, 0, "yes", None, np.array([True])])
def test_what_is_true_or_false_is_nothing_else(value):
    for name, of in (
        ("early_stopping", lambda value: Settings(early_stopping=value)),
        ("nesterov", lambda value: sgd(nesterov=value)),
    ):
        assert f"{name} must be True or False" in refused(of, value)


@pytest.mark.parametrize("name", ["optimizer", "schedule", "init"])
def test_a_spec_is_text(name):
    for value in (None, 5, sgd(), ["sgd"]):
        assert "must be text" in refused(lambda value: Settings(**{name: value}), value)
