"""Thousands of single faults in every kind of file, and what came of them.

    python -m tests.damage                       # 3,000, a few minutes
    python -m tests.damage --count 300 --seed 7

Prints a table, and each fault that was used without a word or ended in a traceback; ends with 1
where there is one. ACTFUNC_DATA names the folder that has the author's networks.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import torch

from actfunc.data import data_root
from tests.damage import BAD, FAULTS, OUTCOMES, Found, tried, undamaged
from tests.damage.subjects import subjects


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m tests.damage",
    )
    parser.add_argument("--count", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    checkpoints, found = data_root() / "uva_checkpoints", list[Found]()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        made = subjects(Path(folder), checkpoints if checkpoints.is_dir() else None)
        for number, subject in enumerate(made):
            drawn, right = random.Random(f"{asked.seed} {subject.name}"), undamaged(subject, work)
            faults = asked.count // len(made) + (number < asked.count % len(made))
            found += [tried(subject, right, drawn, work) for _ in range(faults)]
            print(f"{subject.name}: {faults} faults", file=sys.stderr, flush=True)
    for one in found:
        if one.outcome in BAD:
            print(f"{one.subject}, {one.file} {one.fault}: {one.outcome}\n{one.told}")
    _table(found)
    return int(any(one.outcome in BAD for one in found))


def _table(found: list[Found]) -> None:
    counts = Counter((one.subject, one.outcome) for one in found)
    counts.update((one.fault, one.outcome) for one in found)
    counts.update(("all", one.outcome) for one in found)
    print(f"{'':28}" + "".join(f"{outcome:>18}" for outcome in OUTCOMES))
    for row in [*dict.fromkeys(one.subject for one in found), *FAULTS, "all"]:
        print(f"{row:28}" + "".join(f"{counts[row, outcome]:18,}" for outcome in OUTCOMES))


if __name__ == "__main__":
    raise SystemExit(main())
