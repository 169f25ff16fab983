"""Histograms and summaries are numpy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap

from actfunc import get, mlp
from actfunc.analysis import backpropagate, distribution, histogram, summarise
from actfunc.analysis.summary import QUANTILES
from actfunc.data import normalise
from actfunc.errors import UsageError
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")
DTYPES = [torch.float32, torch.float64]


def drawn(kind: str, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(100, 77, generator=generator, dtype=torch.float64).to(dtype)
    return {
        "normal": normal,
        "rectified": normal.relu(),
        "tiny": normal * 1e-30,
        "far": normal + 1000,
        "few": (3 * normal).round(),
        "two": torch.tensor([0.1, 0.3], dtype=dtype),
        "one": torch.tensor(0.7, dtype=dtype),
        "equal": torch.full((5, 5), -3.0, dtype=dtype),
        "zeros": torch.zeros(9, dtype=dtype),
    }[kind]


KINDS = ["normal", "rectified", "tiny", "far", "few", "two", "one", "equal", "zeros"]


def assert_numpys(values: torch.Tensor, bins: int) -> None:
    counts, edges, *_ = histogram(values, bins)
    plain = values.numpy().ravel()
    # the counts between these very edges, and the edges against numpy's own
    assert counts.tolist() == np.histogram(plain, bins=edges.numpy())[0].tolist()
    assert counts.sum() == values.numel()
    wanted = np.histogram_bin_edges(plain.astype(np.float64), bins)
    room = 4 * torch.finfo(values.dtype).eps * max(1e-300, np.abs(wanted).max())
    np.testing.assert_allclose(edges.numpy(), wanted, rtol=0, atol=room)
    if plain.min() < plain.max():
        assert edges[0] == values.min()
        assert edges[-1] == values.max()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_histogram_is_numpys(kind, dtype):
    for bins in (1, 2, 100):
        assert_numpys(drawn(kind, dtype), bins)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32, allow_subnormal=False), min_size=1, max_size=40),
    st.integers(1, 60),
)
def test_any_histogram_counts_as_numpy_does(values, bins):
    counts, edges, *_ = histogram(torch.tensor(values), bins)
    assert counts.sum() == len(values)
    if torch.equal(edges, edges.unique()):  # bins narrower than the numbers have no inside
        assert counts.tolist() == np.histogram(np.float32(values), edges.numpy())[0].tolist()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_summary_is_numpys(kind, dtype):
    values = drawn(kind, dtype)
    plain, got = values.numpy().astype(np.float64).ravel(), summarise(values)
    close = {"rtol": 1e-5 if dtype == torch.float32 else 1e-12, "atol": 0}
    scale = max(np.abs(plain).max(), 1e-300)
    for name, want in {
        "mean": plain.mean(),
        "std": plain.std(),
        "norm": np.linalg.norm(plain),
        "zeros": (plain == 0).mean(),
    }.items():
        figure = getattr(got, name)
        assert figure.shape == ()
        assert figure.dtype == dtype
        # relative to the values, since the mean of what is centred is all cancellation
        np.testing.assert_allclose(
            figure.item(), want, rtol=close["rtol"],
            atol=close["rtol"] * (scale if name in ("mean", "std") else 0),
        )  # fmt: skip
    assert got.smallest.item() == plain.min()
    assert got.largest.item() == plain.max()
    np.testing.assert_allclose(
        got.quantiles.numpy(), np.quantile(plain, QUANTILES), rtol=close["rtol"],
        atol=close["rtol"] * scale,
    )  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, *DTYPES], ids=str)
def test_the_edges_are_finite_whatever_the_values_are(dtype):
    most = torch.finfo(dtype).max
    found = histogram(torch.tensor([-most, most, 0.0, most], dtype=dtype), 4)
    assert found.edges.tolist() == [-most, -most / 2, 0, most / 2, most]
    assert found.counts.tolist() == [1, 0, 1, 2]
    inf, nan = math.inf, math.nan
    found = histogram(torch.tensor([nan, 1.0, -inf, 2.0, inf, nan, inf, inf], dtype=dtype), 2)
    assert found.edges.tolist() == [1, 1.5, 2]
    assert [part.tolist() for part in found if part is not found.edges] == [[1, 1], 2, 1, 3]
    nothing = histogram(torch.tensor([nan, inf], dtype=dtype), 2)
    assert nothing.edges.tolist() == [-0.5, 0, 0.5]
    assert nothing.counts.tolist() == [0, 0]
    with pytest.raises(UsageError, match="bins must be a whole number"):
        histogram(torch.ones(3), 0)


@pytest.mark.parametrize("figures", [histogram, summarise])
def test_no_values_have_no_figures(figures):
    for odd in (torch.ones(0), torch.ones(3).bool(), torch.arange(3), torch.ones(2) * 1j, [1.0]):
        with pytest.raises(UsageError, match="values must be"):
            figures(odd)


def test_both_map_over_a_batch():
    values = drawn("normal", torch.float64)
    counts, edges, *_ = vmap(lambda row: histogram(row, 10))(values)
    figures = vmap(summarise)(values)
    for index, row in enumerate(values):
        alone = histogram(row, 10)
        assert_same(counts[index], alone.counts)
        assert_same(edges[index], alone.edges)
        for one, other in zip(figures, summarise(row), strict=True):
            torch.testing.assert_close(one[index], other)


def test_the_histograms_of_a_network_are_plain_numpys(small_split):
    record, params = get("relu"), mlp.init((784, 64, 48, 10), seed=42)
    batch = small_split.train.first(256)
    images = normalise(batch.images)
    for layer in backpropagate(params, record, images, batch.labels):
        assert_numpys(layer.weight, 50)
        assert_numpys(layer.signal, 50)
    for layer in distribution(params, record, images):
        assert_numpys(layer.pre, 50)
        assert_numpys(layer.post, 50)
