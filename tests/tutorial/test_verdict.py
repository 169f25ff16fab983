"""What counts as agreeing with a published figure."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actfunc.training import Accuracy
from actfunc.tutorial import published, verdict


def study(test=None, *, dataset="FashionMNIST", train=50_000, seed=42, pretrained=False, dead=None):
    """As much of a study as a verdict looks at; `test` in percent, as it is published."""
    accuracy = {name: Accuracy(0.0, value / 100) for name, value in (test or {}).items()}
    labels = range(train)
    work = SimpleNamespace(
        dataset=SimpleNamespace(name=dataset),
        split=SimpleNamespace(train=SimpleNamespace(labels=labels)),
        seed=seed,
    )
    return SimpleNamespace(work=work, accuracy=accuracy, pretrained=pretrained, dead=dead or {})


@pytest.mark.parametrize(
    ("name", "ours", "pretrained", "held", "word"),
    [
        ("tanh", 87.59, True, True, "as published"),
        ("tanh", 87.58, True, False, "differs by -0.01"),
        ("tanh", 88.05, False, True, "+0.46"),
        ("tanh", 85.58, False, False, "-2.01, over 2 points"),
        ("sigmoid", 10.0, False, True, "as published"),
        ("sigmoid", 13.02, False, True, "near chance"),
        ("sigmoid", 10.0, True, True, "as published"),
        ("sigmoid", 78.46, False, False, "leaves chance"),
    ],
)
def test_accuracy(name, ours, pretrained, held, word):
    judged = verdict.of_test_accuracy(study({name: ours}, pretrained=pretrained), name)
    assert judged == (word, held)


def test_what_differs_is_named():
    right, dead = dict(published.TEST_ACCURACY), dict(published.DEAD_NEURONS)
    assert verdict.differing(study(right, pretrained=True, dead=dead)) == []
    wrong = study(right | {"elu": 50.0}, pretrained=True, dead=dead | {"deep": [0] * 10})
    assert verdict.differing(wrong) == ["elu", "dead neurons, deep"]


@pytest.mark.parametrize("other", [{"dataset": "silhouettes"}, {"train": 500}, {"seed": 1}])
def test_other_data_or_another_seed_is_not_compared(other):
    assert verdict.of_test_accuracy(study({"tanh": 87.59}, **other), "tanh").held is None


@pytest.mark.parametrize("network", published.DEAD_NEURONS)
def test_dead_neurons(network):
    right = published.DEAD_NEURONS[network]
    wrong = [*right[:-1], right[-1] + 1]
    assert verdict.of_dead_neurons(study(dead={network: right}), network).held is True
    judged = verdict.of_dead_neurons(study(dead={network: wrong}, pretrained=True), network)
    assert judged.held is False
    anew = verdict.of_dead_neurons(study(dead={network: wrong}), network)
    assert anew.held is (None if network == "trained" else False)
