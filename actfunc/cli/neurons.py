"""`actfunc neurons`: which of a network's neurons are dead, saturated or always linear."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output, advance
from actfunc.cli.fresh_network import expect_fresh, fresh_network
from actfunc.cli.options import (
    DataSet,
    Device,
    Examples,
    Figure,
    Json,
    NetworkSpec,
    Pretrained,
    Runs,
    Seed,
    SixByDefault,
    TrainedHidden,
    example,
    layer_sizes,
)
from actfunc.cli.trained_networks import trained_networks
from actfunc.cli.working_set import set_up

if TYPE_CHECKING:
    from actfunc.analysis.neurons import LayerNeurons, LayerTally
    from actfunc.storage.tutorial_checkpoint import Checkpoint


def register(app: App) -> None:
    """Add the command to the app."""
    app.command(
        cls=OptionalValueCommand,
        epilog=example(
            "actfunc neurons relu tanh --fresh",
            "actfunc neurons relu gelu --network residual:depth=8",
        ),
    )(neurons)


def neurons(
    activations: SixByDefault = None,
    pretrained: Pretrained = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Look at freshly initialised networks, not at trained ones."),
    ] = False,
    network: NetworkSpec = None,
    bound: Annotated[
        float, typer.Option("--bound", help="Slopes smaller than this in size count as saturated.")
    ] = 0.01,
    warn_above: Annotated[
        float,
        typer.Option(
            "--warn-above",
            min=0,
            max=100,
            help="Warn of layers with more than so many percent dead.",
        ),
    ] = 25.0,
    hidden: TrainedHidden = None,
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
    from actfunc.storage import HIDDEN
    from actfunc.storage.tutorial_checkpoint import Checkpoint
    from actfunc.tutorial import SIX

    if fresh and pretrained is not None:
        raise UsageError("--fresh and --pretrained are two choices", "give one of them")
    expect_fresh(network, pretrained=pretrained, hidden=hidden)
    style.check_format(out)
    records = [get(text) for text in activations or SIX.values()] if fresh else []
    output = Output(json)
    networks: dict[str, Checkpoint]
    count: Callable[..., tuple[LayerNeurons, ...]] = count_neurons
    places = None
    if network is not None:
        chosen = fresh_network(
            output,
            network,
            activations,
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
        )
        work, images, places = chosen.work, chosen.images, chosen.places
        count = partial(count_neurons, network=chosen.network)
        networks = {
            name: Checkpoint(given, chosen.params)  # type: ignore[arg-type]
            for name, given in chosen.activations.items()
        }
    elif fresh:
        layers = HIDDEN if hidden is None else layer_sizes(hidden)
        work = set_up(output, dataset, seed=seed, device=device, examples=examples)
        networks = {record.spec: Checkpoint(record, work.fresh(layers)) for record in records}
    else:
        work, networks = trained_networks(
            output,
            activations,
            pretrained=pretrained,
            runs=runs,
            hidden=hidden,
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
        )
    found: dict[str, tuple[LayerTally, ...]] = {}
    if network is None:
        images = work.split.train.images
    with output.progress() as bar:
        for name, one in networks.items():
            task = bar.add_task(name, total=len(images), note="images")
            found[name] = tally(
                count(
                    one.params,
                    one.activation,
                    images,
                    bound=bound,
                    on_batch=partial(advance, bar, task),
                )
            )
    drawn = show.neurons_figure(found)
    if not json:
        output.print(show.neurons_table(found, bound, places))
    for name, tallies in found.items():
        warn(output, show.starving_warning(name, tallies, warn_above / 100))
    output.document(
        {
            **work.facts(),
            "bound": bound,
            "images": len(images),
            **({} if network is None else {"network": network, "layers": list(places or ())}),
            "activations": {name: show.tallies_document(each) for name, each in found.items()},
            "starving_layers": {
                name: list(starving(each, warn_above / 100)) for name, each in found.items()
            },
        }
    )
    style.save(drawn, out)
    output.wrote("figure", out)


def warn(output: Output, message: str) -> None:
    """Print a warning, if there is one."""
    if message:
        output.warning(message)
