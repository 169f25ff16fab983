"""`actfunc compare` as processes of their own, to be watched, interrupted and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SMALL = ("--examples", "600", "--batch-size", "50", "--hidden", "16,8", "--device", "cpu")
PATIENCE = 60
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
    """A Python program in a session of its own, of which nothing is left in the end."""
    env = {**os.environ, "ACTFUNC_RUNS": str(runs), "ACTFUNC_DATASET": "silhouettes"}
    env |= {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, *program],
        env=env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        for pid in session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for its end."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err)


def session(leader: int) -> dict[int, str]:
    """The processes of a session, by id, with their command lines."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,stat=,args=", "-s", str(leader)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    rows = (line.split(None, 2) for line in listed.splitlines())
    return {int(pid): args for pid, stat, args in rows if not stat.startswith("Z")}


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
