"""Commands that are killed at random moments and started again: the same files, nothing left over.

    python -m tests.kills                                  # 100 of them, over all commands
    python -m tests.kills compare ranks --count 20 --seed 3

Each command runs undisturbed first, then is killed (SIGKILL, SIGTERM, SIGINT, as a terminal sends
it or alone) and started again. Afterwards no process of it may be left, and its files have to be
those of the undisturbed run, byte by byte: all processes begin with a clock that stands still. What
was not so is printed; the command ends with 1 where anything was.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from tests.compare.commands import NOISE, PATIENCE, ROOT, TORCHRUN, end, family, opened

SMALL = ("--examples", "1200", "--batch-size", "50", "--hidden", "16,8", "--device", "cpu")
BOTH = ("compare", "tanh", "relu", "--seeds", "3", "--epochs", "3", "--eager", *SMALL)
ALONE = (*BOTH, "--at-a-time", "1", "--processes", "1")
ACTFUNC = ("-m", "actfunc")

AT_HOME = """
import importlib, os, sys
try:
    importlib.import_module("actfunc.data.fetch").mirrors = lambda: [os.environ["MIRROR"]]
except KeyboardInterrupt:
    sys.exit(130)
sys.argv[0] = "actfunc"
importlib.import_module("actfunc.cli").main()
"""
"""The program with a mirror that is no other machine."""

COMMANDS = {
    "train": (*ACTFUNC, "train", "tanh", "relu", "--epochs", "6", "--eager", *SMALL),
    "compare": (*ACTFUNC, *BOTH, "--processes", "1"),
    "workers": (*ACTFUNC, *BOTH, "--at-a-time", "1", "--processes", "2"),
    "ranks": (*TORCHRUN, *ACTFUNC, *ALONE),
    "certify": (*ACTFUNC, "certify", "--all", "--dtype", "float16", "--save", "certificates.jsonl"),
    "reproduce": (*ACTFUNC, "reproduce", "--epochs", "2", "--eager", "--examples", "1200"),
    "data": (*ACTFUNC, "data", "--dataset", "silhouettes", "--show", "drawn.svg"),
    "fetch": ("-c", AT_HOME, "data", "--dataset", "fashion_mnist", "--fetch"),
}
"""The small sizes are of commands as people type them: with bars, processes, figures and pages."""

STARTUP = """
import datetime, os, time

class Still(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2000, 1, 1, tzinfo=tz)

datetime.datetime, time.perf_counter = Still, lambda: 0.0
"""
"""What every process of a command begins with: a clock that stands still."""


SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
QUIET = (*NOISE, "Fatal Python error")


SOON = 60
"""Seconds after a signal until all processes of a command should have ended."""


class Ended(NamedTuple):
    """How a command ended, after how many seconds, and what it said."""

    code: int | None
    seconds: float
    err: str


def begun(program: tuple[str, ...], folder: Path, extra: dict[str, str]) -> subprocess.Popen[str]:
    """The command in a folder of its own, in a session of its own."""
    folder.mkdir(exist_ok=True)
    env = {**os.environ, **extra, "ACTFUNC_RUNS": str(folder / "runs")}
    env |= {"XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    env |= {"MPLCONFIGDIR": str(folder.parent / "matplotlib")}  # its list of fonts is its own
    return opened(program, env, folder, subprocess.DEVNULL)


def to_its_end(program: tuple[str, ...], folder: Path, extra: dict[str, str]) -> Ended:
    """The command undisturbed."""
    start = time.monotonic()
    process = begun(program, folder, extra)
    _, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, time.monotonic() - start, err)


def killed(
    process: subprocess.Popen[str], after: float, how: signal.Signals, *, to_all: bool
) -> Ended:
    """A signal after so many seconds, to the process or, as a terminal does, to its family too."""
    time.sleep(after)
    if process.poll() is None:
        (os.killpg if to_all else os.kill)(process.pid, how)
    try:
        _, err = process.communicate(timeout=SOON)
    except subprocess.TimeoutExpired:  # what it has started holds its stderr
        err = ""
    return Ended(process.poll(), after, err)


def files(folder: Path) -> dict[str, bytes]:
    """All that is there."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m tests.kills",
    )
    # argparse holds an empty list against the choices too
    parser.add_argument("commands", nargs="*", choices=[[], *COMMANDS], default=[])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chance, wrong, counted = random.Random(asked.seed), [], Counter[str]()
    names = asked.commands or list(COMMANDS)
    if "fetch" in names and "ACTFUNC_DATA" not in os.environ:
        print("fetch is left out: ACTFUNC_DATA, the folder of what is served, is not set")
        names.remove("fetch")
    with tempfile.TemporaryDirectory() as place:
        folder, cut = Path(place), Path(place) / "cut"
        (folder / "start").mkdir()
        (folder / "start" / "sitecustomize.py").write_text(STARTUP)
        extra = {"PYTHONPATH": os.pathsep.join([str(folder / "start"), str(ROOT)])}
        around = {name: surroundings(name) for name in names}
        whole: dict[str, tuple[dict[str, bytes], float]] = {}
        for number in range(asked.count):
            name = names[number % len(names)]
            program, more = COMMANDS[name], {**extra, **around[name]}
            if name not in whole:
                first = to_its_end(program, cut, more)
                assert first.code == 0, f"{name} by itself: {first}"
                whole[name] = files(cut), first.seconds
                shutil.rmtree(cut)
            right, seconds = whole[name]
            how = SIGNALS[number // len(names) % len(SIGNALS)]
            after = chance.uniform(0.5, 1.02 * seconds)
            to_all = how == signal.SIGINT and chance.random() < 0.5
            ended = killed(begun(program, cut, more), after, how, to_all=to_all)
            mark = f"{name}, {how.name} after {after:.2f} of {seconds:.2f} s"
            if left := still_there(cut / "runs"):
                wrong.append(f"{mark}: left {left}")
            # torchrun itself answers a signal with a traceback
            quiet = name != "ranks" and how != signal.SIGKILL
            if quiet and any(noise in ended.err for noise in QUIET):
                wrong.append(f"{mark}: said {ended.err[-500:]}")
            again = to_its_end(program, cut, more)
            found = files(cut)
            differ = sorted(each for each in {*right, *found} if right.get(each) != found.get(each))
            if again.code != 0 or differ:
                said = again.err[-300:] if again.code else ""
                wrong.append(f"{mark}: then {again.code}, {differ} {said}")
            shutil.rmtree(cut)
            counted[f"{name} {how.name} {ended.code}"] += 1
            print(f"{number + 1:>4}  {mark}: {ended.code}", flush=True)
    for what, many in sorted(counted.items()):
        print(f"{many:>4}  {what}")
    print(f"{asked.count} kills, {len(wrong)} with something wrong", *wrong, sep="\n")
    return int(bool(wrong))


def still_there(runs: Path) -> list[str]:
    """What a command has left running, some seconds after its end; it is ended here."""
    until = time.monotonic() + 5
    while family(runs) and time.monotonic() < until:
        time.sleep(0.1)
    left = family(runs)
    end(left)
    return [words.decode() for words in left.values()]


def surroundings(name: str) -> dict[str, str]:
    """The data that a command gets: drawn, or fetched from a server in this process."""
    if name != "fetch":
        return {"ACTFUNC_DATASET": "silhouettes"}
    served = Path(os.environ["ACTFUNC_DATA"]) / "FashionMNIST" / "raw"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mirror = f"http://127.0.0.1:{server.server_port}/"
    return {"MIRROR": mirror, "ACTFUNC_DATA": ""}


class Quiet(SimpleHTTPRequestHandler):
    """A server without a log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    raise SystemExit(main())
