"""`actfunc evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output
from actfunc.cli.options import (
    DataSet,
    Device,
    Examples,
    Json,
    Network,
    Pretrained,
    Runs,
    Seed,
    TrainedHidden,
    TrainedSplitSeed,
    example,
)
from actfunc.cli.trained_networks import run_folder, trained_networks

if TYPE_CHECKING:
    from actfunc.training import Accuracy


def register(app: App) -> None:
    """Add this command to the app."""
    app.command(cls=OptionalValueCommand, epilog=example("actfunc evaluate relu gelu"))(evaluate)


def evaluate(
    activations: Annotated[
        list[str] | None, typer.Argument(help="Trained activations; the tutorial's six by default.")
    ] = None,
    pretrained: Pretrained = None,
    hidden: TrainedHidden = None,
    network: Network = None,
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    split_seed: TrainedSplitSeed = None,
    device: Device = "auto",
    runs: Runs = Path("runs"),
    json: Json = False,
) -> None:
    """Evaluate trained networks on the validation and the test images.

    Reads the run folders that `train` made, or with --pretrained the tutorial's own checkpoints.
    Each is validated on the images that its own training kept for that.
    """
    from actfunc import tree
    from actfunc.show.training import accuracy_table, diverged_warning
    from actfunc.training import evaluate as accuracies

    output = Output(json)
    work, networks = trained_networks(
        output,
        activations,
        pretrained=pretrained,
        runs=runs,
        hidden=hidden,
        network=network,
        dataset=dataset,
        examples=examples,
        seed=seed,
        split_seed=split_seed,
        device=device,
    )
    found: dict[str, Accuracy | None] = {}
    for name, trained in networks.items():
        finite, epoch = tree.finite(trained.params), None
        if pretrained is None:
            of = run_folder(runs, work.dataset.name, trained.activation.spec, seed, network)
            epoch = of.diverged()
        if not finite or epoch is not None:
            output.warning(diverged_warning(name, epoch, trained.params))
        found[name] = (
            accuracies(
                trained.params,
                trained.activation,
                work.split,
                network=trained.network,
                loss=trained.loss,
            )
            if finite
            else None
        )
    if not json:
        output.print(accuracy_table(found))
    output.document(
        {
            **work.facts(),
            "validation_accuracy": {n: each and 100 * each.validation for n, each in found.items()},
            "test_accuracy": {n: each and 100 * each.test for n, each in found.items()},
        }
    )
