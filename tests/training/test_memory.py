"""What a member takes on paper is what a program has in memory; how many train at once."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from actfunc import get, mlp, tree
from actfunc.data import Examples
from actfunc.training import Program, State, make_step, memory, optimizer, sgd
from actfunc.training.memory import (
    Demand,
    demand,
    demand_of_a_graph,
    fitting,
    free_bytes,
    operations,
    validated_at_once,
    worthwhile,
)
from actfunc.training.order import batch_order

CPU = torch.device("cpu")
BATCH = 50
SIZES = ((784, 16, 8, 10), (784, 10), (784, 32, 10))
OPTIMIZERS = ("sgd", "sgd:momentum=0", "sgd:nesterov=true", "adam", "adamw:weight_decay=0.1")

sizes = st.lists(st.integers(1, 600), min_size=2, max_size=6)


def occupied(of: object) -> int:
    """Bytes of the storage under a tree's tensors: what a view shows twice is counted once."""
    storages = (leaf.untyped_storage() for leaf in tree.leaves(of))
    return sum({each.data_ptr(): each.nbytes() for each in storages}.values())


@pytest.mark.parametrize("spec", OPTIMIZERS)
def test_what_is_kept_is_what_a_programs_buffers_have(small_split, spec):
    for layers, dtype in zip(SIZES, (torch.float32, torch.float64, torch.float32), strict=True):
        check_kept(small_split, layers, spec, dtype)


def check_kept(small_split, layers, spec, dtype):
    members, method = 3, optimizer.named(spec)
    program = Program(
        [get("relu")], method, layers, small_split, batch_size=BATCH, slots=members, dtype=dtype
    )
    kept = occupied(program.state) + occupied(program.best)
    counted = members * demand(layers, method, BATCH, dtype).kept
    assert kept == counted
    # the largest part is what nobody can do without: the parameters, twice
    weights = sum((m + 1) * n for m, n in itertools.pairwise(layers)) * (
        torch.finfo(dtype).bits // 8
    )
    assert counted >= members * 2 * weights


def test_what_passes_is_gradients_and_what_layers_read_and_give():
    # 784 pixels are read, 16 are given and read, 10 are given
    found = demand((784, 16, 10), optimizer.named("sgd"), BATCH)
    weights = 4 * (785 * 16 + 17 * 10)
    assert found.passing == weights + 4 * BATCH * (784 + 2 * 16 + 10)
    assert found.total == found.kept + found.passing


@pytest.mark.parametrize("layers", SIZES)
def test_operations_are_those_that_torch_counts(layers):
    params, method = mlp.init(layers, seed=0), optimizer.named("sgd")
    batch = Examples(
        torch.zeros(BATCH, 28, 28, dtype=torch.uint8), torch.zeros(BATCH, dtype=torch.int64)
    )
    step = make_step(get("tanh"), method)
    with FlopCounterMode(display=False) as counted:
        step(State(params, method.init(params)), batch, torch.tensor(0.1))
    assert counted.get_total_flops() == operations(layers, BATCH)


@given(sizes, st.integers(1, 600))
def test_larger_networks_and_batches_train_fewer_at_a_time(layers, batch):
    worth = worthwhile(layers, batch, CPU)
    assert worth >= 1
    assert worthwhile([*layers[:-1], 600, layers[-1]], batch, CPU) <= worth
    assert worthwhile(layers, batch + 1, CPU) <= worth
    more = demand(layers, optimizer.named("sgd"), batch + 1)
    assert more.total > demand(layers, optimizer.named("sgd"), batch).total


def test_the_tutorials_network_trains_alone_on_a_core_and_small_ones_together():
    assert worthwhile((784, 512, 256, 256, 128, 10), 256, CPU) == 1
    assert worthwhile((784, 16, 10), 50, CPU) > 10


@given(st.integers(1, 2**40), st.integers(1, 2**40), st.integers(1, 64))
def test_members_fit_as_often_as_their_demand_goes_into_a_share(free, each, processes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "free_bytes", lambda device: free)
        number = fitting(Demand(each, 0), CPU, processes)
        room = memory.SHARE * free / processes
        assert number == 1 or number * each <= room * (1 + 1e-9)
        assert (number + 1) * each > room * (1 - 1e-9)
        assert fitting(Demand(each, each), CPU, processes) <= number
        assert fitting(Demand(each, 0), CPU, processes + 1) <= number


def test_free_memory_is_what_the_system_says_and_no_more_than_it_has(monkeypatch):
    import os

    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_bytes(CPU) <= whole
    monkeypatch.setattr(Path, "read_text", lambda *_: "MemFree: 1 kB\nMemAvailable:  2048 kB\n")
    assert free_bytes(CPU) == 2 * 2**20
    for missing in (lambda *_: "", lambda *_: (_ for _ in ()).throw(FileNotFoundError)):
        monkeypatch.setattr(Path, "read_text", missing)
        assert free_bytes(CPU) == whole


# On a GPU


class Peak(TorchDispatchMode):
    """The most bytes that lie under tensors made within it, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self.known: frozenset[int] = frozenset()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **kwargs or {})
        for one in made if isinstance(made, (tuple, list)) else (made,):
            if isinstance(one, torch.Tensor):
                storage = one.untyped_storage()
                if storage.data_ptr() not in self.known:
                    weak = StorageWeakRef(storage)
                    self._alive[weak.cdata] = weak, storage.nbytes()
        self._alive = {key: one for key, one in self._alive.items() if not one[0].expired()}
        self.bytes = max(self.bytes, sum(size for _, size in self._alive.values()))
        return made


@pytest.mark.parametrize("spec", ["sgd", "adam"])
@pytest.mark.parametrize("layers", [(784, 64, 32, 10), (784, 512, 256, 10)])
def test_what_a_graph_holds_is_what_an_eager_step_makes(small_split, one_thread, layers, spec):
    """An allocator never has less, and what is counted is not far more."""
    members, method = 2, optimizer.named(spec)
    program = Program([get("gelu")], method, layers, small_split, batch_size=BATCH, slots=members)
    peak = Peak()
    peak.known = frozenset(
        leaf.untyped_storage().data_ptr()
        for leaf in tree.leaves((program.state, program._order, program._rates, program._totals))
    )
    with peak:
        program._next()
    one = demand_of_a_graph(layers, method, BATCH, 1000, compiling=False)
    drawing = memory.DRAWN * 8 * 1000
    counted = members * (one.passing - drawing)
    assert peak.bytes <= counted <= 1.6 * peak.bytes


def test_an_order_is_drawn_in_no_more_than_is_counted(one_thread):
    seeds = torch.arange(3)
    with Peak() as peak:
        batch_order(seeds, seeds, 10_000, 100)
    assert peak.bytes <= 3 * memory.DRAWN * 8 * 10_000 <= 2 * peak.bytes


@pytest.mark.parametrize("in_order", [False, True])
def test_a_graph_holds_the_new_state_where_it_is_not_written_in_place(monkeypatch, in_order):
    monkeypatch.setattr(memory, "WRITES_IN_ORDER", in_order)
    layers, method = (784, 16, 10), optimizer.named("adam")
    weights = 4 * (785 * 16 + 17 * 10)
    plain = demand(layers, method, BATCH)
    held = demand_of_a_graph(layers, method, BATCH, 1000, compiling=True)
    assert held.kept == plain.kept + 4 * 1000
    beside = 0 if in_order else 3 * weights + 8
    assert held.passing == plain.passing + beside + memory.DRAWN * 8 * 1000


def test_a_validation_takes_no_more_than_a_step_and_is_not_cut_small():
    gpu, tutorials = torch.device("cuda", 0), (784, 512, 256, 256, 128, 10)
    assert validated_at_once(tutorials, 60, 256, CPU) == 256
    many, step = validated_at_once(tutorials, 10_000, 256, gpu), demand(tutorials, sgd(), 256)
    assert 256 < many * 4 * (784 + 2 * 512) <= step.passing
    # small ones in one go
    assert validated_at_once((784, 16, 10), 20, 256, gpu) >= 10_000 / 3
    assert validated_at_once((784, 4, 10), 10**9, 5000, gpu) == 5000


def test_what_torch_holds_of_a_gpu_and_nobody_uses_is_free(monkeypatch):
    told = {"mem_get_info": (700, 1000), "memory_reserved": 200, "memory_allocated": 50}
    for name, value in told.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, value=value: value)
    assert free_bytes(torch.device("cuda", 1)) == 850
