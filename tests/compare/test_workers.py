"""Processes of a comparison: they die, are interrupted, lose their first process, and nothing is
lost or left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from actfunc.compare import workers
from actfunc.compare.folder import Pool
from actfunc.compare.ranks import HINT
from actfunc.compare.trainer import How
from actfunc.errors import ActfuncError
from actfunc.machine import SPAWN
from actfunc.training.arithmetic import Arithmetic
from tests.compare.commands import (
    NOISE,
    PATIENCE,
    SMALL,
    WATCHED,
    ended,
    eventually,
    family,
    rows,
    started,
    trained,
)
from tests.compare.small import LOAD, SETTINGS, Told, plan_of, run, timeless

pytestmark = [pytest.mark.usefixtures("one_thread"), WATCHED]

LONG = ("tanh", "--seeds", "6", "--epochs", "40", "--at-a-time", "1", "--eager", *SMALL)
"""Members enough for two processes, epochs enough to be cut off in the middle."""


def test_a_process_that_dies_is_told_and_the_rest_is_kept(tmp_path):
    plan = plan_of("tanh", seeds=6)
    told = Told()

    def kill_one(news) -> None:
        told(news)
        if len(told.finished) == 2:
            multiprocessing.active_children()[0].kill()

    with pytest.raises(ActfuncError, match="a process that shared the work has died") as error:
        run(plan, tmp_path / "cut", processes=2, at_a_time=1, tell=kill_one)
    assert "the same command" in error.value.hint
    assert eventually(lambda: not multiprocessing.active_children())
    again = Told()
    results = run(plan, tmp_path / "cut", at_a_time=1, tell=again)
    assert 0 < len(again.finished) <= 4
    assert not {*again.finished} & {*told.finished}
    assert timeless(results) == timeless(run(plan, tmp_path / "whole", at_a_time=1))


@pytest.mark.full
@pytest.mark.parametrize("first_alone", [False, True])
def test_ctrl_c_ends_all_at_once_and_the_same_command_goes_on(tmp_path, first_alone):
    """The terminal's Ctrl-C reaches every process, `kill -INT` the first one alone."""
    with started(["-m", "actfunc", "compare", *LONG, "--processes", "2"], tmp_path) as process:
        assert eventually(lambda: trained(tmp_path) >= 1)
        (os.kill if first_alone else os.killpg)(process.pid, signal.SIGINT)
        began = time.monotonic()
        done = ended(process)
        assert time.monotonic() - began < PATIENCE / 10
        assert done.code == 130
        assert "the same command goes on" in done.err
        assert not [noise for noise in NOISE if noise in done.err]
        assert eventually(lambda: not family(tmp_path))
    before = trained(tmp_path)
    assert before < 6
    with started(["-m", "actfunc", "compare", *LONG, "--processes", "1"], tmp_path) as process:
        done = ended(process)
        assert done.code == 0, done.err
        assert done.err.count("40 epochs") == 6 - before
    assert len(rows(tmp_path)) == 7


@pytest.mark.full
def test_ctrl_c_while_processes_start_is_as_quiet(tmp_path):
    with started(["-m", "actfunc", "compare", *LONG, "--processes", "2"], tmp_path) as process:
        assert eventually(lambda: len(others_of(tmp_path)) == 2)
        assert all(hears_no_ctrl_c(pid) for pid in others_of(tmp_path))
        os.killpg(process.pid, signal.SIGINT)
        done = ended(process)
    assert done.code == 130
    assert not [noise for noise in NOISE if noise in done.err], done.err


def others_of(runs: Path) -> list[int]:
    return [pid for pid, args in family(runs).items() if b"spawn_main" in args]


def hears_no_ctrl_c(pid: int) -> bool:
    """Whether SIGINT is blocked: from the first moment, not only once its own code runs."""
    blocked = subprocess.check_output(["ps", "-o", "blocked=", "-p", str(pid)], text=True)
    return bool(int(blocked, 16) >> (signal.SIGINT - 1) & 1)


@pytest.mark.full
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_processes_end_with_the_first_one(tmp_path, how):
    with started(["-m", "actfunc", "compare", *LONG, "--processes", "2"], tmp_path) as process:
        assert eventually(lambda: trained(tmp_path) >= 1)
        process.send_signal(how)
        assert eventually(lambda: not family(tmp_path))
        assert trained(tmp_path) < 6
        done = ended(process)
    if how == signal.SIGTERM:  # as schedulers of clusters do
        assert done.code == 4
        assert "told to end\n" in done.err
        assert HINT in done.err
        assert not [noise for noise in NOISE if noise in done.err], done.err


def test_every_process_adopts_the_arithmetic(tmp_path, monkeypatch):
    """What torch has as a setting of its process does not come with a fresh one."""
    monkeypatch.setattr(workers, "begin_as_worker", lambda: None)
    monkeypatch.setattr("actfunc.compare.trainer.settle_on", lambda device: settled.append(device))
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    settled: list = []
    how = How(SETTINGS, 1, False, Arithmetic("tf32", deterministic=True))
    try:
        workers._begin(LOAD, Pool(tmp_path), how, SPAWN.SimpleQueue())
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
        assert settled == [torch.device("cpu")]
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_float32_matmul_precision("highest")
        os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


def test_all_that_is_told_of_a_task_comes_before_its_results(monkeypatch):
    submitted = {}

    class Asked:
        def submit(self, work, task):
            job = Future()
            submitted[job] = work, task
            return job

    @contextmanager
    def processes(count, begin, given, hint):
        begin(*given)
        yield Asked()

    def waited(pending, **_):
        """All is told and done in the last moment of the wait."""
        for job, (work, task) in submitted.items():
            job.set_result(work(task))
        return pending, set()

    trainer = SimpleNamespace(train=lambda task, tell: tell(f"trained {task}") or [task])
    monkeypatch.setattr(workers, "Trainer", lambda *_: trainer)
    monkeypatch.setattr(workers, "begin_as_worker", lambda: None)
    monkeypatch.setattr(workers, "worker_processes", processes)
    monkeypatch.setattr(workers, "wait", waited)
    told = []
    every = workers.train_all(["a", "b"], dict, None, None, processes=2, tell=told.append)
    assert next(every) in ("a", "b")
    assert told == ["trained a", "trained b"]
    assert len([*every]) == 1
