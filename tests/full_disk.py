"""A disk that is full from some write on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def full_after(writes: int | None) -> Iterator[list[str]]:
    """After so many files nothing more than half a file can be written; with None all can.

    Gives the names of those that were asked for, the list growing.
    """
    whole, asked = Path.write_bytes, list[str]()

    def write(path: Path, content: bytes) -> int:
        asked.append(path.name.strip(".").rpartition(".partial")[0].rpartition(".")[0])
        if writes is not None and len(asked) > writes:
            whole(path, content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        return whole(path, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_bytes", write)
        yield asked
