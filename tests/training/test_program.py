"""The program: members go in and out of slots, an epoch is a plain loop, compiled only once."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch._dynamo.utils import counters

from actfunc import get, tree
from actfunc.errors import UsageError
from actfunc.training import Program, accuracy, optimizer, schedule
from tests.training.plain import assert_trees_close, assert_trees_same, fresh, plain_epoch

pytestmark = pytest.mark.usefixtures("one_thread")

NAMES = ("tanh", "gelu")
SLOTS = 2
EVERY = [(slot, each) for slot in range(SLOTS) for each in range(len(NAMES))]
BATCH = 100
SEEDS = torch.tensor([[3, 1], [4, 1]])
EPOCHS = torch.tensor([[0, 5], [2, 6]])


HIDDEN = (12, 9)


def program(split, spec: str = "sgd", names=NAMES, *, hidden=HIDDEN, **more) -> Program:
    more = {"batch_size": BATCH, "slots": SLOTS, **more}
    sizes = (784, *hidden, 10)
    return Program([get(name) for name in names], optimizer.named(spec), sizes, split, **more)


def states(spec: str = "sgd", dtype=torch.float32, seed: int = 0, hidden=HIDDEN):
    """One for each of `EVERY`."""
    made = optimizer.named(spec)
    return [fresh(made, *hidden, seed=seed + k, dtype=dtype) for k in range(len(EVERY))]


def filled(split, spec: str = "sgd", dtype=torch.float32, hidden=HIDDEN, **more) -> Program:
    """With a member of another seed in each slot."""
    made = program(split, spec, dtype=dtype, hidden=hidden, **more)
    for slot, state in zip(EVERY, states(spec, dtype, hidden=hidden), strict=True):
        made.put(slot, state, state.params)
    return made


def rates_of(program: Program) -> torch.Tensor:
    """Other ones for each step and slot, (step, slot, activation)."""
    base = torch.tensor([[0.05, 0.01], [0.02, 0.1]], dtype=torch.float64)
    steps = torch.arange(program.steps).double()
    return base * schedule.named("cosine:final=0.1")(steps, program.steps)[:, None, None]


# Slots


@pytest.mark.parametrize("spec", ["sgd", "sgd:momentum=0", "adam"])
def test_what_is_put_is_taken_and_others_stay_as_they_are(small_split, spec):
    made, new = filled(small_split, spec), states(spec, seed=10)
    kept = {slot: made.take(slot) for slot in EVERY}
    for index, slot in enumerate(EVERY):
        made.put(slot, new[index], new[index - 1].params)
        kept[slot] = (new[index], new[index - 1].params)
        for each in EVERY:
            assert_trees_same(made.take(each), kept[each])


def test_what_is_taken_is_a_copy_and_what_is_put_is_copied(small_split):
    made, state = filled(small_split), states(seed=10)[0]
    made.put((0, 1), state, state.params)
    taken = made.take((0, 1))
    before = tree.map(torch.clone, taken)
    for leaf in tree.leaves(state):
        leaf.add_(1)
    assert_trees_same(made.take((0, 1)), before)
    made.epoch(SEEDS, EPOCHS, rates_of(made))
    assert_trees_same(taken, before)
    assert not torch.equal(made.take((0, 1))[0].params[0].bias, before[0].params[0].bias)


@pytest.mark.parametrize("improved", [[[1, 0], [0, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 1]]])
def test_the_best_are_kept_in_the_slots_that_improved(small_split, improved):
    made = filled(small_split)
    made.epoch(SEEDS, EPOCHS, rates_of(made))
    before = {slot: made.take(slot) for slot in EVERY}
    made.keep_best(torch.tensor(improved, dtype=torch.bool))
    for slot in EVERY:
        state, best = before[slot]
        want = state.params if improved[slot[0]][slot[1]] else best
        assert_trees_same(made.take(slot), (state, want))
        assert_trees_same(made.best_of(slot), want)
        assert not torch.equal(best[0].weight, state.params[0].weight)


# An epoch


@pytest.mark.parametrize("spec", ["sgd", "sgd:momentum=0", "adamw:eps=1e-3"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-11), (torch.float32, 1e-4)])
def test_an_epoch_is_a_plain_loop_over_the_batches(small_split, spec, dtype, tolerance):
    near = {"rtol": tolerance, "atol": tolerance}
    made = filled(small_split, spec, dtype)
    # images that are left over, and a validation that no chunk divides
    assert made.steps * BATCH == 1000
    seen, rates = [], rates_of(made)
    metrics = made.epoch(SEEDS, EPOCHS, rates, lambda done, total: seen.append((done, total)))
    assert seen == [(done, made.steps) for done in range(1, made.steps + 1)]
    for slot, state in zip(EVERY, states(spec, dtype), strict=True):
        phi = get(NAMES[slot[1]])
        own, summed = plain_epoch(
            phi,
            optimizer.named(spec),
            state,
            small_split.train,
            seed=int(SEEDS[slot]),
            epoch=int(EPOCHS[slot]),
            rates=rates[(slice(None), *slot)].to(dtype),
            batch_size=BATCH,
        )
        found, best = made.take(slot)
        assert_trees_close(found, own, **near)
        assert_trees_same(best, state.params)
        assert metrics.loss[slot].item() == pytest.approx(summed.loss.item() / made.steps, rel=1e-5)
        right = summed.correct.item() / (made.steps * BATCH)
        assert metrics.train_accuracy[slot] == pytest.approx(right, abs=1e-3)
        validation = accuracy(found.params, phi, small_split.validation)
        assert metrics.validation_accuracy[slot] == validation


def test_the_images_of_the_last_partial_batch_are_left_out(small_split):
    made = filled(small_split, batch_size=300)
    assert made.steps == 3
    metrics = made.epoch(SEEDS, EPOCHS, rates_of(made))
    # shares of 900 images
    right = metrics.train_accuracy * 900
    torch.testing.assert_close(right, right.round(), rtol=0, atol=1e-9)


def test_more_than_there_is_in_a_batch_is_an_error(small_split):
    with pytest.raises(UsageError, match="batch_size 1001 is more than the 1000 training images"):
        program(small_split, batch_size=1001)


# Compiled


def graphs() -> int:
    """How many torch has compiled in this process."""
    return counters["stats"]["unique_graphs"]


@pytest.mark.parametrize(
    ("spec", "hidden"),
    [("sgd", (9,)), pytest.param("adam:eps=1e-3", HIDDEN, marks=pytest.mark.full)],
)
def test_compiled_it_is_the_eager_one_and_never_compiles_again(small_split, spec, hidden):
    before = graphs()
    eager, fast = (
        filled(small_split, spec, hidden=hidden, compiling=each) for each in (False, True)
    )
    # on trial, before it trains anything
    assert graphs() - before == 1
    with torch._dynamo.config.patch(error_on_recompile=True):
        for number in range(4):
            if number == 2:  # a refill
                (state, *_) = states(spec, seed=20, hidden=hidden)
                for made in (eager, fast):
                    made.put((1, 0), state, state.params)
            rates = rates_of(eager) / (1 + number)
            with torch.no_grad() if number == 3 else torch.enable_grad():
                want = eager.epoch(SEEDS + number, EPOCHS + number, rates)
                got = fast.epoch(SEEDS + number, EPOCHS + number, rates)
            assert_trees_close(got.loss, want.loss, rtol=1e-4, atol=1e-5)
            improved = torch.tensor([[True, False], [False, True]])
            for made in (eager, fast):
                made.keep_best(improved)
    assert graphs() - before == 1
    for slot in EVERY:
        assert_trees_close(fast.take(slot), eager.take(slot), rtol=1e-3, atol=1e-4)


@pytest.fixture
def traced(monkeypatch):
    """Torch traces what it is to compile, and runs the graph as it is."""
    compile_ = torch.compile

    def trace(function, *, options, **more):
        guards = {"guard_filter_fn": options["guard_filter_fn"]}
        return compile_(function, backend="eager", options=guards, **more)

    monkeypatch.setattr(torch, "compile", trace)


@pytest.mark.full
def test_compiled_programs_do_not_take_each_others_graphs(small_split):
    check_graphs_apart(small_split)


def test_programs_do_not_take_each_others_graphs(small_split, traced):
    check_graphs_apart(small_split)


def check_graphs_apart(split):
    """Nothing but the tensors is guarded, and those of these programs are all alike; torch keeps
    no more graphs of one code than its limit says."""
    before = graphs()
    with torch._dynamo.config.patch(recompile_limit=2):
        made = [
            [
                filled(split, spec, names=names, hidden=(9,), compiling=each)
                for each in (False, True)
            ]
            for names, spec in (
                (("tanh", "gelu"), "sgd"),
                (("gelu", "tanh"), "sgd"),
                (("tanh", "gelu"), "sgd:momentum=0.5"),
            )
        ]
    assert graphs() - before == len(made)
    for number in range(2):
        for eager, fast in made:
            want, got = (
                each.epoch(SEEDS, EPOCHS + number, rates_of(eager)) for each in (eager, fast)
            )
            assert_trees_close(got.loss, want.loss, rtol=1e-4, atol=1e-5)
            for slot in EVERY:
                assert_trees_close(fast.take(slot), eager.take(slot), rtol=1e-3, atol=1e-4)
    finals = [eager.take((0, 0))[0].params[0].weight for eager, _ in made]
    for index, one in enumerate(finals):
        assert not any(torch.allclose(one, other, atol=1e-3) for other in finals[:index])


def test_the_compilers_advice_is_no_warning(small_split, monkeypatch):
    """As torch 2.11 gives it on a GPU, once, where products are not in TF32."""

    def compile_(function, **_):
        def advised(*given):
            warnings.warn("TensorFloat32 tensor cores for float32 …", stacklevel=1)
            return function(*given)

        return advised

    monkeypatch.setattr(torch, "compile", compile_)
    made = program(small_split, compiling=True)
    assert made.steps == 10
