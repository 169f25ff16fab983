"""`actfunc distribution` and `dead`: what a network's neurons do."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from actfunc.cli.console import Output
from actfunc.cli.options import (
    DataSet,
    Device,
    Examples,
    Figure,
    Hidden,
    Json,
    OptionalValueCommand,
    Pretrained,
    Runs,
    Seed,
    example,
    layer_sizes,
)
from actfunc.cli.working_set import set_up, trained_networks

Batch = Annotated[int, typer.Option("--batch", min=1, help="So many of the first training images.")]
SixByDefault = Annotated[
    list[str] | None, typer.Argument(help="Activations; the tutorial's six by default.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(cls=OptionalValueCommand, epilog=example("actfunc distribution --pretrained"))(
        distribution
    )
    app.command(cls=OptionalValueCommand, epilog=example("actfunc dead relu --pretrained"))(dead)


def distribution(
    activations: SixByDefault = None,
    pretrained: Pretrained = None,
    batch: Batch = 1024,
    hidden: Hidden = "512,256,256,128",
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    runs: Runs = Path("runs"),
    out: Figure = Path("distribution.svg"),
    json: Json = False,
) -> None:
    """Show the values in a trained network: histograms before and after every activation."""
    from actfunc.analysis import distribution as distribute
    from actfunc.data import normalise
    from actfunc.show import analysis, style

    style.check_format(out)
    output = Output(json)
    work = set_up(output, dataset, seed=seed, device=device, examples=examples)
    images = normalise(work.split.train.first(batch).images)
    networks = trained_networks(
        output, work, activations, pretrained=pretrained, runs=runs, hidden=layer_sizes(hidden)
    )
    found = {
        name: distribute(network.params, network.activation.f, images)
        for name, network in networks.items()
    }
    style.save(analysis.distribution_figure(found), out)
    if not json:
        output.print(analysis.distribution_table(found))
        output.wrote("figure", out)
    output.document(
        {**work.facts(), "batch": len(images), "activations": analysis.layers_document(found)}
    )


def dead(
    activation: Annotated[
        str, typer.Argument(help="An activation that can be exactly 0.")
    ] = "relu",
    pretrained: Pretrained = None,
    hidden: Hidden = "512,256,256,128",
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    runs: Runs = Path("runs"),
    out: Figure = Path("dead.svg"),
    json: Json = False,
) -> None:
    """Count dead neurons, 0 for every training image: fresh, trained, and ten layers deep."""
    from actfunc.catalogue import get
    from actfunc.errors import CheckpointError
    from actfunc.show import analysis, style
    from actfunc.tutorial.study import count_dead, relu_networks

    style.check_format(out)
    record, layers = get(activation), layer_sizes(hidden)
    output = Output(json)
    work = set_up(output, dataset, seed=seed, device=device, examples=examples)
    trained = None
    try:
        [network] = trained_networks(
            output, work, [activation], pretrained=pretrained, runs=runs, hidden=layers
        ).values()
        trained = network.params
    except CheckpointError as error:
        if pretrained is not None:
            raise
        output.print(f"[yellow]note:[/yellow] {error.message}; {error.hint}")
    candidates = relu_networks(work, trained, layers)
    counts: dict[str, list[int]] = {}
    with output.progress() as bar:
        for name, params in candidates.items():
            task = bar.add_task(name, total=len(work.split.train.labels), note="images")
            images = work.split.train.images
            counts[name] = count_dead(params, record, images, partial(_advance, bar, task))
    sizes = {
        name: [len(layer.bias) for layer in params[:-1]] for name, params in candidates.items()
    }
    style.save(analysis.dead_figure(counts, sizes), out)
    if not json:
        output.print(analysis.dead_table(counts, sizes))
        output.wrote("figure", out)
    output.document(
        {**work.facts(), "activation": record.spec, "dead_neurons": counts, "sizes": sizes}
    )


def _advance(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)
