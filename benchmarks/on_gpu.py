"""A quarter of an hour on a machine with a GPU: what tells most comes first, and all of it is kept.

Each step is a process with a time of its own to end in; one that fails or takes too long costs only
itself. What it printed is in the folder `--out` once it ends, and a line about it in `steps.jsonl`.
The first steps say whether the programs are right there, the next how fast, the last what else
there is. Ends with 1 where a step did not end well.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TAIL = 12
"""Lines of what a step printed that are shown."""


class Step(NamedTuple):
    """What is run, for so many seconds at most."""

    name: str
    seconds: int
    command: Sequence[str]


def _tests(*arguments: str) -> list[str]:
    return ["-m", "pytest", "tests/test_cuda.py", "--tb=short", *arguments]


def _compare(*arguments: str) -> list[str]:
    return ["-m", "actfunc", "compare", "relu", "gelu", "--dataset", "silhouettes", *arguments]


SMALL = ("--seeds", "4", "--epochs", "3", "--device", "cuda", "--out", "{out}")
STEPS = (
    Step("captured", 60, _tests("-k", "graph or program", "-n", "0", "-x")),
    Step("tests", 150, _tests("-n", "8")),
    Step("compiled", 150, _tests("-k", "compil or graph", "--full", "-n", "4")),
    Step("ensemble", 90, ["benchmarks/gpu.py", "--functions", "--epochs", "10"]),
    Step("epoch", 150, ["benchmarks/epoch.py", "--rounds", "3"]),
    Step("tf32", 40, _compare(*SMALL, "--precision", "tf32", "--name", "tf32")),
    Step("bfloat16", 40, _compare(*SMALL, "--precision", "bfloat16", "--name", "bfloat16")),
    Step("repeats", 40, _compare(*SMALL, "--deterministic", "--eager", "--name", "repeats")),
    Step("memory", 60, ["benchmarks/memory.py"]),
    Step("certificates", 60, ["-m", "actfunc", "certify", "gelu", "tanh", "--device", "cuda"]),
    Step("every float32", 60, ["benchmarks/gpu.py", "--functions", "gelu", "--epochs", "2"]),
)


def run(steps: Iterable[Step], out: Path) -> list[dict[str, object]]:
    """What came of each step, the same lines that are in `steps.jsonl`."""
    out.mkdir(parents=True, exist_ok=True)
    found = []
    for step in steps:
        log, began = out / f"{step.name.replace(' ', '-')}.log", time.monotonic()
        command = [sys.executable, *(each.replace("{out}", str(out)) for each in step.command)]
        with log.open("w", encoding="utf-8") as file:
            # a group of its own, so that its processes end with it
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
            try:
                code: int | None = process.wait(step.seconds)
            except subprocess.TimeoutExpired:
                code = None
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        took = round(time.monotonic() - began, 1)
        told = {"step": step.name, "code": code, "seconds": took, "limit": step.seconds}
        found.append(told)
        with (out / "steps.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(told) + "\n")
        ended = "took too long" if code is None else f"ended with {code}"
        print(f"== {step.name}: {ended}, {took} s", flush=True)
        print("\n".join(log.read_text("utf-8", "replace").splitlines()[-TAIL:]), flush=True)
    return found


def main() -> int:
    """Run all steps, or those that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "on_gpu")
    parser.add_argument("--only", nargs="+", choices=[step.name for step in STEPS])
    options = parser.parse_args()
    chosen = [step for step in STEPS if not options.only or step.name in options.only]
    return int(any(told["code"] != 0 for told in run(chosen, options.out)))


if __name__ == "__main__":
    sys.exit(main())
