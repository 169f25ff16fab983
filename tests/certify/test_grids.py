"""Where an activation is judged: on both sides of every spot."""

from __future__ import annotations

import math

import pytest
import torch

from actfunc import Activation
from actfunc.certify.grids import STEPS, grid, with_neighbours


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_floats_next_to_a_point_are_taken_on_both_sides(dtype):
    points = torch.tensor([-0.3, 1.0, 7e5], dtype=dtype)
    wanted = set(points.tolist())
    for end in (-math.inf, math.inf):
        at = points
        for _ in range(STEPS):
            at = torch.nextafter(at, torch.full_like(at, end))
            wanted |= set(at.tolist())
    assert len(wanted) == 3 * (1 + 2 * STEPS)
    assert set(with_neighbours(points).tolist()) == wanted


def test_a_sign_that_changes_between_two_points_is_looked_at_from_both_sides():
    crossing = 0.123456789
    own = Activation.from_function(lambda x: x - crossing, "own")
    x = grid(own, torch.float64)
    below, above = x[x < crossing][-1], x[x > crossing][0]
    assert above - below <= 2 * torch.finfo(torch.float64).eps
