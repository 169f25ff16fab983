"""A server's answer when asked for a file, or for the rest of one; quick to give up."""

from __future__ import annotations

import queue
import threading
from http.client import HTTPResponse
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0


def open_url(url: str, start: int = 0) -> HTTPResponse:
    """The open answer, asked for the bytes from `start` on; `begins_at` says what is sent.

    Raises TimeoutError where there is none in CONNECT_SECONDS, reading from it where nothing comes
    for READ_SECONDS; OSError with the server's word where it refuses; ValueError where the file
    ends before `start`.

    A socket's own timeout counts for each address of a host and not at all for the name's
    look-up, so a machine behind a silent firewall would wait for minutes: hence the thread.
    """
    outcome: queue.Queue[HTTPResponse | Exception] = queue.Queue(1)
    headers = {"User-Agent": "actfunc"} | ({"Range": f"bytes={start}-"} if start else {})

    def attempt() -> None:
        try:
            # the addresses are constants of the package and torchvision's
            request = Request(url, headers=headers)  # noqa: S310
            outcome.put(urlopen(request, timeout=READ_SECONDS))  # noqa: S310
        except HTTPError as why:
            # it holds the connection open
            why.close()
            kind = ValueError if why.code == 416 else OSError
            outcome.put(kind(f"HTTP {why.code} {why.reason}"))
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


def begins_at(answer: HTTPResponse) -> int:
    """The place in the file of an answer's first byte: 0 where the server sends all of it.

    ValueError where it sends a part and does not say which.
    """
    if answer.status != 206:
        return 0
    place = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    if not place.isdecimal():
        raise ValueError("sent a part of the file without saying which")
    return int(place)


def reason(why: BaseException) -> str:
    """An error in a few words, without the wrapping of urllib."""
    inner = getattr(why, "reason", None)
    if isinstance(inner, OSError):
        return inner.strerror or str(inner)
    return str(why) or type(why).__name__


def host(url: str) -> str:
    """The server's name in an address."""
    return urlsplit(url).netloc
