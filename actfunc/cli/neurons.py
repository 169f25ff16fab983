"""`actfunc neurons`, `dead` and `distribution`: what the neurons of a network do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from actfunc.cli.console import Output, advance
from actfunc.cli.options import (
    Batch,
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
    SixByDefault,
    example,
    layer_sizes,
)
from actfunc.cli.working_set import set_up, trained_networks

if TYPE_CHECKING:
    from actfunc.activation import Activation
    from actfunc.analysis.neurons import LayerTally
    from actfunc.storage import RunFolder, WorkingSet
    from actfunc.storage.tutorial_checkpoint import Checkpoint
    from actfunc.training import Progress as TrainingProgress


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(cls=OptionalValueCommand, epilog=example("actfunc neurons relu tanh --fresh"))(
        neurons
    )
    app.command(cls=OptionalValueCommand, epilog=example("actfunc dead relu --pretrained"))(dead)
    app.command(cls=OptionalValueCommand, epilog=example("actfunc distribution --pretrained"))(
        distribution
    )


def neurons(
    activations: SixByDefault = None,
    pretrained: Pretrained = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Of freshly initialised networks, not trained ones.")
    ] = False,
    bound: Annotated[
        float, typer.Option("--bound", help="Slopes under this in size count as saturated.")
    ] = 0.01,
    warn_above: Annotated[
        float, typer.Option("--warn-above", min=0, max=100, help="Percent of a layer dead.")
    ] = 25.0,
    hidden: Hidden = "512,256,256,128",
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    runs: Runs = Path("runs"),
    out: Figure = Path("neurons.svg"),
    json: Json = False,
) -> None:
    """Count dead, saturated and always linear neurons by their slopes at all training images."""
    from actfunc.analysis.neurons import count_neurons, starving, tally
    from actfunc.catalogue import get
    from actfunc.errors import UsageError
    from actfunc.show import neurons as show
    from actfunc.show import style
    from actfunc.storage.tutorial_checkpoint import Checkpoint
    from actfunc.tutorial import SIX

    if fresh and pretrained is not None:
        raise UsageError("--fresh and --pretrained are two choices", "give one of them")
    style.check_format(out)
    layers = layer_sizes(hidden)
    output = Output(json)
    work = set_up(output, dataset, seed=seed, device=device, examples=examples)
    networks: dict[str, Checkpoint]
    if fresh:
        records = [get(text) for text in activations or SIX.values()]
        networks = {record.spec: Checkpoint(record, work.fresh(layers)) for record in records}
    else:
        networks = trained_networks(
            output, work, activations, pretrained=pretrained, runs=runs, hidden=layers
        )
    found: dict[str, tuple[LayerTally, ...]] = {}
    images = work.split.train.images
    with output.progress() as bar:
        for name, network in networks.items():
            task = bar.add_task(name, total=len(images), note="images")
            found[name] = tally(
                count_neurons(
                    network.params,
                    network.activation,
                    images,
                    bound=bound,
                    on_batch=partial(advance, bar, task),
                )
            )
    style.save(show.neurons_figure(found), out)
    if not json:
        output.print(show.neurons_table(found, bound))
    for name, tallies in found.items():
        warn(output, show.starving_warning(name, tallies, warn_above / 100))
    output.wrote("figure", out)
    output.document(
        {
            **work.facts(),
            "bound": bound,
            "images": len(images),
            "activations": {name: show.tallies_document(each) for name, each in found.items()},
            "starving_layers": {
                name: list(starving(each, warn_above / 100)) for name, each in found.items()
            },
        }
    )


def distribution(
    activations: SixByDefault = None,
    pretrained: Pretrained = None,
    batch: Batch = 1024,
    near_zero: Annotated[
        float, typer.Option("--near-zero", help="Values under this in size are next to nothing.")
    ] = 0.01,
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
    import torch

    from actfunc.analysis import distribution as distribute
    from actfunc.analysis.activations import figures
    from actfunc.data import normalise
    from actfunc.show import distribution as show
    from actfunc.show import style
    from actfunc.show.analysis import check_finite

    style.check_format(out)
    output = Output(json)
    work = set_up(output, dataset, seed=seed, device=device, examples=examples)
    images = normalise(work.split.train.first(batch).images)
    networks = trained_networks(
        output, work, activations, pretrained=pretrained, runs=runs, hidden=layer_sizes(hidden)
    )
    with torch.no_grad():
        values = {
            name: distribute(network.params, network.activation.f, images)
            for name, network in networks.items()
        }
        for layers in values.values():
            for layer in layers:
                check_finite(layer.post)
        found = {name: figures(layers, near_zero) for name, layers in values.items()}
    style.save(show.distribution_figure(values, found), out)
    if not json:
        output.print(show.distribution_table(found, near_zero))
        output.wrote("figure", out)
    output.document(
        {
            **work.facts(),
            "batch": len(images),
            "near_zero_below": near_zero,
            "activations": show.distribution_document(values, found),
        }
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
    from actfunc.show import neurons as show
    from actfunc.show import style
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
            counts[name] = count_dead(params, record, images, partial(advance, bar, task))
    sizes = {
        name: [len(layer.bias) for layer in params[:-1]] for name, params in candidates.items()
    }
    style.save(show.dead_figure(counts, sizes), out)
    if not json:
        output.print(show.dead_table(counts, sizes))
        output.wrote("figure", out)
    output.document(
        {**work.facts(), "activation": record.spec, "dead_neurons": counts, "sizes": sizes}
    )


def watcher(
    work: WorkingSet, record: Activation, folder: RunFolder, tell: Callable[[str], None]
) -> Callable[[TrainingProgress], None]:
    """What to call after each epoch of a training, so that its neurons are counted.

    On the validation images; what was found is kept in the run folder. `tell` hears of layers that
    come to starve.
    """
    from actfunc.analysis.neurons import TOO_MANY, count_neurons, starving, tally
    from actfunc.show.neurons import starving_warning, tallies_document

    told: set[int] = set()

    def after_epoch(progress: TrainingProgress) -> None:
        epoch, images = len(progress.history), work.split.validation.images
        tallies = tally(count_neurons(progress.state.params, record, images))
        folder.watch(epoch, tallies_document(tallies))
        layers = set(starving(tallies))
        if layers - told:
            tell(starving_warning(f"{record.spec}, epoch {epoch}", tallies, TOO_MANY))
        told.update(layers)

    return after_epoch


def warn(output: Output, message: str) -> None:
    """Print a warning, if there is one."""
    if message:
        output.print(f"[yellow]warning:[/yellow] {escape(message)}")
