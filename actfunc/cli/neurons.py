"""`actfunc neurons`: which of a network's neurons are dead, saturated or always linear."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output, advance
from actfunc.cli.fresh_network import LookedInto, expect_fresh, trained_or_fresh
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
from actfunc.cli.working_set import set_up

if TYPE_CHECKING:
    from actfunc.analysis.neurons import LayerTally


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
    from actfunc.tutorial import SIX

    if fresh and pretrained is not None:
        raise UsageError("--fresh and --pretrained are two choices", "give one of them")
    expect_fresh(network, pretrained=pretrained, hidden=hidden)
    style.check_format(out)
    output = Output(json)
    if fresh and network is None:
        records = [get(text) for text in activations or SIX.values()]
        layers = HIDDEN if hidden is None else layer_sizes(hidden)
        work = set_up(output, dataset, seed=seed, device=device, examples=examples)
        members = {record.spec: (work.fresh(layers), record) for record in records}
        looked = LookedInto(work, None, None, members, work.split.train, None)
    else:
        looked = trained_or_fresh(
            output,
            activations,
            network,
            pretrained=pretrained,
            runs=runs,
            hidden=hidden,
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
        )
    found: dict[str, tuple[LayerTally, ...]] = {}
    images = looked.examples.images
    with output.progress() as bar:
        for name, one in looked.members.items():
            task = bar.add_task(name, total=len(images), note="images")
            found[name] = tally(
                count_neurons(
                    *one,
                    images,
                    network=looked.network,
                    bound=bound,
                    on_batch=partial(advance, bar, task),
                )
            )
    drawn = show.neurons_figure(found)
    if not json:
        output.print(show.neurons_table(found, bound, looked.places))
    for name, tallies in found.items():
        warn(output, show.starving_warning(name, tallies, warn_above / 100))
    output.document(
        {
            **looked.facts(),
            "bound": bound,
            "images": len(images),
            **({} if looked.places is None else {"layers": list(looked.places)}),
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
