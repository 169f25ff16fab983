"""Products by oneDNN: the same numbers, taken where they are to be, and only there."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from actfunc import get, torch_private, tree
from actfunc.training import Program, optimizer
from actfunc.training.compile import compiled
from tests.training.plain import assert_trees_close, fresh

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch without oneDNN"),
]

LARGE = (1, 256, 256)


@pytest.fixture
def faster(monkeypatch):
    """Whatever the processor."""
    monkeypatch.setattr(torch_private, "onednn_is_faster", lambda: True)


def matrices(*shapes, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]


@pytest.mark.parametrize("right_as", [torch.Tensor.contiguous, lambda x: x.mT.contiguous().mT])
def test_the_product_is_that_of_float64(right_as):
    left, right = matrices((300, 210), (210, 470))
    exact = left.double() @ right.double()
    found = torch_private.product(left, right_as(right))
    torch.testing.assert_close(found.double(), exact, atol=1e-4, rtol=1e-5)


def test_a_large_product_of_float32_rows_on_the_cpu_is_taken():
    left, right = matrices(LARGE, LARGE)
    assert torch_private.takes(left, right)
    assert torch_private.takes(left[0], right[0])
    assert torch_private.takes(left, right.mT)


@pytest.mark.parametrize(
    "change",
    [
        lambda left, right: (left.mT, right),
        lambda left, right: (left.double(), right.double()),
        lambda left, right: (left.bfloat16(), right.bfloat16()),
        lambda left, right: (left[:, :-1], right),
        lambda left, right: (left, right[..., :-1]),
        lambda left, right: (left.expand(2, -1, -1), right.expand(2, -1, -1)),
        lambda left, right: (left.to("meta"), right.to("meta")),
    ],
    ids=["columns", "float64", "bfloat16", "few rows", "few columns", "two pairs", "elsewhere"],
)
def test_other_products_are_left_to_torch(change):
    assert not torch_private.takes(*change(*matrices(LARGE, LARGE)))


def taken(run) -> int:
    """How many products oneDNN computes in `run()`."""
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiler:
        run()
    return sum(each.count for each in profiler.key_averages() if each.key == "actfunc::product")


@pytest.mark.full
def test_the_compiler_takes_large_products_and_leaves_small_ones(faster):
    left, right, small = matrices(LARGE, LARGE, (1, 256, 3))
    function = compiled(lambda left, right, small: (left @ right).relu() @ right @ small)
    function(left, right, small)
    assert taken(lambda: function(left, right, small)) == 2
    exact = (left.double() @ right.double()).relu() @ right.double() @ small.double()
    torch.testing.assert_close(function(left, right, small).double(), exact, atol=1e-1, rtol=1e-4)


@pytest.mark.full
@pytest.mark.parametrize("slots", [1, 2])
def test_a_compiled_epoch_is_the_eager_one(small_split, faster, slots):
    """Of one network; of several at once torch computes the products."""

    def epoch(compiling: bool):
        sgd = optimizer.named("sgd")
        sizes, rates = (784, 256, 10), torch.full((3, slots, 1), 0.1)
        made = Program(
            [get("gelu")],
            sgd,
            sizes,
            small_split,
            batch_size=300,
            slots=slots,
            compiling=compiling,
        )
        start = fresh(sgd, *sizes[1:-1], seed=0)
        for slot in range(slots):
            made.put((slot, 0), tree.map(torch.clone, start), start.params)
        seeds = torch.zeros(slots, 1, dtype=torch.int64)
        metrics = made.epoch(seeds, seeds, rates)
        state = made.take((0, 0))
        # once it is compiled
        return metrics, state, taken(lambda: made.epoch(seeds, seeds, rates))

    metrics, state, count = epoch(compiling=True)
    # forward, and the gradient of the weights, in each of the steps
    assert count == (2 * 3 if slots == 1 else 0)
    eager_metrics, eager_state, none = epoch(compiling=False)
    assert none == 0
    assert_trees_close(state, eager_state, rtol=1e-4, atol=1e-5)
    assert_trees_close(metrics, eager_metrics, rtol=1e-4, atol=1e-5)


@pytest.mark.full
def test_where_it_is_not_faster_nothing_is_taken(monkeypatch):
    monkeypatch.setattr(torch_private, "onednn_is_faster", lambda: False)
    left, right = matrices(LARGE, LARGE)
    function = compiled(lambda left, right: left @ right)
    function(left, right)
    assert taken(lambda: function(left, right)) == 0


@pytest.mark.parametrize(
    ("capability", "vendor", "onednn", "want"),
    [
        ("AVX512", "AuthenticAMD", True, True),
        ("AVX2", "AuthenticAMD", True, False),
        ("AVX512", "GenuineIntel", True, False),
        ("AVX512", "AuthenticAMD", False, False),
    ],
)
@pytest.mark.parametrize("linux", [True, False])
def test_it_is_faster_on_amd_with_avx512(monkeypatch, capability, vendor, onednn, want, linux):
    def cpuinfo(self, **_):
        if not linux:
            raise FileNotFoundError(self)
        return f"processor\t: 0\nvendor_id\t: {vendor}\n"

    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: onednn)
    monkeypatch.setattr(Path, "read_text", cpuinfo)
    other = "unknown" if linux else f"AMD64 Family 25 Model 17 Stepping 1, {vendor}"
    monkeypatch.setattr(platform, "processor", lambda: other)
    assert torch_private.onednn_is_faster.__wrapped__() is want
