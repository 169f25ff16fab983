"""Contests: the same work done in several ways, in turn, with the medians and their ratios kept."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cpuinfo
import torch
from rich.console import Console
from rich.table import Table

from actfunc.storage import provenance

RESULTS = Path(__file__).parent / "results"


def contest(
    contenders: Mapping[str, Callable[[], None]], *, rounds: int, device: torch.device
) -> dict[str, list[float]]:
    """Seconds of every round of every contender, after one round each to warm up.

    Taken in turn and in changing order, so that a slow minute of the machine falls on all of them.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        # forwards and backwards, as who goes second finds other things in the cache
        for name, run in list(contenders.items())[:: 1 - 2 * (number % 2)]:
            began = time.perf_counter()
            run()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            took = time.perf_counter() - began
            if number:
                seconds[name].append(took)
    return seconds


def report(
    title: str,
    seconds: Mapping[str, list[float]],
    *,
    against: str,
    device: torch.device,
    **facts: Any,
) -> dict[str, Any]:
    """Print the table, each contender's median beside `against`, and write the results file."""
    base = statistics.median(seconds[against])
    table = Table(title=title, title_justify="left")
    for column in ("", "median s", "fastest", "slowest", f"{against} takes"):
        table.add_column(column, justify="left" if not column else "right")
    medians = {name: statistics.median(runs) for name, runs in seconds.items()}
    for name, runs in seconds.items():
        ratio = f"{base / medians[name]:.2f} ×"
        table.add_row(name, f"{medians[name]:.3f}", f"{min(runs):.3f}", f"{max(runs):.3f}", ratio)
    Console().print(table)
    document = {
        "title": title,
        "against": against,
        "ratio": {name: base / median for name, median in medians.items()},
        "median_seconds": medians,
        "seconds": dict(seconds),
        "processor": cpuinfo.get_cpu_info().get("brand_raw", "unknown"),
        **facts,
        "made_by": provenance(device),
    }
    RESULTS.mkdir(exist_ok=True)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    file = RESULTS / f"{title.replace(' ', '-')}-{where.replace(' ', '-')}.json"
    file.write_text(json.dumps(document, indent=2) + "\n")
    Console().print(f"results: {file}")
    return document
