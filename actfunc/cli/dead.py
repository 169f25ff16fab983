"""`actfunc dead`: the tutorial's count of dead neurons."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output, advance
from actfunc.cli.fresh_network import Fresh, expect_fresh, fresh_network
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
    TrainedHidden,
    example,
    layer_sizes,
)
from actfunc.cli.trained_networks import trained_networks
from actfunc.cli.working_set import set_up

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure


def register(app: App) -> None:
    """Add the command to the app."""
    app.command(
        cls=OptionalValueCommand,
        epilog=example(
            "actfunc dead relu --pretrained", "actfunc dead --network torchvision.models:resnet18"
        ),
    )(dead)


def dead(
    activation: Annotated[
        str | None,
        typer.Argument(help="An activation that can be exactly 0; relu, or a network's own."),
    ] = None,
    pretrained: Pretrained = None,
    network: NetworkSpec = None,
    hidden: TrainedHidden = None,
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    runs: Runs = Path("runs"),
    out: Figure = Path("dead.svg"),
    json: Json = False,
) -> None:
    """Count dead neurons, 0 for every training image: fresh, trained, and ten layers deep.

    With --network those of any network, freshly drawn. A channel is dead that is 0 at every place.
    """
    from actfunc import mlp, tree
    from actfunc.catalogue import get
    from actfunc.errors import CheckpointError
    from actfunc.show import neurons as show
    from actfunc.show import style
    from actfunc.storage import HIDDEN
    from actfunc.tutorial.study import count_dead, relu_networks

    expect_fresh(network, pretrained=pretrained, hidden=hidden)
    style.check_format(out)
    if network is not None:
        output = Output(json)
        chosen = fresh_network(
            output,
            network,
            None if activation is None else [activation],
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
            without="relu",
        )
        document, drawn = _of_any(output, chosen)
        output.document({**chosen.work.facts(), "network": network, **document})
        style.save(drawn, out)
        output.wrote("figure", out)
        return
    activation = activation or "relu"
    record = get(activation)
    layers = HIDDEN if hidden is None else layer_sizes(hidden)
    output = Output(json)
    trained = None
    try:
        work, networks = trained_networks(
            output,
            [activation],
            pretrained=pretrained,
            runs=runs,
            hidden=hidden,
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
        )
    except CheckpointError as error:
        if pretrained is not None:
            raise
        work = set_up(output, dataset, seed=seed, device=device, examples=examples)
        output.note(f"{error.message}; {error.hint}")
    else:
        [found] = networks.values()
        record, trained = found.activation, found.params
        layers = mlp.sizes(trained)[1:-1]
        if not tree.finite(trained):
            raise CheckpointError(
                f"the trained network of {record.spec} has diverged: its parameters are no finite"
                " numbers, and its neurons neither dead nor alive",
                "train it again with a smaller learning rate",
            )
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
    drawn = show.dead_figure(counts, sizes)
    if not json:
        output.print(show.dead_table(counts, sizes))
        if not any(map(any, counts.values())):
            output.print(
                f"[dim]no neuron is exactly 0 throughout; `actfunc neurons {escape(activation)}`"
                " judges them by their slope[/dim]"
            )
    output.document(
        {**work.facts(), "activation": record.spec, "dead_neurons": counts, "sizes": sizes}
    )
    style.save(drawn, out)
    output.wrote("figure", out)


def _of_any(output: Output, chosen: Fresh) -> tuple[dict[str, Any], MatplotlibFigure]:
    """The dead neurons of the network of `--network`: printed, as a document and as a figure."""
    from actfunc.analysis import dead_neurons
    from actfunc.show import neurons as show

    [(name, given)] = chosen.activations.items()
    with output.progress() as bar:
        task = bar.add_task(name, total=len(chosen.images), note="images")
        found = dead_neurons(
            chosen.params,
            given,
            chosen.images,
            network=chosen.network,
            on_batch=partial(advance, bar, task),
        )
    counts = {place: int(d.sum()) for place, d in zip(chosen.places, found, strict=True)}
    sizes = {place: len(d) for place, d in zip(chosen.places, found, strict=True)}
    drawn = show.dead_figure({name: list(counts.values())}, {name: list(sizes.values())})
    if not output.as_json:
        output.print(show.dead_places_table(counts, sizes))
    return {"activation": name, "dead_neurons": counts, "sizes": sizes}, drawn
