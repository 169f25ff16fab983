"""The same results on a GPU as on the CPU; skipped where there is none."""

from __future__ import annotations

import pytest
import torch

from actfunc import CATALOGUE, get, mlp, tree
from actfunc.analysis import backpropagate, dead_neurons
from actfunc.certify import certify, parse
from actfunc.certify.audited import elsewhere
from actfunc.certify.check import BOUNDS, measured
from actfunc.certify.exhaustive import judge_chunk
from actfunc.certify.grids import grid
from actfunc.certify.oracle import truth
from actfunc.data import normalise
from actfunc.storage import WorkingSet, run
from actfunc.training import Program, Settings, accuracy, adam, batch_order, evaluate, sgd
from actfunc.training.members import train_members
from actfunc.training.memory import IN_ANY_CASE, demand_of_a_graph
from tests.records import each
from tests.training.plain import assert_trees_close
from tests.training.test_members import MEMBERS, NAMES, QUICK, starting

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def on_gpu(tree_of_tensors):
    return tree.map(lambda leaf: leaf.cuda(), tree_of_tensors)


catalogue = each(CATALOGUE.values())


@catalogue
def test_records_hold_on_a_gpu(record):
    formula = parse(record.formula, tuple(record.params))
    for dtype in (torch.float64, torch.float32):
        x = grid(record, dtype)
        there = x.cuda()
        siblings = [sibling(there) for sibling in (record.f, record.df, record.d2f)]
        errors = measured([part.cpu() for part in siblings], truth(formula, x, record.params), x)
        assert (errors.amax(1) <= torch.tensor(BOUNDS)).all()
        assert torch.equal(torch.func.vmap(torch.func.grad(record))(there), siblings[1])


@catalogue
def test_a_block_of_all_floats_holds_on_a_gpu(record):
    for start in (0x3F800000, 0xC0000000):
        found = judge_chunk(record, start, 2**20, torch.device("cuda"))
        assert found.beyond == (0, 0, 0)
        assert found.deaf == 0


def test_weights_are_the_same_bits():
    there = mlp.init((784, 16, 10), seed=42, device="cuda")
    here = mlp.init((784, 16, 10), seed=42)
    assert all(tree.leaves(tree.map(lambda a, b: torch.equal(a.cpu(), b), there, here)))


def test_pixels_are_the_same_bits(small_split):
    images = small_split.train.images
    assert torch.equal(normalise(images.cuda()).cpu(), normalise(images))


# Training


def test_batches_come_in_the_same_order():
    seeds, epochs = torch.tensor([[0, 42, 2**63 - 1]]), torch.tensor([[0, 7, 10**6]])
    here = batch_order(seeds, epochs, 50_000, 256)
    assert torch.equal(batch_order(seeds.cuda(), epochs.cuda(), 50_000, 256).cpu(), here)


def program(split, optimizer, *, compiling: bool = False, device: str = "cuda") -> Program:
    """Two slots of each of the activations that `MEMBERS` have."""
    return Program(
        [get(name) for name in NAMES],
        optimizer,
        mlp.sizes(starting(MEMBERS[0]).progress.best),
        on_gpu(split) if device == "cuda" else split,
        batch_size=QUICK.batch_size,
        slots=2,
        compiling=compiling,
    )


@pytest.mark.parametrize("compiling", [False, pytest.param(True, marks=pytest.mark.full)])
@pytest.mark.parametrize("optimizer", [sgd(), adam(eps=1e-3)], ids=["sgd", "adam"])
def test_an_epoch_of_a_program_is_the_cpus(small_split, optimizer, compiling):
    here, there = (
        program(small_split, optimizer, compiling=compiling, device=device)
        for device in ("cpu", "cuda")
    )
    seeds, epochs = torch.tensor([[1, 2], [3, 4]]), torch.zeros(2, 2, dtype=torch.int64)
    rates = torch.full((here.steps, 2, 2), 0.01)
    told = []
    want = here.epoch(seeds, epochs, rates)
    got = there.epoch(seeds, epochs, rates, lambda done, total: told.append((done, total)))
    assert told == [(there.steps, there.steps)]
    assert all(metric.device.type == "cpu" for metric in got)
    assert_trees_close(got.loss, want.loss, rtol=1e-3, atol=0)
    state, wanted = (made.take((1, 0))[0] for made in (there, here))
    assert_trees_close(tree.map(torch.Tensor.cpu, state), wanted, rtol=1e-3, atol=1e-3)


def ends(split, compiling: bool):
    """Where five members end in four slots, their histories by index."""
    made, found = program(split, sgd(), compiling=compiling), {}
    starts = [starting(who) for who in MEMBERS]
    for running in train_members(made, starts, QUICK):
        found.update({member.index: member.progress for member in running})
    return [found[index] for index in range(len(MEMBERS))]


@pytest.mark.parametrize("compiling", [False, pytest.param(True, marks=pytest.mark.full)])
def test_a_graph_replayed_is_the_loop_it_was_captured_from(small_split, monkeypatch, compiling):
    """Over several epochs, with members that move in after others."""
    replayed = ends(small_split, compiling)
    with monkeypatch.context() as patch:
        patch.setattr(Program, "_replay", Program._run)
        looped = ends(small_split, compiling)
    for got, want in zip(replayed, looped, strict=True):
        assert len(got.history) == len(want.history) == QUICK.max_epochs
        for one, other in zip(got.history, want.history, strict=True):
            assert one.loss == pytest.approx(other.loss, rel=1e-4)
            assert one.validation_accuracy == pytest.approx(other.validation_accuracy, abs=0.01)
        assert_trees_close(got[:2], want[:2], rtol=1e-3, atol=1e-4)


def test_a_program_outlives_another(small_split):
    """What the end of one gives back is nothing that the other's graphs point to."""
    seeds, rates = torch.tensor([[1, 2], [3, 4]]), torch.full((4, 2, 2), 0.01)
    first, second = (program(small_split, sgd()) for _ in range(2))
    want = first.epoch(seeds, seeds, rates)
    second.epoch(seeds, seeds, rates)
    del first
    torch.cuda.empty_cache()
    junk = [torch.full((2**20,), torch.nan, device="cuda") for _ in range(64)]
    again = program(small_split, sgd())
    got = again.epoch(seeds, seeds, rates)
    assert_trees_close(got.loss, want.loss, rtol=1e-4, atol=0)
    assert second.epoch(seeds, seeds + 1, rates).loss.isfinite().all()
    assert len(junk) == 64


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one CUDA device")
@pytest.mark.parametrize("compiling", [False, True])
def test_a_program_trains_on_another_gpu_than_the_current_one(small_split, compiling):
    there = tree.map(lambda leaf: leaf.to("cuda:1"), small_split)
    made = Program([get("gelu")], sgd(), (784, 8, 10), there, batch_size=100, compiling=compiling)
    once = torch.zeros(1, 1, dtype=torch.int64)
    losses = [made.epoch(once, once + k, torch.full((10, 1, 1), 0.05)).loss for k in range(3)]
    assert losses[0] > losses[1] > losses[2] > 0
    assert torch.cuda.current_device() == 0


@pytest.mark.parametrize("compiling", [False, pytest.param(True, marks=pytest.mark.full)])
def test_a_program_holds_what_is_counted(small_split, compiling):
    sizes, slots = (784, 512, 256, 10), 16
    split = on_gpu(small_split)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved()
    made = Program([get("gelu")], sgd(), sizes, split, batch_size=256, slots=slots,
                   compiling=compiling)  # fmt: skip
    once = torch.zeros(slots, 1, dtype=torch.int64)
    made.epoch(once, once, torch.full((made.steps, slots, 1), 0.01))
    torch.cuda.empty_cache()
    held = torch.cuda.memory_reserved() - before
    each = demand_of_a_graph(sizes, sgd(), 256, 1000, compiling=compiling)
    assert held <= slots * each.total + IN_ANY_CASE


def test_deterministic_runs_have_the_same_bits(small_split, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    seeds, rates = torch.tensor([[1, 2], [3, 4]]), torch.full((4, 2, 2), 0.01)
    torch.use_deterministic_algorithms(True)
    try:
        one, other = (program(small_split, adam()).epoch(seeds, seeds, rates) for _ in range(2))
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(map(torch.equal, one, other))


@catalogue
def test_a_graph_captures_every_activation(record, small_split):
    made = Program([record], sgd(), (784, 4, 10), on_gpu(small_split), batch_size=500)
    once = torch.zeros(1, 1, dtype=torch.int64)
    found = made.epoch(once, once, torch.full((2, 1, 1), 1e-3))
    there = tree.map(torch.Tensor.cpu, made.take((0, 0))[0].params)
    assert found.loss.isfinite()
    assert found.validation_accuracy == pytest.approx(
        accuracy(there, record, small_split.validation), abs=0.02
    )


@pytest.mark.full
@pytest.mark.parametrize("compiling", [False, True])
def test_a_run_learns_as_on_the_cpu(small_data, small_split, tmp_path, compiling):
    settings = Settings(max_epochs=3, batch_size=50)
    runs = {
        device: run.train(
            get("silu"),
            WorkingSet(
                small_data,
                on_gpu(small_split) if device == "cuda" else small_split,
                torch.device(device),
                42,
                42,
            ),
            settings,
            tmp_path / device,
            hidden=(32, 16),
            compiling=compiling,
        )
        for device in ("cpu", "cuda")
    }
    for ours, theirs in zip(*(found.progress.history for found in runs.values()), strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-3)
    again = runs["cuda"].folder.parameters(runs["cuda"].params)
    assert accuracy(again, get("silu"), on_gpu(small_split).test) == pytest.approx(
        evaluate(runs["cuda"].params, get("silu"), on_gpu(small_split)).test
    )


def test_the_analysis_is_the_cpus(small_split):
    params = mlp.init((784, 32, 16, 10), seed=0)
    images, labels = small_split.train.first(64)
    ours = backpropagate(on_gpu(params), get("tanh"), normalise(images.cuda()), labels.cuda())
    theirs = backpropagate(params, get("tanh"), normalise(images), labels)
    for here, there in zip(tree.leaves(ours), tree.leaves(theirs), strict=True):
        torch.testing.assert_close(here.cpu(), there, rtol=1e-4, atol=1e-7)
    images = small_split.train.images
    dead = dead_neurons(on_gpu(params), get("relu").f, images.cuda())
    same = tree.map(
        lambda a, b: torch.equal(a.cpu(), b), dead, dead_neurons(params, get("relu").f, images)
    )
    assert all(tree.leaves(same))


def test_a_certificate_says_what_was_found_on_the_gpu():
    """Its exponential is not the CPU's: the figures are told, and in 16 bits they hold."""
    found = certify(elsewhere(get("tanh"), torch.device("cuda")), dtypes=[torch.bfloat16])
    assert torch.cuda.get_device_name() in found.device
    assert all(one.held for one in found.checks)
