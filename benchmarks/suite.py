"""The test suite: its seconds with nothing kept and once more, beside another checkout's; in full.

    python benchmarks/suite.py --against CHECKOUT    # both in turn, so many --rounds
    python benchmarks/suite.py --full                 # before a release: everything, once

The first round finds no cache: nothing that the compiler made, no truth of a formula, no bytecode.
Later ones find what those before have left. What fails is printed and kept.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from contest import write
from rich.console import Console

HERE = Path(__file__).parents[1]

SHOWN = 50_000
"""Letters of what pytest says of failures."""


def run(checkout: Path, caches: Path, *arguments: str) -> dict[str, Any]:
    """The suite of a checkout, with its caches in a folder: seconds, counts, names of failures."""
    env = {
        **os.environ,
        "PYTHONPATH": str(checkout),
        "PYTHONPYCACHEPREFIX": str(caches / "bytecode"),
        "TORCHINDUCTOR_CACHE_DIR": str(caches / "compiled"),
        "ACTFUNC_TRUTHS": str(caches / "truths"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={caches / 'pytest'}"]
    began = time.perf_counter()
    told = subprocess.run(
        [*command, *arguments], cwd=checkout, env=env, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    last = told.stdout.rstrip().rpartition("\n")[2]
    counts = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", last)}
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", told.stdout, re.M)
    for name in failed:
        print(f"  failed: {name}", flush=True)
    if failed:
        print(told.stdout[told.stdout.find("= FAILURES =") :][:SHOWN], flush=True)
    return {"seconds": seconds, "exit": told.returncode, "failed": failed, "counts": counts}


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="`pytest --full`, here and once")
    parser.add_argument("--caches", type=Path, help="where an earlier one in full left its caches")
    options = parser.parse_args()
    console, device = Console(), torch.device("cpu")
    with TemporaryDirectory() as folder:
        if options.full:
            found = run(HERE, options.caches or Path(folder), "--full")
            found["caches"] = "no" if options.caches is None else "an earlier run's"
            console.print(f"in full: {found['seconds']:.0f} s, {found['counts']}")
            console.print(f"results: {write({'title': 'whole suite', **found}, device)}")
            return
        checkouts = {"here": HERE} | (
            {"other": options.against.resolve()} if options.against else {}
        )
        runs: dict[str, dict[str, list[dict[str, Any]]]] = {
            name: {"first": [], "second": []} for name in checkouts
        }
        load = os.getloadavg()[0]
        for number in range(options.rounds):
            which = "second" if number else "first"
            for name in list(checkouts)[:: 1 - 2 * (number % 2)]:
                found = run(checkouts[name], Path(folder) / name)
                runs[name][which].append(found)
                console.print(f"{name}, {which}: {found['seconds']:.0f} s, {found['counts']}")
    document: dict[str, Any] = {"title": "suite", "load_before": load, "runs": runs}
    for which in ("first", "second") if options.rounds > 1 else ("first",):
        mine = statistics.median(one["seconds"] for one in runs["here"][which])
        console.print(f"{which} run: {mine:.0f} s")
        if "other" in runs:
            pairs = zip(runs["here"][which], runs["other"][which], strict=True)
            ratio = statistics.median(one["seconds"] / other["seconds"] for one, other in pairs)
            document[f"{which}_of_other"] = ratio
            console.print(f"  {ratio:.2f} of the other's")
    if options.against:
        head = ["git", "-C", str(options.against), "rev-parse", "--short", "HEAD"]
        document["other"] = subprocess.run(head, capture_output=True, text=True).stdout.strip()
    console.print(f"results: {write(document, device)}")


if __name__ == "__main__":
    main()
