"""Watched neurons shown: every count of the last epoch, and every share of every epoch."""

from __future__ import annotations

import numpy as np
import pytest

from actfunc.show.neurons import KINDS
from actfunc.show.watched import watched_figure, watched_table
from tests.show.printing import printed


def line(epoch: int, *dead: int, undefined: int = 0) -> dict:
    layers = [
        {"neurons": 20, "dead": n, "saturated": n + 1, "linear": 2, "undefined": undefined}
        for n in dead
    ]
    return {"epoch": epoch, "layers": layers}


def test_the_table_has_the_last_epochs_counts():
    shown = printed(watched_table({"relu": [line(1, 0, 0), line(4, 3, 7)], "tanh": []}))
    rows = [" ".join(row.split()) for row in shown.splitlines()]
    assert "relu dead 3 7" in rows
    assert "saturated 4 8" in rows
    assert "epoch 4 linear 2 2" in rows
    assert "tanh not watched" in rows
    assert "undefined" not in shown
    assert "undefined 5 5" in " ".join(
        printed(watched_table({"a": [line(1, 0, 0, undefined=5)]})).split()
    )


@pytest.mark.parametrize("layers", [1, 4, 12])
def test_the_table_fits(layers):
    epochs = [line(50, *[11] * layers)]
    assert "…" not in printed(watched_table({"leaky_relu:negative_slope=0.01": epochs}))


@pytest.mark.parametrize("layers", [1, 3, 14])
def test_the_figure_has_a_panel_a_kind_and_a_line_a_layer_with_gaps(layers):
    epochs = [line(2, *range(layers)), line(3, *range(1, layers + 1)), line(5, *[4] * layers)]
    panels = watched_figure(epochs).axes
    assert len(panels) == len(KINDS)
    for axis, kind in zip(panels, KINDS, strict=True):
        assert len(axis.lines) == layers
        for index, drawn in enumerate(axis.lines):
            x, y = drawn.get_data()
            assert list(x) == [2, 3, 4, 5]
            shares = [100 * each["layers"][index][kind] / 20 for each in epochs]
            assert y[[0, 1, 3]] == pytest.approx(shares)
            assert np.isnan(y[2])


def test_undefined_neurons_are_drawn():
    panels = watched_figure([line(1, 0), line(2, 0, undefined=20)]).axes
    assert panels[-1].get_title(loc="left") == "undefined (NaN)"
    assert panels[-1].lines[0].get_ydata().tolist() == [0.0, 100.0]
