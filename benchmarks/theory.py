"""Mean-field theory beside real networks: variance and squared gradient, layer by layer.

Networks of the recommended gain are measured in groups, each as `actfunc signal --measure` does.
The first group's means are to be within three standard errors of the prediction in every layer, and
near it on average. The standard errors are taken from all groups, as the spread of ten networks
says little of the spread that ten come from; what chance does to the other groups is told as well.
"""

from __future__ import annotations

import argparse
import math
from typing import Any

import torch
from contest import WIDTH, write
from rich.console import Console
from rich.progress import track
from rich.table import Table

from actfunc import get
from actfunc.analysis.gain import recommend
from actfunc.analysis.propagation import Propagation, agreement, measure, measured, predict

ACTIVATIONS = (
    *("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "hardswish"),
    *("tanh", "sigmoid", "arctan", "erf", "softsign", "sin"),
)
WITHIN = 3.0
"""Standard errors that a layer's mean may be from the prediction."""

OFF = 0.1
"""How far it may be on average over the layers."""


def compared(name: str, *, width: int, depth: int, networks: int, groups: int) -> dict[str, Any]:
    """One activation's networks beside its prediction, in plain values."""
    activation = get(name)
    gain = recommend(activation)
    pair, variance = (float(gain.weight), float(gain.bias)), float(gain.variance)
    predicted = predict(activation, *pair, depth=depth, variance=variance)
    drawn = [
        measure(
            activation,
            *pair,
            variance=variance,
            width=width,
            depth=depth,
            networks=networks,
            seed=networks * group,
        )
        for group in range(groups)
    ]
    everyone = measured(Propagation(*map(torch.cat, zip(*(g.each for g in drawn), strict=True))))
    found = agreement(everyone, predicted)
    parts: dict[str, Any] = {}
    for at, part in enumerate(Propagation._fields):
        spread = everyone.error[at] * math.sqrt(groups)  # of the mean of one group
        apart = torch.stack([(g.mean[at] - predicted[at]) / spread for g in drawn]).abs()
        parts[part] = {
            "off_on_average": float(agreement(drawn[0], predicted).off[at].abs().mean()),
            "errors_at_most": apart.amax(1).tolist(),
            "everyone_off_on_average": float(found.off[at].abs().mean()),
            "everyone_errors_at_most": float(found.errors[at].abs().max()),
            "layers_beyond": (apart > WITHIN).sum(1).tolist(),
            "predicted": predicted[at].tolist(),
            "mean": everyone.mean[at].tolist(),
            "error": everyone.error[at].tolist(),
        }
    return {"weight": pair[0], "bias": pair[1], "kept_variance": variance, **parts}


def holds(one: dict[str, Any]) -> bool:
    """Whether the first group is where theory says, in every layer and on average."""
    parts = [one[part] for part in Propagation._fields]
    return all(p["errors_at_most"][0] <= WITHIN and p["off_on_average"] <= OFF for p in parts)


def table(found: dict[str, dict[str, Any]]) -> Table:
    """An activation a row."""
    drawn = Table(title="networks beside the theory", title_justify="left")
    drawn.caption = (
        "off: |mean/predicted - 1| on average over the layers, of the first group and of all"
        " networks; errors: standard errors from the prediction, at most over the layers, of the"
        " first group and of the others"
    )
    drawn.add_column("", no_wrap=True)
    drawn.add_column("kept", justify="right", no_wrap=True)
    for part in ("variance", "gradient²"):
        for column in (f"{part} off", "of all", "errors", "others"):
            drawn.add_column(column, justify="right", no_wrap=True)
    for name, one in found.items():
        cells = [f"{one['kept_variance']:.4g}"]
        for part in Propagation._fields:
            first, *others = (f"{errors:.1f}" for errors in one[part]["errors_at_most"])
            off = (one[part][key] for key in ("off_on_average", "everyone_off_on_average"))
            cells += [*(f"{100 * each:.1f} %" for each in off), first, " ".join(others)]
        drawn.add_row(name if holds(one) else f"[yellow]{name}[/yellow]", *cells)
    return drawn


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("activations", nargs="*", default=ACTIVATIONS)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--networks", type=int, default=10, help="in a group")
    parser.add_argument("--groups", type=int, default=4)
    options = parser.parse_args()
    sizes = {key: getattr(options, key) for key in ("width", "depth", "networks", "groups")}
    console = Console(width=WIDTH)
    found = {name: compared(name, **sizes) for name in track(options.activations, console=console)}
    console.print(table(found))
    beyond = [
        sum(one[part]["layers_beyond"]) for one in found.values() for part in Propagation._fields
    ]
    layers = len(beyond) * options.depth * options.groups
    share = math.erfc(WITHIN / math.sqrt(2))
    console.print(
        f"{sum(beyond)} of {layers} layers' means of {options.networks} networks are beyond"
        f" {WITHIN:g} standard errors; chance makes {share * layers:.0f}"
    )
    if tuple(options.activations) == ACTIVATIONS:
        document = {"title": "theory", **sizes, "activations": found}
        console.print(f"results: {write(document, torch.device('cpu'))}")
    held = [name for name, one in found.items() if holds(one)]
    console.print(f"{len(held)} of {len(found)} are where theory says, after {options.networks}")


if __name__ == "__main__":
    main()
