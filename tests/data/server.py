"""A server of one folder on this machine that behaves well, badly, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WAYS = {
    "good": "sends what it is asked for",
    "whole": "sends all of a file where a part of it was asked for",
    "damaged": "a bit of the last byte is another",
    "damaged-first": "a bit of the first byte is another",
    "other": "sends something else, and shorter",
    "gone": "HTTP 404",
    "silent": "takes the question and does not answer",
    "long": "sends much more, and says so",
    "endless": "sends much more, and does not say how much",
    "cut": "sends half of what it was asked for, and hangs up",
    "cut-whole": "sends half of the file, whatever it was asked for, and hangs up",
    "stalled": "sends half of what it was asked for, then nothing",
    "elsewhere": "sends another part of the file",
    "unsaid": "sends a part of the file and does not say which",
}


class Handler(BaseHTTPRequestHandler):
    """The first part of the path is one of WAYS."""

    def do_GET(self):
        _, way, name = self.path.split("/")
        self.server.asked.append((way, name))
        path = self.server.folder / name
        if way == "gone" or not path.exists():
            self.send_error(404)
            return
        if way == "silent":
            self.server.release.wait(5)
            return
        whole = path.read_bytes()
        start = int(self.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
        start = 0 if way in ("whole", "cut-whole") else start
        if start and start >= len(whole):
            self.send_error(416)
            return
        body = {
            "damaged": whole[:-1] + bytes([whole[-1] ^ 1]),
            "damaged-first": bytes([whole[0] ^ 1]) + whole[1:],
            "other": b"something else",
            "long": whole * 50,
            "endless": whole * 50,
        }.get(way, whole)
        if way == "elsewhere" and start:
            start += 1
        body = body[start:]
        self.send_response(206 if start else 200)
        if start and way != "unsaid":
            self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        if way != "endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = way in ("cut", "cut-whole", "stalled")
        self.wfile.write(body[: len(body) // 2] if half else body)
        self.wfile.flush()
        if way == "stalled":
            self.server.release.wait(5)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """`asked` has the way and the name of every question; `release` ends all waiting."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.asked: list[tuple[str, str]] = []
        self.release = threading.Event()

    def at(self, way: str) -> str:
        """The address of the folder, served in one of WAYS."""
        assert way in WAYS
        return f"http://127.0.0.1:{self.server_port}/{way}/"


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server, as long as the block lasts."""
    server = Server(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


def refused() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"


def unknown() -> str:
    """An address whose name no machine has."""
    return "http://nowhere.invalid/"
