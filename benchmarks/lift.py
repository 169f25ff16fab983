"""What the lift costs where nothing is compiled: forward and backward beside torch's own function.

Float32, (1024, 1024), one thread, the lift at its default order; a round is one pass each, in turn.
`--compiled` takes both compiled. The peak is what a pass takes at most beside its input and
gradient, in a process of its own whose heap gives back what is freed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch
from contest import contest, ratio, write
from memory import NO_HEAP, held, high_water, reset
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional

from actfunc import get, torch_private

NAMES = ("relu", "tanh", "softplus", "gelu", "elu", "mish", "sigmoid", "silu")
SHAPE = (1024, 1024)
CPU = torch.device("cpu")
PASSES = 4
"""Passes a round, so that a round is longer than the clock is coarse."""

Function = Callable[[Tensor], Tensor]


def theirs(name: str) -> Function:
    """Torch's own function of the name."""
    function: Function = getattr(functional, name, None) or getattr(torch, name)
    return function


def called(function: Function) -> Function:
    """The function by a code of its own: of what is no Python function torch compiles eight."""
    return lambda x: function(x)


def there_and_back(function: Function, x: Tensor, gradient: Tensor) -> Tensor:
    """The gradient that one pass gives."""
    x.grad = None
    function(x).backward(gradient)
    assert x.grad is not None
    return x.grad


def repeated(work: Callable[[], object]) -> Callable[[], None]:
    """The same work a few times over."""

    def a_round() -> None:
        for _ in range(PASSES):
            work()

    return a_round


def inputs() -> tuple[Tensor, Tensor]:
    """An input that wants a gradient, and the gradient of what comes of it."""
    generator = torch.Generator().manual_seed(0)
    x, gradient = torch.randn((2, *SHAPE), generator=generator).unbind()
    return x.clone().requires_grad_(), gradient.clone()


def timed(name: str, rounds: int, compiling: bool) -> dict[str, float]:
    """How many times as long as torch's own: there and back; and the value as of `.f`."""
    x, gradient = inputs()
    record, own = get(name), theirs(name)
    lifted, plain = (torch_private.compiled(called(f)) if compiling else f for f in (record, own))
    contenders = {
        "ours": repeated(lambda: there_and_back(lifted, x, gradient)),
        "theirs": repeated(lambda: there_and_back(plain, x, gradient)),
    }
    seconds = contest(contenders, rounds=rounds, device=CPU).seconds
    found = {"times": ratio(seconds["ours"], seconds["theirs"]).by_round}
    found["seconds"] = statistics.median(seconds["ours"]) / PASSES
    if not compiling:
        with torch.no_grad():
            contenders = {
                "record": repeated(lambda: record(x)),
                "f": repeated(lambda: record.f(x)),
                "theirs": repeated(lambda: own(x)),
            }
            seconds = contest(contenders, rounds=rounds, device=CPU).seconds
        found["value_of_f"] = ratio(seconds["record"], seconds["f"]).by_round
        found["value_times"] = ratio(seconds["record"], seconds["theirs"]).by_round
    return found


def peak(name: str, ours: bool) -> int:
    """Bytes a pass takes at most beside its input and gradient, here."""
    x, gradient = inputs()
    function = get(name) if ours else theirs(name)
    there_and_back(function, x, gradient)
    x.grad = None
    before = held(CPU)
    reset(CPU)
    there_and_back(function, x, gradient)
    return high_water(CPU) - before


def peak_alone(name: str, ours: bool) -> int:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--peak", name] + (["--ours"] if ours else [])
    env = {**os.environ, **NO_HEAP}
    return int(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)


def drawn(title: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    """A row a function."""
    table = Table(title=title, title_justify="left")
    for column in ("function", "there and back", "peak", "value", "value, of .f"):
        table.add_column(column, justify="left" if column == "function" else "right")
    for name, row in rows.items():
        cells = ("times", "peak_times", "value_times", "value_of_f")
        table.add_row(name, *(f"{row[cell]:.2f}" if cell in row else "" for cell in cells))
    return table


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--no-peak", action="store_true", help="leave the memory out")
    parser.add_argument("--peak", help="measure this one here and print the bytes")
    parser.add_argument("--ours", action="store_true", help="with --peak: ours, and not torch's")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.peak:
        print(peak(options.peak, options.ours))
        return
    rows: dict[str, dict[str, Any]] = {}
    for name in options.names:
        rows[name] = row = timed(name, options.rounds, options.compiled)
        if not (options.compiled or options.no_peak):
            row["peak_times"] = peak_alone(name, True) / peak_alone(name, False)
    title = "lift compiled" if options.compiled else "lift eager"
    Console().print(drawn(f"{title}, torch's own = 1", rows))
    document = {"title": title, "rounds": options.rounds, "rows": rows}
    Console().print(f"results: {write(document, CPU)}")


if __name__ == "__main__":
    main()
