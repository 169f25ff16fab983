"""Histograms of a layer's values: none is cut off, and their area is the share of the values."""

from __future__ import annotations

import pytest
import torch

from actfunc.show.analysis import histogram_grid

LEFT, RIGHT = torch.tensor([-3.0, 0.0, 1.0, 1.0]), torch.tensor([-1.0, 0.0, 0.5, 2.0])


def test_a_symmetric_axis_reaches_as_far_as_the_longer_tail():
    figure = histogram_grid({"relu": [[(LEFT, "red")], [(RIGHT, "red")]]}, "it", symmetric=True)
    assert [axis.get_xlim() for axis in figure.axes] == [(-3, 3), (-2, 2)]


@pytest.mark.parametrize("symmetric", [False, True])
def test_all_values_are_within_the_axis(symmetric):
    cells = {name: [[(LEFT, "red")], [(RIGHT, "blue")]] for name in ("relu", "tanh")}
    figure = histogram_grid(cells, "it", symmetric)
    for axis, values in zip(figure.axes, [LEFT, RIGHT, LEFT, RIGHT], strict=True):
        low, high = axis.get_xlim()
        assert low <= values.min() < values.max() <= high
        [drawn] = axis.patches
        height, edges, _ = drawn.get_data()
        area = float((torch.as_tensor(height) * torch.as_tensor(edges).diff()).sum())
        # one of the four is exactly 0, and told in words
        assert area == pytest.approx(0.75)
        assert [text.get_text() for text in axis.texts] == ["25 % exactly 0"]
        assert 0 < height.max() < axis.get_ylim()[1]


def test_values_that_are_all_0_have_an_axis_all_the_same():
    figure = histogram_grid({"relu": [[(torch.zeros(3), "red")]]}, "it", symmetric=True)
    assert figure.axes[0].get_xlim() == (-1, 1)
