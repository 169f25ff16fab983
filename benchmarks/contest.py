"""Contests: the same work done in several ways, in turn, with the medians and their ratios kept."""

from __future__ import annotations

import json
import os
import re
import shlex
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

import cpuinfo
import torch
from rich.console import Console
from rich.table import Table

from actfunc import torch_private
from actfunc.storage import provenance

RESULTS = Path(__file__).parent / "results"

WIDTH = 140
"""Columns of the printed table, in a pipe too."""

BUSY = 0.5
"""Load average of a machine that is not idle: what is measured on it is not worth keeping."""


class Timed(NamedTuple):
    """A contest's outcome, by contender.

    first:    seconds of the first run, which compiles what is to be compiled
    gave:     what the first run returned
    seconds:  of each round after it
    load:     the machine's load average before, None where it is not told
    """

    first: dict[str, float]
    gave: dict[str, Any]
    seconds: dict[str, list[float]]
    load: float | None = None


def contest(
    contenders: Mapping[str, Callable[[], Any]], *, rounds: int, device: torch.device
) -> Timed:
    """Seconds of every round of every contender, after a first run of each that is kept apart.

    Taken in turn and in changing order, so that a slow minute of the machine falls on all of them.
    """

    def clocked(run: Callable[[], Any]) -> tuple[float, Any]:
        began = time.perf_counter()
        gave = run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - began, gave

    # of the last minute
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if load and load > BUSY:
        print(f"others are at work here (load {load:.1f}): threads will wait for each other")
    timed = Timed({}, {}, {name: [] for name in contenders}, load)
    for name, run in contenders.items():
        timed.first[name], timed.gave[name] = clocked(run)
    for number in range(rounds):
        # forwards and backwards, as who goes second finds other things in the cache
        for name, run in list(contenders.items())[:: 1 - 2 * (number % 2)]:
            timed.seconds[name].append(clocked(run)[0])
    return timed


@contextmanager
def cold() -> Iterator[None]:
    """With a torch compiler that has started but found nothing that was compiled before."""
    with TemporaryDirectory() as folder, patch.dict(os.environ, TORCHINDUCTOR_CACHE_DIR=folder):
        # who compiles first would pay for its start
        torch_private.compiled(torch.cos)(torch.ones(64))
        yield


class Ratio(NamedTuple):
    """How two contenders compare: the median of their ratios round by round, and the medians'.

    A machine that is slow for a while is so for both in a round, so the first is the steadier one.
    """

    by_round: float
    of_medians: float


def ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """Of the seconds of two contenders in the same rounds."""
    return Ratio(
        statistics.median(a / b for a, b in zip(above, below, strict=True)),
        statistics.median(above) / statistics.median(below),
    )


def summary(
    timed: Timed,
    *,
    faster_than: Sequence[str] = (),
    times_of: Sequence[str] = (),
    per: Mapping[str, int] | None = None,
) -> dict[str, dict[str, Any]]:
    """What the results say of each contender; seconds are for one of its `per` members.

    faster_than:  contenders whose seconds are divided by everybody's
    times_of:     contenders by whose seconds everybody's are divided
    per:          members that a contender runs at once, 1 where it is not named
    """
    members = {name: (per or {}).get(name, 1) for name in timed.seconds}
    seconds = {
        name: [second / members[name] for second in runs] for name, runs in timed.seconds.items()
    }
    return {
        name: {
            "members": members[name],
            "median_seconds": statistics.median(runs),
            "fastest_seconds": min(runs),
            "slowest_seconds": max(runs),
            "first_run_seconds": timed.first[name],
            "faster_than": {o: ratio(seconds[o], runs)._asdict() for o in faster_than},
            "times_of": {o: ratio(runs, seconds[o])._asdict() for o in times_of},
        }
        for name, runs in seconds.items()
    }


def report(
    title: str,
    timed: Timed,
    *,
    device: torch.device,
    faster_than: Sequence[str] = (),
    times_of: Sequence[str] = (),
    per: Mapping[str, int] | None = None,
    keep: bool = True,
    **facts: Any,
) -> dict[str, Any]:
    """Print the table and write the results file, unless it is not to be kept; see `summary`."""
    found = summary(timed, faster_than=faster_than, times_of=times_of, per=per)
    console = Console(width=WIDTH)
    console.print(table(title, found))
    document = {
        "title": title,
        "contenders": found,
        "seconds": timed.seconds,
        "load_before": timed.load,
        **facts,
    }
    if keep:
        console.print(f"results: {write(document, device)}")
    return document


def write(
    document: Mapping[str, Any], device: torch.device, file: str | Path | None = None
) -> Path:
    """Keep what was measured, with what made it, in the results file of its title and hardware.

    file: another place for it.
    """
    cpu = processor()
    if file is None:
        RESULTS.mkdir(exist_ok=True)
        where = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu
        name = re.sub("[^A-Za-z0-9]+", "-", f"{document['title']} {where}")
        file = RESULTS / f"{name}.json"
    file = Path(file)
    made_by = provenance(device)
    made_by["command"] = _without_places(made_by["command"])
    made = {**document, "processor": cpu, "made_by": made_by}
    file.write_text(json.dumps(made, indent=2) + "\n")
    return file


def _without_places(command: str) -> str:
    """A command with the last part of each absolute path: in whose folders it was tells nothing."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in shlex.split(command)]
    return shlex.join(words)


def processor() -> str:
    """The processor and the instructions torch uses of it, as one brand is sold with several."""
    brand = cpuinfo.get_cpu_info().get("brand_raw", "unknown")
    return f"{brand} with {torch.backends.cpu.get_cpu_capability()}"


def table(title: str, found: Mapping[str, Mapping[str, Any]]) -> Table:
    """A contender a row; a ratio is the rounds' median, the medians' ratio in brackets."""
    drawn = Table(title=title, title_justify="left")
    drawn.add_column("")
    for column in ("median s", "fastest", "slowest", "first run"):
        drawn.add_column(column, justify="right")
    for kind, words in (("faster_than", "{} takes"), ("times_of", "of {}")):
        for other in next(iter(found.values()))[kind]:
            drawn.add_column(words.format(other), justify="right")
    for name, row in found.items():
        seconds = (row[f"{part}_seconds"] for part in ("median", "fastest", "slowest", "first_run"))
        ratios = (
            f"{r['by_round']:.2f} ({r['of_medians']:.2f})"
            for kind in ("faster_than", "times_of")
            for r in row[kind].values()
        )
        drawn.add_row(name, *(f"{s:.3f}" for s in seconds), *ratios)
    return drawn
