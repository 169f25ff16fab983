"""One writer at a time in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actfunc.errors import CheckpointError
from actfunc.storage import files

NAME = ".lock"
"""The file in a folder that its writer holds; it is gone when the writer is done."""

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
"""Never through a link: what is written into a lock must not be written into another file."""

PATIENCE = 1.0
"""Seconds in which who has a folder says who it is, and who leaves it has left."""


@contextmanager
def alone(folder: Path, run: str = "") -> Iterator[None]:
    """Only this process writes into the folder, until the block ends; what another left half
    written when it was killed is removed.

    The lock is the system's own (flock), so that of a process that died is free; where the system
    or the file system has none, nobody is kept out. Several processes of one run name it by `run`,
    and do not keep each other out.

    Raises CheckpointError where another process writes into it, and WriteError where the folder
    cannot be made or written into.
    """
    held = _held(folder, run)
    try:
        yield
    finally:
        if held is not None:
            # removed first: whoever opens the file later opens one of its own
            (folder / NAME).unlink(missing_ok=True)
            os.close(held)


def _held(folder: Path, run: str) -> int | None:
    """The open lock file, or None where another process of the run has it."""
    path, until = folder / NAME, time.monotonic() + PATIENCE
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(path, _FLAGS, 0o644)
        except (OSError, ValueError) as error:
            raise files.unwritable(f"{folder} cannot be written into", error) from error
        kept = False
        try:
            taken = _take(file)
            # who had the file before may have removed it meanwhile
            if taken and _still_there(file, path):
                # before another process of the run is let in, whose files these could be
                files.remove_partial(folder)
                _sign(file, run)
                kept = True
                return file
            if not taken:
                owner, _, its_run = os.read(file, 1024).decode(errors="replace").partition(" ")
                if run and its_run == run:
                    return None
                if time.monotonic() > until:
                    by = f" by process {owner}" if owner.isdecimal() else ""
                    raise CheckpointError(
                        f"{folder} is being written into{by}",
                        "wait until that is done, or choose another folder",
                    )
        finally:
            if not kept:
                os.close(file)
        time.sleep(PATIENCE / 20)


def _take(file: int) -> bool:
    """Whether it is ours now: not where another process has it."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return True  # there are no locks here
    return True


def _still_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False


def _sign(file: int, run: str) -> None:
    """Say who has it."""
    try:
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()} {run}".encode())
    except OSError:
        return  # on a full disk nobody learns who it is, and the lock holds all the same
