"""`actfunc compare` as processes of their own, to be watched, interrupted and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
SMALL = ("--examples", "600", "--batch-size", "50", "--hidden", "16,8", "--device", "cpu")
WATCHED = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
PATIENCE = 300
"""Seconds until something that should happen soon has not."""

NOISE = ("Traceback", "resource_tracker", "Warning", "BrokenPipe", "Exception ignored")
"""What a person should never see."""


class Ended(NamedTuple):
    """How a process ended, and what it printed."""

    code: int
    out: str
    err: str


@contextmanager
def started(program: Sequence[str], runs: Path) -> Iterator[subprocess.Popen[str]]:
    """A Python program in a session of its own; no process of it is left in the end."""
    env = {**os.environ, "ACTFUNC_RUNS": str(runs), "ACTFUNC_DATASET": "silhouettes"}
    env |= {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
    process = opened(program, env, ROOT)
    try:
        yield process
    finally:
        end(family(runs))
        process.communicate()


def opened(
    program: Sequence[str], env: Mapping[str, str], folder: Path, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """A Python program in a folder, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, *program],
        env=env,
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # who runs the tests in the background has Ctrl-C ignored, and so would the program
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def end(processes: Iterable[int]) -> None:
    """End processes, by their ids, whatever they do."""
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for its end."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err)


def family(runs: Path) -> dict[int, bytes]:
    """All processes that work on this folder, by id, with their command lines.

    By their environment, as torchrun starts each in a session of its own, and one that is left
    behind has no parent.
    """
    mark, found = f"ACTFUNC_RUNS={runs}".encode(), {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended meanwhile
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ")
    return found


def eventually(happens: Callable[[], object]) -> bool:
    """Whether it does, soon."""
    until = time.monotonic() + PATIENCE
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def trained(runs: Path) -> int:
    """How many members are done."""
    return len([*runs.glob("*/members/*.json")])


def rows(runs: Path) -> list[str]:
    """The lines of results.csv without the last column, the seconds."""
    [file] = runs.glob("*/results.csv")
    lines = file.read_text().splitlines()
    assert lines[0].endswith(",seconds")
    return [line.rpartition(",")[0] for line in lines]
