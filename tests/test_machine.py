"""What a computation may use of this machine, and that it leaves it as it was."""

from __future__ import annotations

import os

import pytest
import torch

from actfunc.machine import available_cores, single_threaded

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
