"""What wants a GPU: every float32 of a function, and sixty networks trained side by side.

The first takes every one of the 4,294,967,296 inputs through value, first and second derivative.
The second is six activations with ten seeds each in one program, validated after every epoch, in
float32 and with TF32; what it compiles and captures is in the first epoch, which is reported apart.
A model and an ensemble beside other ways of training are `epoch.py`'s.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

import torch
from contest import write
from rich.console import Console
from rich.progress import track

from actfunc import get, mlp
from actfunc.certify import exhaustive
from actfunc.data import Split
from actfunc.storage import HIDDEN, prepare
from actfunc.training import Program, Settings, Start, optimizer, start, train_members
from actfunc.training.arithmetic import Arithmetic
from actfunc.tutorial import SIX

FUNCTIONS = ("relu", "gelu", "silu", "tanh", "mish")
SEEDS, EPOCHS = 10, 30

console = Console()


def every_float32(name: str, device: torch.device, blocks: int = exhaustive.BLOCKS) -> dict:
    """Seconds for all inputs of a function, or for so many of the blocks, and what they gave."""
    activation = get(name)
    exhaustive.judge_chunk(activation, 0x3F800000, 2**16, device)  # what is loaded at first use
    began = time.perf_counter()
    steps = islice(exhaustive.blocks(activation, device, resume=False), blocks + 1)
    told = track(steps, f"{name}, all float32", blocks + 1, console=console)
    *_, (_, total) = told
    seconds = time.perf_counter() - began
    found = exhaustive.conclude(activation, device, total)
    return {"seconds": seconds, "blocks": blocks, "held": found.held, "worst": list(total.worst)}


def sixty(
    split: Split,
    *,
    activations: Sequence[str] = tuple(SIX.values()),
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    hidden: Sequence[int] = HIDDEN,
    compiling: bool = True,
) -> dict:
    """Seconds of the first epoch and of all others, and the networks' accuracies at the end."""
    settings = Settings(max_epochs=epochs, early_stopping=False)
    sizes, device = (split.train.images[0].numel(), *hidden, 10), split.train.images.device
    lasted, began = [], time.perf_counter()  # a program compiles when it is made
    program = Program(
        [get(name) for name in activations],
        optimizer.named(settings.optimizer),
        sizes,
        split,
        batch_size=settings.batch_size,
        slots=seeds,
        compiling=compiling,
    )
    starts = []
    for place, seed in itertools.product(range(len(activations)), range(seeds)):
        params = mlp.init(sizes, seed=seed, device=device)
        starts.append(Start(place, seed, settings.learning_rate, start(params, settings)))
    running = train_members(program, starts, settings)
    for members in track(running, f"{len(starts)} networks", epochs, console=console):
        lasted.append(time.perf_counter() - began)
        began = time.perf_counter()
        last = members
    scores: dict[str, list[float]] = {name: [] for name in activations}
    for member in last:
        scores[activations[member.start.activation]].append(member.history[-1].validation_accuracy)
    return {
        "networks": len(starts),
        "epochs": epochs,
        "first_epoch_seconds": lasted[0],
        "other_epochs_seconds": sum(lasted[1:]),
        "as_many_epochs_seconds": statistics.mean(lasted[1:]) * epochs,
        "mean_validation_accuracy": {k: statistics.mean(v) for k, v in scores.items()},
    }


def main() -> int:
    """Measure, print and keep; 1 where a function is not within its bounds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--functions", nargs="*", default=FUNCTIONS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    device = torch.device(options.device)
    document: dict[str, Any] = {"title": "gpu", "functions": {}, "networks": {}}
    for name in options.functions:
        document["functions"][name] = found = every_float32(name, device)
        file = write(document, device)  # as it comes: what follows may be cut off
        console.print(
            f"{name}: {found['seconds']:.1f} s, {'held' if found['held'] else 'NOT HELD'}"
        )
    work = prepare("fashion_mnist", seed=42, device=device)
    for precision in ("float32", "tf32") if device.type == "cuda" else ("float32",):
        Arithmetic(precision).adopt()
        found = sixty(work.split, seeds=options.seeds, epochs=options.epochs)
        document["networks"][precision] = found
        file = write(document, device)
        console.print(
            f"{found['networks']} networks, {found['epochs']} epochs, {precision}:"
            f" {found['as_many_epochs_seconds']:.1f} s after the first epoch's"
            f" {found['first_epoch_seconds']:.1f} s"
        )
    console.print(f"results: {file}")
    return int(not all(found["held"] for found in document["functions"].values()))


if __name__ == "__main__":
    sys.exit(main())
