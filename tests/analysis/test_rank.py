"""The ranks: of matrices made with known singular values, and what they must not depend on."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap

from actfunc.analysis.rank import rank

pytestmark = pytest.mark.usefixtures("one_thread")


def with_singular_values(values: list[float], batch: int = 20, out: int = 12) -> torch.Tensor:
    """A centred (batch, out) matrix with these singular values, float64."""
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(batch, out, generator=generator, dtype=torch.float64)
    left = torch.linalg.qr(left - left.mean(0))[0][:, : len(values)]
    right = torch.linalg.qr(torch.randn(out, out, generator=generator, dtype=torch.float64))[0]
    return left @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ right[: len(values)]


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_k_equal_directions_have_rank_k(scale):
    for k in (1, 2, 12):
        found = rank(with_singular_values([scale] * k))
        assert found.effective.item() == pytest.approx(k)
        assert found.participation.item() == pytest.approx(k)


@settings(deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=12))
def test_by_the_definitions(values):
    shares = [value / sum(values) for value in values]
    wanted = math.exp(-sum(p * math.log(p) for p in shares))
    squares = [value**2 for value in values]
    spread = sum(squares) ** 2 / sum(square**2 for square in squares)
    found = rank(with_singular_values(values))
    assert found.effective.item() == pytest.approx(wanted, rel=1e-9)
    assert found.participation.item() == pytest.approx(spread, rel=1e-9)
    assert 1 - 1e-9 <= spread <= wanted * (1 + 1e-9) <= len(values) * (1 + 2e-9)


def test_neither_offset_scale_nor_rotation_counts():
    values = with_singular_values([5.0, 2.0, 1.0, 0.1])
    rotation = torch.linalg.qr(torch.randn(12, 12, dtype=torch.float64, generator=None))[0]
    for other in (values + torch.arange(12), 7 * values, values @ rotation, -values):
        for one, same in zip(rank(other), rank(values), strict=True):
            torch.testing.assert_close(one, same)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e30])
def test_what_does_not_vary_has_rank_0(constant):
    found = rank(torch.full((9, 5), constant) + torch.arange(5.0))
    assert (found.effective.item(), found.participation.item()) == (0.0, 0.0)


def test_over_a_stack_mapped_or_compiled():
    generator = torch.Generator().manual_seed(0)
    stack = torch.randn(3, 20, 8, generator=generator)
    compiled = torch.compile(rank, backend="aot_eager")
    for ranks in (rank(stack), vmap(rank)(stack), compiled(stack)):
        for index, values in enumerate(stack):
            for together, alone in zip(ranks, rank(values), strict=True):
                torch.testing.assert_close(together[index], alone)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_has_no_rank_and_does_not_touch_its_neighbours(value):
    stack = torch.randn(2, 20, 8, generator=torch.Generator().manual_seed(0))
    want = rank(stack[1])
    stack[0, 3, 2] = value
    for found, other in zip(rank(stack), want, strict=True):
        assert found[0].isnan()
        torch.testing.assert_close(found[1], other)
