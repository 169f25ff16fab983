"""Training shown: every accuracy in its column, every curve with a dot where it is best."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actfunc.show.training import accuracy_table, curves_figure, runs_table
from actfunc.training import Accuracy, Epoch
from tests.show.printing import printed


def history(*accuracies: float) -> list[Epoch]:
    """Epochs of these validation accuracies; an epoch takes as many seconds as its number."""
    return [Epoch(n, 2.3, 0.1, accuracy, n) for n, accuracy in enumerate(accuracies, 1)]


HISTORIES = {"relu": history(0.5, 0.75, 0.625), "tanh": history(0.5, 0.5, 0.875, 0.75)}


def test_a_curve_goes_through_its_epochs_and_its_dot_is_on_the_best():
    (axis,) = curves_figure(HISTORIES).axes
    curves = [line for line in axis.lines if line.get_marker() != "o"]
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    for curve, dot, told in zip(curves, dots, HISTORIES.values(), strict=True):
        accuracies = [100 * epoch.validation_accuracy for epoch in told]
        assert list(curve.get_xdata()) == [epoch.epoch for epoch in told]
        assert list(curve.get_ydata()) == accuracies
        [at], [best] = dot.get_data()
        assert best == max(accuracies) == accuracies[at - 1]
        assert dot.get_color() == curve.get_color()
    assert [curve.get_label() for curve in curves] == ["relu 75.0", "tanh 87.5"]


def test_of_equal_bests_the_first_is_marked():
    (axis,) = curves_figure({"relu": history(0.5, 0.75, 0.75)}).axes
    [dot] = [line for line in axis.lines if line.get_marker() == "o"]
    assert list(dot.get_xdata()) == [2]


def test_who_does_not_learn_has_a_panel_of_its_own():
    upper, lower = curves_figure(HISTORIES | {"sigmoid": history(0.1, 0.1)}).axes
    low, high = upper.get_ylim()
    assert low > 10 < 75 < 87.5 < high
    # all of each line, so that the first epochs of those that learn are not cut off
    low, high = lower.get_ylim()
    assert low <= 10 < 87.5 < high


def test_runs_and_accuracies_stand_in_their_columns():
    def run(now, best, at, told, diverged=None):
        progress = SimpleNamespace(
            best_accuracy=best, best_epoch=at, history=told, diverged=diverged
        )
        return SimpleNamespace(progress=progress, epochs_now=now)

    runs = {
        "relu": run(3, 0.75, 2, HISTORIES["relu"]),
        "tanh": run(0, 0.875, 3, HISTORIES["tanh"]),
        "elu": run(1, 0.5, 1, history(0.5, 0.25)),
        "mish": run(2, 0.5, 1, history(0.5, 0.0), diverged=2),
        "gelu": run(1, 0.0, 1, history(0.0), diverged=1),
    }
    test = {"relu": 0.5, "tanh": 0.25, "elu": 0.125, "mish": 0.75, "gelu": None}
    table = printed(runs_table(runs, test))
    rows = [line.split() for line in table.splitlines() if "%" not in line and "." in line]
    assert rows == [
        ["relu", "75.00", "50.00", "2", "3", "6.0"],
        ["tanh", "87.50", "25.00", "3", "4", "10.0", "found", "trained"],
        ["elu", "50.00", "12.50", "1", "2", "3.0", "1", "now"],
        ["mish", "50.00", "75.00", "1", "2", "3.0", "diverged,", "epoch", "2"],
        ["gelu", "–", "–", "1", "1", "1.0", "diverged,", "epoch", "1"],
    ]
    text = printed(accuracy_table({"relu": Accuracy(validation=0.885, test=0.8725)}))
    assert text.index("validation") < text.index("test")
    assert ["relu", "88.50", "87.25"] in [line.split() for line in text.splitlines()]
    assert ["relu", "–", "–"] in [
        line.split() for line in printed(accuracy_table({"relu": None})).splitlines()
    ]


@pytest.mark.parametrize("title", ["", "a title"])
def test_the_title_is_that_of_the_figure(title):
    figure = curves_figure(HISTORIES, title)
    assert figure.get_suptitle() == title
