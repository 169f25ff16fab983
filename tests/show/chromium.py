"""A page in a headless Chromium, spoken to over two pipes by its DevTools protocol."""

from __future__ import annotations

import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
"""None where there is no such browser."""

PATIENCE = 60.0
"""Seconds to wait for an answer."""


class Tab:
    """One page. `complaints` and `requests` are what its console said and what it asked for."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """One command of the protocol, and its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']['message']}"
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reading], [], [], PATIENCE)
            assert ready, "the browser does not answer"
            read = os.read(self._reading, 1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(params["args"]))
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.complaints.append(details.get("exception", details).get("description", ""))
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def open(self, path: Path, hash_: str = "") -> None:
        """Load a file anew and wait until it has drawn itself."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.as_uri() + hash_)
        self.wait("document.readyState === 'complete' && document.body.dataset.drawn > 0")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; NaN and infinite numbers stay what they are."""
        number = "typeof v !== 'number' || Number.isFinite(v) ? v : {float: String(v)}"
        plain = f"JSON.stringify({expression}, (_, v) => {number})"
        found = self.call("Runtime.evaluate", expression=plain, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]["exception"]
        text = found["result"].get("value")
        return None if text is None else json.loads(text, object_hook=_float)

    def wait(self, condition: str) -> None:
        """Until a JavaScript expression is true."""
        end = time.monotonic() + PATIENCE
        while not self.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never: {condition}"
            time.sleep(0.02)

    def press(self, key: str, *, shift: bool = False) -> None:
        """A key, pressed and let go."""
        code = {"Tab": 9, "Enter": 13, "ArrowRight": 39, "ArrowLeft": 37}.get(key, 0)
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 * shift}
        if key == "Enter":
            about["text"] = "\r"
        self.call("Input.dispatchKeyEvent", type="keyDown", **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text: str) -> None:
        """Text, into what has the focus."""
        self.call("Input.insertText", text=text)


def _float(value: dict[str, Any]) -> Any:
    return float(value["float"]) if value.keys() == {"float"} else value


_AS_3_AND_4 = """
import fcntl, os, sys
reading, writing = (fcntl.fcntl(int(given), fcntl.F_DUPFD, 10) for given in sys.argv[1:3])
os.dup2(reading, 3)
os.dup2(writing, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""A program started with two pipes where the protocol has them."""


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """A tab of a browser that has its profile in this folder and ends with the block."""
    assert PROGRAM is not None
    (their_reading, writing), (reading, their_writing) = os.pipe(), os.pipe()
    command = [
        sys.executable, "-c", _AS_3_AND_4, str(their_reading), str(their_writing), PROGRAM,
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={folder}",
        "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, pass_fds=(their_reading, their_writing), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(their_reading)
    os.close(their_writing)
    try:
        yield Tab(reading, writing)
    finally:
        process.terminate()
        process.wait()
        os.close(reading)
        os.close(writing)
