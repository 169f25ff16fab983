"""A comparison is its members' single runs, however they are shared out, cut off or added to."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest
import torch

from actfunc import get
from actfunc.analysis.gain import spec_for
from actfunc.compare import trainer
from actfunc.compare.folder import Pool
from actfunc.compare.ranks import Ranks
from actfunc.compare.run import arrange, common, compare
from actfunc.compare.trainer import How
from actfunc.errors import CheckpointError, WriteError
from actfunc.storage import lock
from actfunc.storage.run import train
from actfunc.training import optimizer
from actfunc.training.arithmetic import FLOAT32, Arithmetic
from actfunc.training.memory import demand, demand_of_a_graph
from tests.compare.commands import ROOT
from tests.compare.small import (
    HIDDEN,
    LOAD,
    SETTINGS,
    Cut,
    Told,
    plan_of,
    run,
    timeless,
)
from tests.full_disk import full_after

pytestmark = pytest.mark.usefixtures("one_thread")

PAUSE = 600
IMAGE = 1.0
"""Percent that one of the hundred images to validate on is."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two activations, three seeds, three epochs each, in one go."""
    return run(plan_of(), tmp_path_factory.mktemp("whole"))


def test_results_are_the_plans_members_in_its_order(whole):
    assert [result.member for result in whole] == [*plan_of().members]
    for result in whole:
        assert [epoch.epoch for epoch in result.history] == [1, 2, 3]
        assert result.seconds == sum(epoch.seconds for epoch in result.history) > 0
        validation = [100 * epoch.validation_accuracy for epoch in result.history]
        for reading in (result.stopped, result.last):
            assert reading.validation == pytest.approx(max(validation[: reading.epochs]))
            assert validation.index(max(validation)) + 1 >= reading.best_epoch
    learnt = [result.last.validation for result in whole]
    assert max(learnt) > 25  # of ten classes


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("stops", [False, True])
def test_a_member_is_the_single_run_of_its_seed(whole, tmp_path, seed, stops):
    for each in (result for result in whole if result.member.seed == seed):
        settings = replace(SETTINGS, learning_rate=0.05, seed=seed, early_stopping=stops)
        work = LOAD()._replace(seed=seed)
        alone = train(get(each.member.arm.activation), work, settings, tmp_path, hidden=HIDDEN)
        reading = each.stopped if stops else each.last
        assert len(alone.progress.history) == reading.epochs
        # in an ensemble the matrix products are others, and round otherwise
        for one, other in zip(each.history, alone.progress.history, strict=False):
            assert one.loss == pytest.approx(other.loss, rel=1e-5)
            assert 100 * one.validation_accuracy == pytest.approx(
                100 * other.validation_accuracy, abs=1.5 * IMAGE
            )
        assert reading.validation == pytest.approx(
            100 * alone.progress.best_accuracy, abs=1.5 * IMAGE
        )


def test_a_member_begins_with_the_weights_of_its_initialisation(tmp_path):
    plan = plan_of("tanh", "sigmoid", seeds=2, inits=("linear", "recommended"))
    results = run(plan, tmp_path)
    assert {result.member.arm.init for result in results} == {"linear", "recommended"}
    for each in results:
        arm, seed = each.member.arm, each.member.seed
        init = spec_for(arm.init, get(arm.activation))
        settings = replace(SETTINGS, learning_rate=0.05, seed=seed, init=init)
        work, root = LOAD()._replace(seed=seed), tmp_path / arm.init
        alone = train(get(arm.activation), work, settings, root, hidden=HIDDEN)
        for one, other in zip(each.history, alone.progress.history, strict=True):
            assert one.loss == pytest.approx(other.loss, rel=1e-5)
    linear, recommended = (
        [r.history[0].loss for r in results if r.member.arm.init == init] for init in plan.inits
    )
    assert all(one != other for one, other in zip(linear, recommended, strict=True))
    told = Told()
    assert timeless(run(plan, tmp_path, tell=told)) == timeless(results)
    assert told.news == []


@pytest.mark.full
def test_two_processes_give_what_one_gives_and_let_others_alone(whole, tmp_path):
    told = Told()
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(PAUSE,))
    other.start()
    try:
        assert timeless(run(plan_of(), tmp_path, processes=2, tell=told)) == timeless(whole)
        other.join(0.5)
        assert other.is_alive()
    finally:
        other.kill()
        other.join()
    assert len(told.news) == 3 * len(whole)
    assert {*told.finished} == {*plan_of().members}


def test_more_seeds_and_rates_later_train_what_is_missing_alone(whole, tmp_path):
    run(plan_of(seeds=2), tmp_path)
    told = Told()
    more = run(plan_of(seeds=3), tmp_path, tell=told)
    assert {member.seed for member in told.finished} == {2}
    assert timeless(more) == timeless(whole)
    told = Told()
    run(plan_of(seeds=3, learning_rates=(0.01, 0.05)), tmp_path, tell=told)
    assert {member.learning_rate for member in told.finished} == {0.01}
    told = Told()
    # what is not asked for any more stays in the pool and out of the results
    assert len(run(plan_of("tanh", seeds=[2]), tmp_path, tell=told)) == 1
    assert not told.news
    with pytest.raises(CheckpointError, match="max_epochs 3, asked for 4"):
        run(plan_of(), tmp_path, replace(SETTINGS, max_epochs=4))


@pytest.mark.parametrize("save_every", [-1.0, 1e9])
@pytest.mark.parametrize("after", [*(pytest.param(n, marks=pytest.mark.full) for n in (1, 5)), 8])
def test_cut_off_it_goes_on_to_the_same_end(whole, tmp_path, monkeypatch, save_every, after):
    monkeypatch.setattr(trainer, "SAVE_EVERY", save_every)
    cut, again = Told(cut_after=after), Told()
    with pytest.raises(Cut):
        run(plan_of(), tmp_path, tell=cut)
    assert timeless(run(plan_of(), tmp_path, tell=again)) == timeless(whole)
    assert not {*cut.finished} & {*again.finished}
    # what was saved after every epoch is not trained twice; else members on their way begin anew
    known = after if save_every < 0 else 3 * len(cut.finished)
    assert len(again.news) == 18 - known
    assert not [*tmp_path.glob("members/*.safetensors")]


KILLED = """
import os, signal, sys
from pathlib import Path
from actfunc.compare import trainer
from tests.compare.small import plan_of, run
trainer.SAVE_EVERY = -1.0
seen = []
def kill(news):
    seen.append(news)
    if len(seen) == 8:
        os.kill(os.getpid(), signal.SIGKILL)
run(plan_of(), Path(sys.argv[1]), tell=kill)
"""


@pytest.mark.full
def test_killed_it_goes_on_to_the_same_end(whole, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], env=env, check=False)
    assert killed.returncode == -signal.SIGKILL
    again = Told()
    assert timeless(run(plan_of(), tmp_path, tell=again)) == timeless(whole)
    assert len(again.news) == 18 - 8


def test_early_stopping_reads_what_a_run_to_the_end_says_of_it(tmp_path):
    plan, settings = plan_of(seeds=4), replace(SETTINGS, max_epochs=9)
    to_the_end = run(plan, tmp_path / "end", settings)
    stopping = run(plan, tmp_path / "stop", replace(settings, early_stopping=True))
    assert any(one.stopped.epochs < one.last.epochs for one in to_the_end)
    for stopped, ended in zip(stopping, to_the_end, strict=True):
        assert stopped.last == stopped.stopped == ended.stopped
        assert len(ended.history) == 9
        [short, long] = timeless([stopped, ended])
        assert short["history"] == long["history"][: ended.stopped.epochs]
        best = max(epoch.validation_accuracy for epoch in ended.history)
        assert ended.last.validation == pytest.approx(100 * best)
        assert ended.last.epochs == 9


def test_a_member_that_diverges_says_when_in_the_readings_that_saw_it(tmp_path):
    """Each step makes the weights half as large again, until they overflow."""
    growing = optimizer.canonical("sgd:momentum=0,weight_decay=25000")
    plan = plan_of("relu", seeds=3, optimizers=(growing,), learning_rates=(1e-4,))
    found = run(plan, tmp_path, replace(SETTINGS, max_epochs=6))
    assert any(one.stopped.epochs < one.last.diverged for one in found)
    for one in found:
        epoch = one.last.diverged
        assert [math.isfinite(each.loss) for each in one.history] == [
            *[True] * (epoch - 1), *[False] * (7 - epoch),
        ]  # fmt: skip
        assert one.last.best_epoch < epoch
        assert one.last.test > 0
        assert one.stopped.diverged == (epoch if one.stopped.epochs >= epoch else None)
    again = run(plan, tmp_path, replace(SETTINGS, max_epochs=6))
    assert [one.last for one in again] == [one.last for one in found]


def test_what_a_member_becomes_does_not_depend_on_what_else_is_planned(whole, tmp_path):
    """Nor on which slot it gets, or who stops beside it."""
    for plan in (plan_of("tanh", seeds=[2, 1]), plan_of("tanh", seeds=[7, 1, 8])):
        found = run(plan, tmp_path / str(len(plan.seeds)))
        [one] = [result for result in found if result.member.seed == 1]
        [other] = [result for result in whole if result.member == one.member]
        assert timeless([one]) == timeless([other])


def test_optimisers_networks_and_schedules_in_one_plan(tmp_path):
    specs = tuple(map(optimizer.canonical, ("adam", "adamw:weight_decay=0.1", "sgd")))
    plan = plan_of("tanh", seeds=2, hidden=(HIDDEN, (8,)), optimizers=specs)
    settings = replace(SETTINGS, schedule="warm_up:steps=5,then=cosine", max_epochs=2)
    together = run(plan, tmp_path / "all", settings)
    assert len(together) == 12
    assert len({result.history[-1].loss for result in together}) == 12
    for each in together[::2]:
        alone = plan_of("tanh", seeds=2, hidden=(each.member.arm.hidden,), optimizers=specs[:0])
        alone = alone._replace(optimizers=(each.member.arm.optimizer,))
        [first, _] = run(alone, tmp_path / "each", settings)
        assert timeless([first]) == timeless([each])


# What its members have in common


def test_what_members_have_in_common_is_other_where_they_would_be_trained_otherwise():
    def shared(work, settings=SETTINGS, arithmetic=FLOAT32):
        return {k: v for k, v in common(work, settings, arithmetic).items() if k != "made_by"}

    work = LOAD()
    few = work.split._replace(train=work.split.train.first(400))
    other = {
        "schedule": "cosine", "batch_size": 25, "max_epochs": 4, "patience": 2,
        "early_stopping": True,
    }  # fmt: skip
    every = [
        shared(work),
        shared(work, arithmetic=Arithmetic("bfloat16")),
        shared(work, arithmetic=Arithmetic(deterministic=True)),
        shared(work._replace(split_seed=7)),
        shared(work._replace(split=few)),
        shared(work._replace(dataset=work.dataset._replace(name="another"))),
        *(shared(work, replace(SETTINGS, **{key: value})) for key, value in other.items()),
    ]
    assert all(one != two for one, two in itertools.combinations(every, 2))
    # what a member has of its own
    own = {"learning_rate": 0.5, "optimizer": "adam", "init": "gaussian:gain=1", "seed": 7}
    assert own.keys() | other.keys() == asdict(SETTINGS).keys()
    assert shared(work._replace(seed=7), replace(SETTINGS, **own)) == shared(work)


# How it is arranged


def gathered(*others: tuple[int, int]):
    """Ranks of which the others say what is given."""

    class Together(Ranks):
        def gather(self, mine):
            return [mine, *others]

    return Together(0, 1 + len(others), 0, 1)


def test_every_rank_arranges_the_same(monkeypatch):
    plan, work = plan_of(seeds=8), LOAD()
    alone = arrange(plan, work, SETTINGS, Ranks(), processes=2, at_a_time=4)
    assert alone == (2, 2, 4, False, 4)
    # another machine has more processes and less memory
    assert arrange(plan, work, SETTINGS, gathered((6, 3)), processes=2, at_a_time=4) == (
        *(2, 8, 3, False, 4),
    )


def test_no_more_at_a_time_than_fit(monkeypatch):
    plan, work = plan_of(seeds=8), LOAD()
    each = demand(work.sizes(HIDDEN), optimizer.named("sgd"), SETTINGS.batch_size).total
    monkeypatch.setattr("actfunc.training.memory.free_bytes", lambda device: 8 * each)
    for processes, fits in ((1, 6), (2, 3), (3, 2), (20, 1)):
        made = arrange(plan, work, SETTINGS, Ranks(), processes=processes)
        assert (made.at_a_time, made.wanted) == (fits, 8)
    # several ranks on one machine share its memory
    shared = gathered((1, 8))._replace(here=2)
    assert arrange(plan, work, SETTINGS, shared, processes=1).at_a_time == 3


def test_on_a_gpu_as_many_at_a_time_as_fit_with_what_a_graph_holds(monkeypatch):
    plan, work = plan_of(seeds=8), LOAD()._replace(device=torch.device("cuda", 1))
    rest = work.sizes(HIDDEN), optimizer.named("sgd"), SETTINGS.batch_size, 500
    for compiling in (False, True):
        each = demand_of_a_graph(*rest, compiling=compiling).total
        monkeypatch.setattr("actfunc.training.memory.free_bytes", lambda device, n=8 * each: n)
        made = arrange(plan, work, SETTINGS, Ranks(), compiling=compiling)
        # two activations side by side, in one process
        assert made == (1, 1, 3, True, 8)


def test_ranks_share_out_what_none_has_and_have_all_in_the_end(whole, tmp_path):
    """Two ranks with folders of their own, one after the other: each hears what the other did."""
    plan, work = plan_of(), LOAD()
    halves = []
    for rank in (0, 1):
        mine: list = []

        class Half(Ranks):
            def gather(self, what, kept=mine):
                kept.append(what)
                return [what]

        pool = Pool(tmp_path / f"alone{rank}")
        arrangement = arrange(plan, work, SETTINGS, Ranks(), processes=1, at_a_time=2)
        arrangement = arrangement._replace(everywhere=2)
        how = How(SETTINGS, 2, compiling=False)
        with pytest.raises(KeyError):  # what the other has done is not known here
            compare(plan, LOAD, pool, how, arrangement, Half(rank, 2), tell=lambda news: None)
        halves.append(mine[-1])
    found = {result.member: result for half in halves for result in half}
    assert sum(map(len, halves)) == len(found) == len(plan.members)
    assert timeless([found[member] for member in plan.members]) == timeless(whole)


def test_a_disk_that_is_full_at_any_write_loses_no_epoch_that_was_computed(tmp_path, monkeypatch):
    """It is told of, and the next start goes on to the same end."""
    monkeypatch.setattr(trainer, "SAVE_EVERY", -1.0)
    plan, settings = plan_of("tanh", seeds=2), replace(SETTINGS, max_epochs=2)
    with full_after(None) as names:
        whole = run(plan, tmp_path / "whole", settings)
    assert len(names) == 1 + 2 + 2  # the config, two members on their way, two that are done
    for last in range(len(names)):
        told = Told()
        with full_after(last), pytest.raises(WriteError, match="cannot be written: No") as error:
            run(plan, tmp_path / str(last), settings, tell=told)
        assert error.value.message.isprintable()
        assert error.value.exit_code == 4
        assert len(told.news) == last  # the config's first write comes before any epoch
        assert not [*(tmp_path / str(last)).rglob(".*")], "nothing is left half written"
        assert timeless(run(plan, tmp_path / str(last), settings)) == timeless(whole)


def test_one_comparison_at_a_time_has_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    with Ranks().alone(tmp_path):
        refused = pytest.raises(CheckpointError, match="is being written into by process")
        with refused, Ranks().alone(tmp_path):
            pass
