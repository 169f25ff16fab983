"""The order of the batches: SplitMix64's, a fair permutation, of seed and epoch alone."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor
from torch.func import vmap

from actfunc.errors import UsageError
from actfunc.training import batch_order
from actfunc.training.order import steps_an_epoch

SEEDS = st.integers(0, 2**63 - 1)
EPOCHS = st.integers(0, 10**6)


def order(seed, epoch, examples: int, batch_size: int = 1) -> Tensor:
    return batch_order(torch.as_tensor(seed), torch.as_tensor(epoch), examples, batch_size)


# The algorithm, in Python's integers

GOLDEN = 0x9E3779B97F4A7C15


def splitmix64(state: int) -> int:
    """The number that SplitMix64 gives from a state, by Steele, Lea and Flood's listing."""
    z = (state + GOLDEN) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def plain_order(seed: int, epoch: int, examples: int) -> list[int]:
    """The positions in the order of the stream's numbers, which count as signed."""
    stream = splitmix64((splitmix64(seed) + epoch) % 2**64)
    drawn = [splitmix64((stream + k * GOLDEN) % 2**64) for k in range(examples)]
    return sorted(range(examples), key=lambda k: (drawn[k] + 2**63) % 2**64)


def test_the_generator_is_splitmix64():
    # what the authors' generator gives from seed 0, as every implementation of it has
    assert [splitmix64(k * GOLDEN % 2**64) for k in range(3)] == [
        0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F
    ]  # fmt: skip


@settings(deadline=None)
@given(SEEDS, EPOCHS, st.integers(1, 300))
def test_the_order_is_that_of_the_hashes_in_whole_numbers(seed, epoch, examples):
    assert order(seed, epoch, examples).flatten().tolist() == plain_order(seed, epoch, examples)


# A permutation


@settings(deadline=None)
@given(SEEDS, EPOCHS, st.integers(1, 500), st.data())
def test_an_epoch_shows_each_image_once_and_drops_the_partial_batch(seed, epoch, examples, data):
    batch = data.draw(st.integers(1, examples))
    batches = order(seed, epoch, examples, batch)
    assert batches.shape == (steps_an_epoch(examples, batch), batch)
    assert batches.dtype == torch.int32
    whole = order(seed, epoch, examples).flatten()
    assert torch.equal(whole.sort().values, torch.arange(examples, dtype=torch.int32))
    # the size of the batches cuts the order and does not change it
    assert torch.equal(batches.flatten(), whole[: batches.numel()])


@pytest.mark.parametrize(("examples", "batch"), [(50_000, 256), (60_000, 1000), (1099, 100)])
def test_the_order_of_whole_data_sets(examples, batch):
    batches = order(42, 0, examples, batch).flatten()
    assert len(batches) == examples // batch * batch
    assert batches.unique().numel() == len(batches)
    assert (batches.min() >= 0) & (batches.max() < examples)


# Of seed and epoch, and of nothing else


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(SEEDS, EPOCHS), min_size=6, max_size=6))
def test_a_members_order_is_the_same_alone_in_a_stack_and_mapped(members):
    seeds, epochs = torch.tensor(members).unbind(1)
    alone = torch.stack([order(seed, epoch, 64, 10) for seed, epoch in members])
    assert torch.equal(batch_order(seeds, epochs, 64, 10), alone)
    stacked = batch_order(seeds.view(2, 3), epochs.view(2, 3), 64, 10)
    assert torch.equal(stacked, alone.view(2, 3, 6, 10))
    assert torch.equal(vmap(lambda s, e: batch_order(s, e, 64, 10))(seeds, epochs), alone)


def test_no_two_seeds_and_epochs_have_an_order_in_common():
    # neighbours, sums and products that coincide, and the ends of what a seed may be
    seeds = torch.tensor([*range(40), 1_000_003, 2**31, 2**32, 2**62, 2**63 - 2, 2**63 - 1])
    orders = batch_order(seeds[:, None], torch.arange(40), 100, 100)
    assert len({tuple(each) for each in orders.view(-1, 100).tolist()}) == 40 * len(seeds)


def test_the_global_generator_neither_matters_nor_moves():
    torch.manual_seed(0)
    first = order(0, 0, 100)
    drawn = torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(3))
    assert torch.equal(order(0, 0, 100), first)


# Fair: the hash is fixed, so these come out the same each time

UNLIKELY = 1e-3
"""What a fair order would give once in a thousand."""


def fair(seen: Tensor, cells: int) -> bool:
    counts = Counter(seen.tolist())
    return stats.chisquare([counts[cell] for cell in range(cells)]).pvalue > UNLIKELY


@pytest.mark.parametrize("position", [0, 1, 12, 24])
def test_any_image_is_as_likely_in_any_place(position):
    by_seed = batch_order(torch.arange(5000), torch.tensor(0), 25, 25)[:, 0, position]
    by_epoch = batch_order(torch.tensor(42), torch.arange(5000), 25, 25)[:, 0, position]
    assert fair(by_seed, 25)
    assert fair(by_epoch, 25)
    # and an order that is not fair would be seen
    assert not fair(by_seed.where(by_seed != 7, 8), 25)


def test_epochs_seeds_and_places_tell_nothing_of_each_other():
    numbers = torch.arange(10_000)
    epochs = batch_order(torch.tensor(3), numbers, 10, 10)[:, 0]
    seeds = batch_order(numbers, torch.tensor(3), 10, 10)[:, 0]
    for first in (epochs[:, 0], seeds[:, 0]):
        assert fair(10 * first[:-1] + first[1:], 100)
    first, second = epochs[:, 0], epochs[:, 1]
    # of an order's first two, the second has nine places left
    assert fair(9 * first + second - (second > first).int(), 90)


# What cannot be ordered


@pytest.mark.parametrize("batch", [101, 256])
def test_a_batch_of_more_than_there_is_says_so(batch):
    said = f"batch_size {batch} is more than the 100 training images"
    with pytest.raises(UsageError, match=said):
        order(0, 0, 100, batch)
    with pytest.raises(UsageError, match=said):
        steps_an_epoch(100, batch)
