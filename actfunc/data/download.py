"""Fetching published files: addresses in turn, going on where it was cut, checked at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from actfunc.data.answer import begins_at, host, open_url, reason
from actfunc.data.part import CHUNK, Part, part_of
from actfunc.errors import DataError

Report = Callable[[str], None]

TRIES = 5
"""So often at most an address is asked for one file, as long as each time brings more of it."""
REPORT_SECONDS = 0.5


class Published(NamedTuple):
    """A file as it was published: its name, size in bytes and digest, by `algorithm` of hashlib."""

    name: str
    size: int
    digest: str
    algorithm: str = "sha256"


class DownloadError(DataError):
    """A file could not be fetched from anywhere, or not be written."""


class _NoGoodError(Exception):
    """An address did not send the file; the message says why."""


def download(
    files: Iterable[Published],
    addresses: Iterable[str],
    target: Path,
    report: Report = lambda text: None,
) -> None:
    """Fetch files into the folder `target`, replacing what has their names.

    addresses:  of the folders that hold them, each with its last slash, in the order to try; the
                other files are asked last from one that failed.
    report:     gets a line for each file and address, and how far it is every REPORT_SECONDS.

    A file gets its name only once its size and digest are right. What came of it until the
    transfer was cut or the process killed is kept as `.NAME.part`, and the next call goes on there.

    Raises DownloadError with each address's failure, or where the folder cannot be written.
    """
    order = list(addresses)
    for file in files:
        try:
            target.mkdir(parents=True, exist_ok=True)
            with part_of(target / file.name) as part:
                if part.digest(file.algorithm) != file.digest:
                    _from_any(order, file, part, report)
                part.become(target / file.name)
        except OSError as why:
            # what a server does wrong is caught below: this is the disk
            raise DownloadError(
                f"{file.name} cannot be fetched into {target}: {why.strerror or why}",
                "ACTFUNC_DATA names another data folder",
            ) from why


def _from_any(order: list[str], file: Published, part: Part, report: Report) -> None:
    """Complete the part, or say what each address did; those that failed go to the order's end."""
    failures: dict[str, list[str]] = {}
    waiting = list(order)
    while waiting:
        address = waiting.pop(0)
        before = part.size
        report(f"fetching {file.name} ({_size(file.size)}) from {host(address)}")
        try:
            return _fetch(address, file, part, report)
        except _NoGoodError as why:
            failures.setdefault(address, []).append(str(why))
            order.append(order.pop(order.index(address)))
            if part.size > before and len(failures[address]) < TRIES:
                waiting.append(address)
    told = "; ".join(f"{host(address)}: {why[-1]}" for address, why in failures.items())
    came = f"try again, which goes on after the {_size(part.size)} that came; or "
    raise DownloadError(
        f"{file.name} could not be fetched ({told})",
        f"{came if part.size else ''}put {file.name} into {part.path.parent} by hand",
    )


def _fetch(address: str, file: Published, part: Part, report: Report) -> None:
    """Ask an address for what the part lacks, and check the whole; _NoGoodError if it is not."""
    resumed = part.size > 0
    try:
        _append(address, file, part, report)
        if part.size < file.size:
            raise _NoGoodError(f"ended after {part.size:,} of {file.size:,} bytes")
        found = part.digest(file.algorithm)
        if found != file.digest:
            raise ValueError(
                f"sent {part.size:,} bytes with {file.algorithm} {found},"
                f" expected {file.size:,} with {file.digest}"
            )
    except ValueError as why:
        part.clear()
        if not resumed:
            raise _NoGoodError(reason(why)) from why
        # the beginning, from before or from another address, may be what is wrong
        _fetch(address, file, part, report)


def _append(address: str, file: Published, part: Part, report: Report) -> None:
    told = time.monotonic()
    for block in _blocks(address, file, part):
        part.add(block)
        if part.size > file.size:
            raise ValueError(f"sent more than the {file.size:,} bytes expected")
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            done = f"{_size(part.size)} of {_size(file.size)}"
            report(f"fetching {file.name} ({done}) from {host(address)}")


def _blocks(address: str, file: Published, part: Part) -> Iterator[bytes]:
    """What an address sends of the file after the part, which is cleared if it sends all of it."""
    try:
        with open_url(address + file.name, part.size) as answer:
            start = begins_at(answer)
            if start not in (0, part.size):
                raise ValueError(f"sent byte {start:,} and on, asked for {part.size:,} and on")
            # an error page, say, which is whole and no part of the file
            if answer.length is not None and start + answer.length != file.size:
                raise ValueError(f"has {start + answer.length:,} bytes, not {file.size:,}")
            if start == 0:
                part.clear()
            # not read: that would wait for a whole chunk, and lose it when it is cut
            while block := answer.read1(CHUNK):
                yield block
    except (OSError, HTTPException) as why:
        raise _NoGoodError(reason(why)) from why


def _size(size: int) -> str:
    for unit, word in ((1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {word}"
    return f"{size} bytes"
