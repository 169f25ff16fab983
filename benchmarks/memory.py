"""Peak memory of an ensemble in training against the count on paper.

The tutorial's network, batches of 256 noise images, compiled; a fresh process an ensemble. On paper
a member takes its parameters, momentum and gradients, and what its layers read and give for one
batch. Measured is the peak over three epochs less what the process has without the ensemble.

On a CPU the C library's heap holds more than is in use: a buffer that fits no hole goes to its end.
So there is a second run in which every buffer is got from the system and given back at once, which
is slower, and its peak is what is in use.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import itertools
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import torch
from contest import write
from rich.console import Console
from rich.table import Table

from actfunc import get
from actfunc.data import Examples, Split
from actfunc.storage import HIDDEN
from actfunc.training import Program, sgd
from actfunc.training.memory import demand, demand_of_a_graph

SIZES, BATCH, STEPS = (784, *HIDDEN, 10), 256, 4

NO_HEAP = {"GLIBC_TUNABLES": f"glibc.malloc.mmap_threshold={2**16}"}
"""glibc gets from the system, and gives back, what is larger than this."""


def paper(device: torch.device) -> tuple[int, int]:
    """Bytes a member, without and with the best parameters, which are kept beside the current."""
    if device.type == "cuda":
        counted = demand_of_a_graph(SIZES, sgd(), BATCH, STEPS * BATCH, compiling=True).total
    else:
        counted = demand(SIZES, sgd(), BATCH).total
    weights = sum(4 * n * (m + 1) for m, n in itertools.pairwise(SIZES))
    return counted - weights, counted


def peak(members: int, device: torch.device) -> int:
    """Bytes that an ensemble of silu networks takes at its peak, in this process."""
    split = noise(device)
    held(device)

    def trained() -> Program:
        program = Program(
            [get("silu")], sgd(), SIZES, split, batch_size=BATCH, slots=members, compiling=True
        )
        seeds = torch.arange(members)[:, None]
        rates = torch.full((STEPS, members, 1), 0.01)
        program.epoch(seeds, seeds, rates)  # compiles, which is not what is measured
        leave_nothing(device)
        reset(device)
        for number in range(3):
            program.epoch(seeds, torch.full_like(seeds, number), rates)
        return program

    program = trained()
    highest = high_water(device)
    del program
    return highest - held(device)


def noise(device: torch.device) -> Split:
    """A few batches of random pixels."""
    images = torch.randint(0, 256, (STEPS * BATCH, 28, 28), dtype=torch.uint8, device=device)
    examples = Examples(images, torch.randint(0, 10, (len(images),), device=device))
    return Split(examples, examples, examples)


def held(device: torch.device) -> int:
    """Bytes in use once everything that nobody holds is given back.

    On a GPU what torch has of it: a graph's own pool is in no other figure.
    """
    leave_nothing(device)
    return torch.cuda.memory_reserved(device) if device.type == "cuda" else _status("VmRSS")


def leave_nothing(device: torch.device) -> None:
    """Give what nobody holds back to the system."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    else:
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def reset(device: torch.device) -> None:
    """Begin to look for a new peak."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        Path("/proc/self/clear_refs").write_text("5")


def high_water(device: torch.device) -> int:
    """The most bytes in use since `reset`; on a GPU the most that torch had of it."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    return _status("VmHWM")


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def measured(members: int, device: str, *, heap: bool = True) -> int:
    """Bytes at the peak in a process of its own; on a CPU without `heap`, those in use."""
    command = [sys.executable, __file__, "--one", str(members), "--device", device]
    command += [] if heap else ["--no-heap"]
    env = {**os.environ, **({} if heap else NO_HEAP)}
    return int(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Measure ensembles of several sizes and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, nargs="*", default=[1, 4, 16])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--one", type=int, help="measure this one here and print the bytes")
    parser.add_argument("--no-heap", action="store_true", help="with --one, see above")
    options = parser.parse_args()
    device = torch.device(options.device)
    if options.one is not None:
        torch.set_num_threads(1)
        kept = "actfunc.torch_private.keep_heap"
        with patch(kept, lambda: None) if options.no_heap else nullcontext():
            print(peak(options.one, device))
        return
    table = Table(title="peak memory of an ensemble, MB", title_justify="left")
    for column in ("members", "paper", "and the best", "in use", "of paper", "held", "of paper"):
        table.add_column(column, justify="right")
    rows = []
    for members in options.members:
        counted, with_best = (members * part for part in paper(device))
        held_at_peak = measured(members, options.device)
        used = held_at_peak
        if device.type == "cpu":
            used = measured(members, options.device, heap=False)
        rows.append(
            {
                "members": members,
                "paper": counted,
                "paper_with_best": with_best,
                "in_use": used,
                "measured": held_at_peak,
            }
        )
        sizes = (f"{n / 1e6:.1f}" for n in (counted, with_best))
        peaks = (f"{n / 1e6:.1f} {n / counted:.2f}".split() for n in (used, held_at_peak))
        table.add_row(str(members), *sizes, *itertools.chain(*peaks))
    Console().print(table)
    Console().print(f"results: {write({'title': 'memory', 'rows': rows}, device)}")


if __name__ == "__main__":
    main()
