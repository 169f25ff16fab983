"""A sketch of values that stream past tells what all the values at once would."""

from __future__ import annotations

import math

import pytest
import torch
from torch.func import vmap

from actfunc import tree
from actfunc.analysis import Histogram, histogram, summarise
from actfunc.analysis.sketch import Sketch, add, nothing
from tests.analysis.test_summary import DTYPES, KINDS, drawn
from tests.reference import assert_same, needs_vmap_of_bits

pytestmark = pytest.mark.usefixtures("one_thread")
RESOLUTION = 1 / 128


def sketch_of(values: torch.Tensor, batch: int = 1000) -> Sketch:
    found = nothing(values.new_zeros(()))
    for part in values.reshape(-1, 1).split(batch):
        found = add(found, part)
    return found


def assert_cut_bins_only(found: Histogram, values: torch.Tensor) -> None:
    """What lies under an edge is as many as do, but for those in the sketch's bin that it cuts."""
    inner = found.edges[1:-1].double()
    width = RESOLUTION * inner.abs() + torch.finfo(torch.float32).tiny
    ordered = values.flatten().double().sort().values
    below = found.counts.cumsum(0)[:-1]
    assert (below >= torch.searchsorted(ordered, inner - width)).all()
    assert (below <= torch.searchsorted(ordered, inner + width, right=True)).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_summary_is_that_of_all_values(kind, dtype):
    values = drawn(kind, dtype)
    got, want = sketch_of(values).summary(), summarise(values)
    for exact in ("smallest", "largest", "zeros"):
        assert_same(getattr(got, exact), getattr(want, exact))
    size = float(values.abs().max())
    for near in ("mean", "std"):
        torch.testing.assert_close(
            getattr(got, near), getattr(want, near), rtol=1e-5, atol=2e-8 * size
        )
    torch.testing.assert_close(got.norm, want.norm, rtol=1e-5, atol=0.0)
    if values.numel() > 1000:  # of few values a quantile lies between two that are far apart
        # a quantile near 0 moves by the distance to its neighbours, which is not its size
        room = 2e-3 * float(want.std)
        torch.testing.assert_close(got.quantiles, want.quantiles, rtol=RESOLUTION, atol=room)
    else:
        assert (got.quantiles >= want.smallest).all()
        assert (got.quantiles <= want.largest).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_histogram_errs_by_no_more_than_the_bins_that_its_edges_cut(kind, dtype):
    values = drawn(kind, dtype)
    sketch = sketch_of(values)
    for bins in (1, 2, 60):
        got, want = sketch.histogram(bins), histogram(values, bins)
        torch.testing.assert_close(got.edges, want.edges)
        assert got.counts.sum() == values.numel()
        assert (got.counts >= 0).all()
        assert_cut_bins_only(got, values)


def test_batches_do_not_matter():
    values = drawn("normal", torch.float32)
    whole = sketch_of(values)
    for batch in (1, 64, 10_000):
        part = sketch_of(values, batch)
        assert torch.equal(part.counts, whole.counts)
        assert torch.equal(part.smallest, whole.smallest)
        torch.testing.assert_close(part.square, whole.square)


def test_a_value_falls_into_the_bin_between_whose_edges_it_lies():
    """One value of each size and sign alone: its bin's edges are around it and near."""
    sizes = torch.logspace(-37, 38, 400, base=10, dtype=torch.float64).float()
    for value in torch.cat([sizes, -sizes, torch.tensor([0.0, -0.0])]):
        found = sketch_of(torch.stack([value, torch.tensor(-3e38), torch.tensor(3e38)]))
        [place] = set(found.counts.nonzero().flatten().tolist()) - {
            int(sketch_of(end.reshape(1)).counts.argmax()) for end in torch.tensor([-3e38, 3e38])
        }
        edges = found._edges()
        low, high = float(edges[place]), float(edges[place + 1])
        assert low <= float(value) <= high
        assert high - low <= max(RESOLUTION * abs(float(value)) * 1.001, 1e-40)


def test_of_nothing_but_zeros_and_of_nothing_finite():
    zeros = sketch_of(torch.tensor([0.0, -0.0, 0.0])).summary()
    assert zeros.quantiles.tolist() == [0.0] * 5
    assert (float(zeros.std), float(zeros.zeros)) == (0.0, 1.0)
    for bad in (math.nan, math.inf, -math.inf):
        found = sketch_of(torch.tensor([1.0, bad, 2.0])).summary()
        assert not (found.mean.isfinite() & found.norm.isfinite())


def test_a_histogram_has_finite_edges_and_tells_what_is_not_finite_apart():
    inf, nan = math.inf, math.nan
    for values in (
        [3e38, -3e38, 1.0],
        [nan, 1.0, -inf, 3.0, inf, nan, inf],
        [nan, -inf],
        [3e38, inf],
    ):
        values = torch.tensor(values)
        got, want = sketch_of(values).histogram(4), histogram(values, 4)
        torch.testing.assert_close(got.edges, want.edges, rtol=RESOLUTION, atol=0)
        assert got.counts.sum() == want.counts.sum()
        assert [int(part) for part in got[2:]] == [int(part) for part in want[2:]]


@pytest.mark.parametrize("way", ["vmap", "stack"])
def test_members_side_by_side_are_members_one_by_one(way):
    values = torch.randn(3, 40, 7, generator=torch.Generator().manual_seed(0))
    if way == "vmap":
        needs_vmap_of_bits()

    def both(part):
        return add(add(nothing(part[..., 0, 0]), part[..., :25, :]), part[..., 25:, :])

    alone = [both(part) for part in values]
    together = vmap(both)(values) if way == "vmap" else both(values)
    for index, one in enumerate(alone):
        for name, leaf in one._asdict().items():
            found = getattr(together, name)
            torch.testing.assert_close(found[index] if found.ndim > leaf.ndim else found, leaf)


def test_it_is_pure_and_compiles():
    values = torch.randn(40, 7, generator=torch.Generator().manual_seed(0))
    before = nothing(values[0, 0])
    after = torch.compile(add, fullgraph=True, backend="aot_eager")(before, values)
    for one, other in zip(tree.leaves(after), tree.leaves(add(before, values)), strict=True):
        torch.testing.assert_close(one, other)
    assert not before.counts.any()
    assert before.seen == 0
