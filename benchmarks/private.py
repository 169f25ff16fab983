"""What each thing that torch does not promise buys: the same epoch with and without it.

The tutorial's network with ReLU, batches of 256 noise images; a round is an epoch of `--steps`
steps of each. The compiled step with all its checks, and with torch's own products; the eager step
with torch's private module for trees instead of ours; silu's slope of a million numbers for each
step, by torch's kernel and without; and a heap that nobody told anything, in fresh processes, since
what it was told cannot be taken back. Some graphs are one and the same, so
whoever comes second finds them compiled: first runs are not to be compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from unittest.mock import patch

import torch
from contest import Timed, cold, contest, report
from memory import BATCH, SIZES
from torch.utils import _pytree

from actfunc import get, torch_private, tree
from actfunc.data import Examples, Split
from actfunc.training import Program, sgd

CPU = torch.device("cpu")
OURS = "ours"
EPOCHS = 9
"""In each process of the heap, after the first one."""

AGREE = 1e-3
"""Relative, of the first epochs' losses: other libraries add up in another order."""

Without = Callable[[], AbstractContextManager]


def _without(place: object, name: str, instead: object) -> Without:
    return lambda: patch.object(place, name, instead)


def _without_both() -> AbstractContextManager:
    return patch.multiple(torch_private, tensors_checked_alone=dict, products_by_onednn=dict)


COMPILED: dict[str, Without] = {
    OURS: nullcontext,
    "everything checked": _without(torch_private, "tensors_checked_alone", dict),
    "products by torch": _without(torch_private, "products_by_onednn", dict),
    "both": _without_both,
}
EAGER: dict[str, Without] = {
    OURS: nullcontext,
    "torch's own": _without(tree, "map", _pytree.tree_map),
}
SLOPES: dict[str, Without] = {
    OURS: nullcontext,
    "by sigmoids": _without(torch_private, "_silu_backward", None),
}
HEAPS: dict[str, Without] = {
    OURS: nullcontext,
    "told nothing": _without(torch_private, "keep_heap", lambda: None),
}


def epochs(without: Without, steps: int, *, compiling: bool) -> Callable[[], float]:
    """Runs the next epoch, of one network, and gives its loss."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (steps * BATCH, 28, 28), dtype=torch.uint8, generator=generator)
    train = Examples(images, torch.randint(0, 10, (len(images),), generator=generator))
    seeds, rates = torch.zeros(1, 1, dtype=torch.int64), torch.full((steps, 1, 1), 0.01)

    @cache
    def started() -> Program:
        """With the first epoch, as it compiles."""
        split = Split(train, train.first(1), train.first(1))
        return Program([get("relu")], sgd(), SIZES, split, batch_size=BATCH, compiling=compiling)

    def epoch() -> float:
        with without():
            return started().epoch(seeds, seeds, rates).loss.item()

    return epoch


def slopes(without: Without, steps: int) -> Callable[[], float]:
    """Computes silu's slope over and over, and gives their mean."""
    x, silu = torch.randn(2**20, generator=torch.Generator().manual_seed(0)), get("silu")

    def all_of_them() -> float:
        with without():
            return [silu.df(x) for _ in range(steps)][-1].mean().item()

    return all_of_them


def heap(name: str, steps: int) -> dict[str, float]:
    """Seconds of an epoch in this process: the first one, and the median of those after it."""
    epoch = epochs(HEAPS[name], steps, compiling=True)
    seconds = []
    for _ in range(1 + EPOCHS):
        began = time.perf_counter()
        loss = epoch()
        seconds.append(time.perf_counter() - began)
    return {"first": seconds[0], "later": statistics.median(seconds[1:]), "loss": loss}


def heaps(rounds: int, steps: int) -> Timed:
    """As `contest`, where a round is a process of each."""
    timed = Timed({}, {}, {name: [] for name in HEAPS})
    for number in range(rounds):
        for name in list(HEAPS)[:: 1 - 2 * (number % 2)]:
            command = [sys.executable, __file__, "--heap", name, "--steps", str(steps)]
            found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
            timed.first.setdefault(name, found["first"])
            timed.gave.setdefault(name, found["loss"])
            timed.seconds[name].append(found["later"])
    return timed


def reported(title: str, timed: Timed, steps: int) -> None:
    """Write the results, unless somebody did other work than the first."""
    want = timed.gave[OURS]
    wrong = {name: loss for name, loss in timed.gave.items() if not abs(loss / want - 1) <= AGREE}
    if wrong:
        raise SystemExit(f"error: {title}: a loss of {want}, and {wrong}: not the same work")
    report(f"private {title}", timed, device=CPU, times_of=[OURS], steps_a_round=steps)


def main() -> None:
    """Run the contests and write their results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--heap", choices=HEAPS, help="measure this one here and print the seconds")
    options = parser.parse_args()
    if options.heap is not None:
        print(json.dumps(heap(options.heap, options.steps)))
        return
    with cold():
        for title, ways, compiling in (("step", COMPILED, True), ("trees", EAGER, False)):
            running = {
                name: epochs(without, options.steps, compiling=compiling)
                for name, without in ways.items()
            }
            timed = contest(running, rounds=options.rounds, device=CPU)
            reported(title, timed, options.steps)
        sloping = {name: slopes(without, options.steps) for name, without in SLOPES.items()}
        timed = contest(sloping, rounds=options.rounds, device=CPU)
        reported("silu", timed, options.steps)
        reported("heap", heaps(options.rounds, options.steps), options.steps)


if __name__ == "__main__":
    main()
