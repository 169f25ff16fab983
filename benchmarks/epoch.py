"""One training epoch on FashionMNIST: the tutorial's own way, torch's, JAX's, ours, and the floor.

The same network, the same 195 batches of 256, the same metrics (loss and right answers), all in
one process and in turn. The first epoch of each compiles what is compiled and is reported apart;
its scores, from the same weights and the same batches, must agree.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial

import torch
from contenders import Epoch, Scores
from contenders.floor import floor
from contenders.module import module
from contenders.ours import ours
from contenders.processes import processes
from contenders.tutorial import tutorial
from contest import cold, contest, report
from rich.console import Console

from actfunc.machine import available_cores
from actfunc.storage import WorkingSet, prepare

MEMBERS = {"ours, ensemble of 4": 4}
LARGE = {"ours, ensemble of 60": 60}
"""On a GPU, which four networks leave idle."""

PROCESSES = "ours, a process a core"
"""How many networks a contender trains at once, where it is not one: its times are per network."""

AGREE = 1e-3
"""Relative: the same sums in another order, after an epoch of steps."""

console = Console()


def contenders(device: torch.device) -> dict[str, Callable[[WorkingSet], Epoch]]:
    """Everybody who can run on the device, by name."""
    return {
        "tutorial": tutorial,
        "module, eager": partial(module, compiling=False),
        "module, compiled": partial(module, compiling=True),
        **captured_as_a_whole(device),
        **with_jax(device),
        "ours, eager": partial(ours, compiling=False),
        "ours, compiled": partial(ours, compiling=True),
        **{name: partial(ours, compiling=True, members=n) for name, n in ensembles(device).items()},
        **alone_on_cores(device),
        "floor": floor,
    }


def captured_as_a_whole(device: torch.device) -> dict[str, Callable[[WorkingSet], Epoch]]:
    """The module's step as a CUDA graph, as ours is; none on a CPU, which has no such thing."""
    if device.type != "cuda":
        return {}
    return {
        "module, captured": partial(module, compiling=False, capturing=True),
        "module, compiled and captured": partial(module, compiling=True, capturing=True),
    }


def ensembles(device: torch.device) -> dict[str, int]:
    """Members of each ensemble, by the contender's name."""
    return MEMBERS | LARGE if device.type == "cuda" else MEMBERS


def alone_on_cores(device: torch.device) -> dict[str, Callable[[WorkingSet], Epoch]]:
    """As `actfunc compare` trains on a CPU; none on a GPU."""
    if device.type == "cuda":
        return {}
    return {PROCESSES: partial(processes, members=available_cores())}


def with_jax(device: torch.device) -> dict[str, Callable[[WorkingSet], Epoch]]:
    """JAX's contenders; none, with a line that says why, where it is not there for this device."""
    # it would take three quarters of a GPU before anybody else has begun
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    try:
        import jax
        from contenders import jax_peer

        jax.devices("gpu" if device.type == "cuda" else "cpu")
    except ModuleNotFoundError as error:
        if error.name not in ("jax", "optax"):
            raise
        console.print(
            f"JAX is left out: {error.name} is not installed, pip install -e '.[benchmarks]'",
            markup=False,
        )
        return {}
    except RuntimeError as error:
        console.print(f"JAX is left out: {error}", markup=False)
        return {}
    return {
        "JAX, step": partial(jax_peer.in_jax, run=jax_peer.stepwise),
        "JAX, scan": partial(jax_peer.in_jax, run=jax_peer.scanned),
    }


def disagreeing(gave: Mapping[str, Scores | None]) -> list[str]:
    """Print the scores of everybody's first epoch; those whose loss is not the first one's."""
    scores = {name: each for name, each in gave.items() if each is not None}
    wanted = next(iter(scores.values()), None)
    wrong = []
    for name, each in scores.items():
        off = abs(each.loss / wanted.loss - 1)
        if not off <= AGREE:  # NaN is wrong as well
            wrong.append(name)
        verdict = "NOT THE SAME WORK" if name in wrong else "same"
        console.print(f"{name:24}loss {each.loss:.6f}  right {each.correct:6}  {off:.1e} {verdict}")
    return wrong


def main() -> int:
    """Run the contest and write its results; 1 where contenders did not do the same work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", nargs="+", metavar="PART", help="contenders whose name has this")
    parser.add_argument("--check", action="store_true", help="the first epochs only, no times")
    options = parser.parse_args()
    device = torch.device(options.device)
    work = prepare("fashion_mnist", seed=42, device=device)
    running = {
        name: make(work)
        for name, make in contenders(device).items()
        if not options.only or any(part in name for part in options.only)
    }
    with cold():
        timed = contest(running, rounds=0 if options.check else options.rounds, device=device)
    if wrong := disagreeing(timed.gave):
        console.print(f"error: not the same work: {', '.join(wrong)}")
        return 1
    if not options.check:
        report(
            "epoch",
            timed,
            device=device,
            faster_than=[name for name in ("tutorial", "module, eager") if name in running],
            times_of=[name for name in ("JAX, scan", "floor") if name in running],
            per={**ensembles(device), PROCESSES: available_cores()},
            keep=not options.only,
            scores={name: each and each._asdict() for name, each in timed.gave.items()},
            dataset=work.dataset.name,
            # JAX takes what the process may use, and has no way of telling
            threads={"torch": torch.get_num_threads(), "JAX": available_cores()},
            versions={
                package.metadata["Name"]: package.version
                for package in importlib.metadata.distributions()
                if package.metadata["Name"] in ("torch", "jax", "jaxlib", "optax")
            },
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
