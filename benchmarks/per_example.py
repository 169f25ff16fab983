"""Per-example gradients in figures: norms, second moments and variances, without forming them.

The tutorial's network with relu, one batch: BackPACK's extensions, Opacus' norms with the gradients
formed and without, `vmap(grad)`, and ours, all in one process and in turn, after checking that they
agree. The peak of each one's memory is measured in a fresh process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import torch
from contest import cold, contest, report
from memory import held, high_water, leave_nothing, reset
from rich.console import Console
from torch import Tensor, nn
from torch.func import grad, vmap
from torch.nn import functional as F

from actfunc import get, mlp, tree
from actfunc.analysis.per_example import examples, norms, per_example
from actfunc.storage import HIDDEN

SIZES = (784, *HIDDEN, 10)
RELU = get("relu")
AGREE = 1e-5

ALL = "norms, moments"
NORMS = "norms"
OURS = {what: f"ours, {what}" for what in (ALL, NORMS)}
COMPILED = {what: f"{name}, compiled" for what, name in OURS.items()}

Figures: TypeAlias = Mapping[str, Any]
"""norms (batch); second moments and variances as the parameters lie, where somebody has them."""

console = Console()


class Case:
    """Parameters and one batch of noise; nothing of it is changed by a contender."""

    def __init__(self, batch: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.params = mlp.init(SIZES, seed=42)
        self.images = torch.randn(batch, SIZES[0], generator=generator)
        self.labels = torch.randint(0, SIZES[-1], (batch,), generator=generator)

    def module(self) -> nn.Sequential:
        """The same network for those that need one."""
        layers: list[nn.Module] = []
        for weight, bias in self.params:
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.load_state_dict({"weight": weight, "bias": bias})
            layers += [linear, nn.ReLU()]
        return nn.Sequential(*layers[:-1])


def vectored(trees: object) -> Tensor:
    """A value a parameter, in one vector."""
    return torch.cat([leaf.flatten() for leaf in tree.leaves(trees)])


def ours(case: Case, *, what: str, compiling: bool) -> Callable[[], object]:
    """`per_example`, or its norms alone."""

    def everything(params: mlp.Params, images: Tensor, labels: Tensor) -> Figures:
        found = per_example(params, RELU, images, labels)
        return {
            "norms": found.norms.whole,
            "second": [layer.square for layer in found.layers],
            "variance": [layer.variance for layer in found.layers],
        }

    def norms_alone(params: mlp.Params, images: Tensor, labels: Tensor) -> Figures:
        return {"norms": norms(examples(params, RELU, images, labels)).whole}

    run = everything if what == ALL else norms_alone
    if compiling:
        run = torch.compile(run, fullgraph=True)
    return lambda: run(case.params, case.images, case.labels)


def formed(case: Case) -> Callable[[], object]:
    """`vmap(grad)`: every example's gradient, and the figures from that."""

    def loss(params: mlp.Params, image: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(mlp.apply(params, image, RELU), label)

    def run() -> Figures:
        each = tree.leaves(vmap(grad(loss), (None, 0, 0))(case.params, case.images, case.labels))
        return {
            "norms": torch.stack([leaf.flatten(1).norm(dim=1) for leaf in each]).norm(dim=0),
            "second": [leaf.square().mean(0) for leaf in each],
            "variance": [leaf.var(0, correction=0) for leaf in each],
        }

    return run


def backpack(case: Case) -> Callable[[], object]:
    """BackPACK's `Variance`, `BatchL2Grad` and `SumGradSquared` in one backward pass."""
    from backpack import backpack as extending
    from backpack import extend
    from backpack.extensions import BatchL2Grad, SumGradSquared, Variance

    network, loss = extend(case.module()), extend(nn.CrossEntropyLoss(reduction="sum"))
    parameters = list(network.parameters())

    def run() -> Figures:
        with extending(Variance(), BatchL2Grad(), SumGradSquared()):
            loss(network(case.images), case.labels).backward()
        found = {
            "norms": torch.stack([p.batch_l2 for p in parameters]).sum(0).sqrt(),
            "second": [p.sum_grad_squared / len(case.labels) for p in parameters],
            "variance": [p.variance for p in parameters],
        }
        forget(parameters)
        return found

    return run


def forget(parameters: Sequence[nn.Parameter]) -> None:
    """Take from a peer's parameters all that it left there, for nobody keeps it from run to run."""
    for parameter in parameters:
        parameter.grad = None
        for name in ("batch_l2", "sum_grad_squared", "variance", "grad_sample", "_norm_sample"):
            vars(parameter).pop(name, None)


def opacus(case: Case, *, ghost: bool) -> Callable[[], object]:
    """Opacus' norms: from each example's gradient, or (ghost) without forming it."""
    from opacus.grad_sample import GradSampleModule
    from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import (
        GradSampleModuleFastGradientClipping,
    )

    wrap = (
        partial(GradSampleModuleFastGradientClipping, use_ghost_clipping=True)
        if ghost
        else GradSampleModule
    )
    network = wrap(case.module(), batch_first=True, loss_reduction="sum")
    parameters = list(network.parameters())

    def run() -> Figures:
        for p in parameters:
            p.grad_sample = None  # it must be there
        F.cross_entropy(network(case.images), case.labels, reduction="sum").backward()
        if ghost:
            found = {"norms": network.get_norm_sample()}
        else:
            each = [p.grad_sample.flatten(1).norm(dim=1) for p in parameters]
            found = {"norms": torch.stack(each).norm(dim=0)}
        forget(parameters)
        return found

    return run


CONTENDERS: dict[str, Callable[[Case], Callable[[], object]]] = {
    "vmap(grad)": formed,
    "BackPACK": backpack,
    "Opacus": partial(opacus, ghost=False),
    "Opacus, ghost": partial(opacus, ghost=True),
    **{OURS[what]: partial(ours, what=what, compiling=False) for what in OURS},
    **{COMPILED[what]: partial(ours, what=what, compiling=True) for what in OURS},
}


def present(case: Case) -> dict[str, Callable[[], object]]:
    """Everybody who is installed, ready to run; who is not is left out with a line."""
    running = {}
    for name, make in CONTENDERS.items():
        try:
            running[name] = make(case)
        except ModuleNotFoundError as error:
            console.print(f"{name} is left out: {error.name} is not installed", markup=False)
    return running


def disagreeing(gave: Mapping[str, Figures]) -> list[str]:
    """Print how far everybody is from `vmap(grad)`; those who are too far."""
    wanted, wrong = gave["vmap(grad)"], []
    for name, figures in gave.items():
        gaps = {}
        for what, value in figures.items():
            got, want = vectored(value), vectored(wanted[what])
            gaps[what] = float((got - want).abs().max() / want.abs().max())
        if not all(gap <= AGREE for gap in gaps.values()):  # NaN is wrong as well
            wrong.append(name)
        told = "  ".join(f"{what} {gap:.1e}" for what, gap in gaps.items())
        console.print(f"{name:32}{told}  {'NOT THE SAME' if name in wrong else 'same'}")
    return wrong


def peak(name: str, batch: int) -> int:
    """Bytes that a contender takes at its peak, in this process, beside parameters and batch."""
    device = torch.device("cpu")
    run = CONTENDERS[name](Case(batch))
    run()  # compiles and loads, which is not what is measured
    before = held(device)
    reset(device)
    result = run()
    highest = high_water(device)
    del result
    leave_nothing(device)
    return highest - before


def peak_apart(name: str, batch: int) -> int:
    """`peak` in a fresh process, told."""
    command = [sys.executable, __file__, "--peak", name, "--batch", str(batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = int(done.stdout.splitlines()[-1])
    console.print(f"{name:32}peak {found / 1e6:8.1f} MB")
    return found


def main() -> int:
    """Run the contest and write its results; 1 where somebody gives other figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--check", action="store_true", help="do all give the same, no times")
    parser.add_argument("--peak", metavar="NAME", help="measure this one here and print the bytes")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers' hooks warn about themselves
    if options.peak is not None:
        print(peak(options.peak, options.batch))
        return 0
    running = present(Case(options.batch))
    device = torch.device("cpu")
    with cold():
        timed = contest(running, rounds=0 if options.check else options.rounds, device=device)
        if wrong := disagreeing(timed.gave):
            console.print(f"error: not the same figures: {', '.join(wrong)}")
            return 1
        if options.check:
            return 0
        # in here, where a fresh process finds what this one compiled
        peaks = {name: peak_apart(name, options.batch) for name in running}
    peers = [name for name in ("BackPACK", "Opacus", "Opacus, ghost") if name in running]
    report(
        "per-example",
        timed,
        device=device,
        times_of=peers,
        peak_bytes=peaks,
        batch=options.batch,
        threads=torch.get_num_threads(),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
