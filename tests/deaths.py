"""A process killed at every single touch of the disk, and started again.

    python -m tests.deaths train FOLDER
    python -m tests.deaths compare FOLDER --every 9     # every ninth moment only

Runs a short training, or a short comparison, in processes that are killed (SIGKILL) before, in and
after each write, renaming and removal of a file, and runs it again to its end. Prints how many
deaths there were and what was not as in the undisturbed run; ends with 1 where anything was not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import torch

from actfunc import data, get
from actfunc.compare import trainer
from actfunc.compare.folder import write_tables
from actfunc.data import silhouettes
from actfunc.storage import RunFolder, WorkingSet
from actfunc.storage.lock import alone
from actfunc.storage.run import train
from actfunc.training import Progress, Settings
from tests.compare.small import plan_of, run
from tests.made_up import small_dataset

Work = Callable[[Path], object]
PLAN = plan_of("tanh", seeds=2)
BRIEF = Settings(batch_size=50, max_epochs=2, patience=1, early_stopping=False)


def training(work: WorkingSet, folder: Path) -> None:
    """Two epochs, with the neurons watched."""
    place = RunFolder.of(folder, "made-up", "tanh", 5)
    settings = Settings(batch_size=40, max_epochs=2, seed=5)

    def watch(progress: Progress) -> None:
        place.watch(len(progress.history), [{"dead": len(progress.history)}])

    train(get("tanh"), work, settings, folder, hidden=(8,), watch=watch)


def comparison(folder: Path) -> None:
    """Two members side by side, written after each epoch, and the tables."""
    with alone(folder):
        write_tables(folder, run(PLAN, folder, BRIEF))


def die_at(last: int) -> None:
    """Kill this process at the moment number `last`, counted from 0, in a touch of the disk."""
    moment = -1

    def passed() -> None:
        nonlocal moment
        moment += 1
        if moment == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def touched(real, *given, **options):
        passed()
        done = real(*given, **options)
        passed()
        return done

    whole = Path.write_bytes

    def in_two(path: Path, content: bytes) -> int:
        passed()
        whole(path, content[: len(content) // 2])
        passed()
        return whole(path, content)

    Path.write_bytes = in_two
    os.replace = partial(touched, os.replace)
    real_unlink = Path.unlink
    Path.unlink = lambda path, **options: touched(real_unlink, path, **options)


def forked(work: Work, folder: Path, last: int | None = None) -> int:
    """Do the work in a process of its own; gives the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if last is not None:
                die_at(last)
            work(folder)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)


def files(folder: Path) -> dict[str, object]:
    """What is in the folder; of configs all but what made them, which has the time in it."""
    found: dict[str, object] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found[str(path.relative_to(folder))] = path.read_bytes()
        if path.name == "config.json":
            config = json.loads(path.read_text())
            found[str(path.relative_to(folder))] = config | {"made_by": None, "sha256": None}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m tests.deaths",
    )
    parser.add_argument("what", choices=("train", "compare"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    folder: Path = asked.folder
    torch.set_num_threads(1)
    time.perf_counter = lambda: 0.0  # so that the seconds in the files are the same in every run
    trainer.SAVE_EVERY = -1.0
    silhouettes.draw = cache(silhouettes.draw)
    small = small_dataset()
    few = small._replace(train=small.train.first(240), test=small.test.first(40))
    run_of = WorkingSet(few, data.split(few, 5), torch.device("cpu"), 5, 5)
    work: Work = {"train": partial(training, run_of), "compare": comparison}[asked.what]
    work(folder / "first")  # so that what torch loads on first use is there, not in each process
    assert forked(work, folder / "whole") == 0
    whole, wrong, last, deaths = files(folder / "whole"), list[str](), 0, 0
    while (ended := forked(work, folder / "cut", last)) == signal.SIGKILL:
        again = forked(work, folder / "cut")
        found = files(folder / "cut")
        differ = sorted(name for name in {*whole, *found} if whole.get(name) != found.get(name))
        if again != 0 or differ:
            wrong.append(f"death {last}: ended with {again}, {differ}")
        shutil.rmtree(folder / "cut")
        last, deaths = last + asked.every, deaths + 1
    print(f"{deaths} deaths", *wrong, sep="\n")
    return int(bool(wrong) or ended != 0)


if __name__ == "__main__":
    raise SystemExit(main())
