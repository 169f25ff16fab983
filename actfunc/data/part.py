"""What has come of a file so far, kept under a hidden name until it is whole."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

CHUNK = 1 << 18


class Part:
    """The bytes that have come of a file, to which more can be added."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self._file = file

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def add(self, block: bytes) -> None:
        """Write at the end; OSError where the disk is full."""
        left = memoryview(block)
        while left:
            left = left[self._file.write(left) :]

    def clear(self) -> None:
        """Forget what has come."""
        self._file.truncate(0)

    def digest(self, algorithm: str) -> str:
        """The md5 or sha256 of what has come."""
        self._file.seek(0)
        return hashlib.file_digest(
            self._file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        ).hexdigest()

    def become(self, path: Path) -> None:
        """Give the file its name."""
        os.replace(self.path, path)


@contextmanager
def part_of(path: Path) -> Iterator[Part]:
    """The part of a file from an earlier transfer, if one was cut or killed; else an empty one.

    It stays beside the file as `.NAME.part` where something has come. Where another process has
    that one in work, this one gets a part of its own, which does not stay.
    """
    name = path.with_name(f".{path.name}.part")
    file = FileIO(name, "a+")
    stays = _ours(file, name)
    if not stays:
        file.close()
        name = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        file = FileIO(name, "a+")
    with file:
        part = Part(name, file)
        try:
            yield part
        finally:
            if not (stays and part.size):
                name.unlink(missing_ok=True)


def _ours(file: FileIO, name: Path) -> bool:
    """Whether this process alone writes into the file, which still has its name."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # who had the lock before may have made it the whole file meanwhile
        return os.path.samestat(os.fstat(file.fileno()), name.stat())
    except (OSError, ImportError):
        return False
