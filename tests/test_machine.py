"""What a computation may use of this machine, and that it leaves it as it was."""

from __future__ import annotations

import multiprocessing
import os

import pytest
import torch

from actfunc.errors import ActfuncError
from actfunc.machine import available_cores, begin_as_worker, single_threaded, worker_processes

CPU, META = torch.device("cpu"), torch.device("meta")


@pytest.fixture
def threads(one_thread):
    """Three threads, as nobody sets them here."""
    torch.set_num_threads(3)
    return 3


def test_one_thread_within_and_as_many_as_before_afterwards(threads):
    with single_threaded(CPU):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads


def test_threads_come_back_after_an_error_too(threads):
    with pytest.raises(ZeroDivisionError), single_threaded(CPU):
        raise ZeroDivisionError
    assert torch.get_num_threads() == threads


def test_another_device_is_no_reason_for_one_thread(threads):
    with single_threaded(META):
        assert torch.get_num_threads() == threads


def test_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 5, 7}, raising=False)
    assert available_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 11)
    assert available_cores() == 11
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


def test_processes_leave_stdout_to_the_first_and_have_one_thread(capfd):
    with worker_processes(1, begin_as_worker) as workers:
        workers.submit(print, "called", flush=True).result()
        assert workers.submit(torch.get_num_threads).result() == 1
    assert capfd.readouterr() == ("", "called\n")


def test_a_process_that_dies_is_an_error_and_the_others_end_with_it():
    with pytest.raises(ActfuncError, match="has died") as error:  # noqa: SIM117
        with worker_processes(2, begin_as_worker, hint="go on") as workers:
            workers.submit(os._exit, 1).result()
    assert error.value.hint == "go on"
    for process in multiprocessing.active_children():
        process.join(30)
    assert multiprocessing.active_children() == []
