"""Fetching FashionMNIST: mirrors in turn, checked before a file gets its name, quick to give up."""

from __future__ import annotations

import hashlib
import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterable
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from actfunc.data.fashion_mnist import File, UnavailableError, folder

Report = Callable[[str], None]

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
CHUNK = 1 << 18

ORIGIN = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"
"""The authors' own repository, tried after torchvision's mirrors."""


def mirrors() -> list[str]:
    """Addresses of folders that hold the four archives, in the order they are tried."""
    from torchvision.datasets import FashionMNIST

    return [*FashionMNIST.mirrors, ORIGIN]


def fetch(root: Path, files: Iterable[File], report: Report | None = None) -> None:
    """Fetch the given archives into a data root, replacing what has their name.

    A file gets its name only once its md5 is right. UnavailableError tells each mirror's failure.
    """
    target = folder(root)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise _unwritable(target, why) from why
    if not os.access(target, os.W_OK):
        raise _unwritable(target, PermissionError("not permitted"))
    sources = mirrors()
    for file in files:
        failures = []
        for source in tuple(sources):
            if report is not None:
                report(f"fetching {file.name} ({file.size / 1e6:.1f} MB) from {_host(source)}")
            try:
                _fetch_one(source + file.name, file, target)
                break
            except (OSError, HTTPException, ValueError) as why:
                failures.append(f"{_host(source)}: {_reason(why)}")
                # the other files need not wait for it again
                sources.append(sources.pop(sources.index(source)))
        else:
            raise UnavailableError(
                f"{file.name} could not be fetched ({'; '.join(failures)})",
                f"put the four archives into {target} by hand, or use --dataset silhouettes,"
                " which needs no download",
            )


def _fetch_one(url: str, file: File, target: Path) -> None:
    partial = target / f".{file.name}.{secrets.token_hex(4)}.part"
    digest, size = hashlib.md5(usedforsecurity=False), 0
    try:
        with _open(url) as answer, partial.open("xb") as out:
            # one byte past the published size is enough to know that it is something else
            while size <= file.size and (block := answer.read(min(CHUNK, file.size + 1 - size))):
                size += len(block)
                digest.update(block)
                out.write(block)
        if size > file.size:
            raise ValueError(f"sent more than the {file.size:,} bytes expected")
        if digest.hexdigest() != file.md5:
            raise ValueError(
                f"sent {size:,} bytes with md5 {digest.hexdigest()},"
                f" expected {file.size:,} with {file.md5}"
            )
        partial.replace(target / file.name)
    finally:
        partial.unlink(missing_ok=True)


def _open(url: str) -> Any:
    """The open response; TimeoutError when there is none in CONNECT_SECONDS.

    A socket's own timeout counts for each address of a host and not at all for the name's
    look-up, so a machine behind a silent firewall would wait for minutes: hence the thread.
    """
    outcome: queue.Queue[Any] = queue.Queue(1)

    def attempt() -> None:
        try:
            # the addresses are the constants above and torchvision's
            request = Request(url, headers={"User-Agent": "actfunc"})  # noqa: S310
            outcome.put(urlopen(request, timeout=READ_SECONDS))  # noqa: S310
        except HTTPError as why:
            # it holds the connection open
            why.close()
            outcome.put(OSError(f"HTTP {why.code} {why.reason}"))
        except Exception as why:
            outcome.put(why)

    threading.Thread(target=attempt, daemon=True).start()
    try:
        answer = outcome.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"no answer in {CONNECT_SECONDS:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _reason(why: BaseException) -> str:
    inner = getattr(why, "reason", None)
    if isinstance(inner, OSError):
        return inner.strerror or str(inner)
    return str(why) or type(why).__name__


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _unwritable(target: Path, why: OSError) -> UnavailableError:
    return UnavailableError(
        f"FashionMNIST cannot be fetched into {target}: {why.strerror or why}",
        "ACTFUNC_DATA names another data folder; without it the user's cache folder is used",
    )
