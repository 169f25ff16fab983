"""What of this machine a computation may use: cores, torch's threads on them, processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing.context import SpawnContext
from typing import TYPE_CHECKING, Any

from actfunc.errors import ActfuncError

# torch is imported where it is needed: until it is there the one that started this may be gone
if TYPE_CHECKING:
    import torch

# a fresh start: a forked process would inherit torch's threads in the middle of their work
SPAWN: SpawnContext = multiprocessing.get_context("spawn")

LOOKS = 0.5
"""Seconds between two looks whether a parent is still there."""


def available_cores() -> int:
    """Cores that this process may use; all there are where the system does not say."""
    if hasattr(os, "sched_getaffinity"):  # macOS has no affinity
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def settle_on(device: torch.device) -> None:
    """Make a GPU this process's own, so that it takes no memory on another."""
    import torch

    if device.type == "cuda" and device.index is not None:
        torch.cuda.set_device(device)


@contextmanager
def single_threaded(device: torch.device) -> Iterator[None]:
    """On a CPU one thread for an operation of torch, and as many as before afterwards.

    For who has threads or processes of its own: each with its data in its core's cache, they are
    faster than torch's threads together on one operation.
    """
    import torch

    before = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def worker_processes(
    count: int, begin: Callable[..., None], arguments: tuple[Any, ...] = (), hint: str = ""
) -> Iterator[ProcessPoolExecutor]:
    """Processes that work for this one and end with it, in the middle of their work if need be.

    begin: what each calls first, with these arguments; it calls `begin_as_worker`.
    Raises ActfuncError with the hint where one of them dies.
    """
    others = {*multiprocessing.active_children()}
    executor = ProcessPoolExecutor(count, SPAWN, begin, arguments)
    try:
        yield executor
    except BrokenProcessPool as error:
        raise ActfuncError("a process that shared the work has died", hint) from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in {*multiprocessing.active_children()} - others:
            process.terminate()


@contextmanager
def hidden_from_ctrl_c() -> Iterator[None]:
    """Processes that are started here never hear Ctrl-C; this one hears it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_as_worker() -> None:
    """What a process does first that works for another: one thread, prints as talk, an end."""
    import torch

    end_with_parent()
    torch.set_num_threads(1)
    sys.stdout = sys.stderr  # the first process has results to print there


@cache
def end_with_parent() -> None:
    """Let this process end when the one that started it is gone, in the middle of its work.

    Killed, that one can end nobody, and who waits for tasks, or for the others of a group, would
    wait for ever. Called again, it has been done.
    """
    started_by, parent = multiprocessing.parent_process(), os.getppid()

    def watch() -> None:
        if started_by is not None:
            started_by.join()
        else:  # by another program, as torchrun
            while os.getppid() == parent:
                time.sleep(LOOKS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def plain_defaults() -> Iterator[None]:
    """Within it a new tensor lies on the CPU, in float32, whatever the defaults are around it."""
    import torch

    dtype, there = torch.get_default_dtype(), torch.get_default_device()
    if (dtype, there.type) == (torch.float32, "cpu"):
        yield
        return
    torch.set_default_dtype(torch.float32)
    try:
        with torch.device("cpu"):
            yield
    finally:
        torch.set_default_dtype(dtype)
