"""`actfunc distribution`: the values in a network before and after every activation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output
from actfunc.cli.fresh_network import expect_fresh, fresh_network
from actfunc.cli.options import (
    Batch,
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
)
from actfunc.cli.trained_networks import trained_networks


def register(app: App) -> None:
    """Add the command to the app."""
    app.command(
        cls=OptionalValueCommand,
        epilog=example(
            "actfunc distribution --pretrained",
            "actfunc distribution relu gelu --network convolutional",
        ),
    )(distribution)


def distribution(
    activations: SixByDefault = None,
    pretrained: Pretrained = None,
    network: NetworkSpec = None,
    batch: Batch = 1024,
    near_zero: Annotated[
        float,
        typer.Option(
            "--near-zero", min=0, help="Tell the share of values smaller than this in size."
        ),
    ] = 0.01,
    hidden: TrainedHidden = None,
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    runs: Runs = Path("runs"),
    out: Figure = Path("distribution.svg"),
    json: Json = False,
) -> None:
    """Show the values in a trained network: histograms before and after every activation."""
    from functools import partial

    import torch

    from actfunc.analysis import distribution as distribute
    from actfunc.analysis.activations import figures
    from actfunc.data import normalise
    from actfunc.show import distribution as show
    from actfunc.show import style
    from actfunc.show.analysis import check_finite

    expect_fresh(network, pretrained=pretrained, hidden=hidden)
    style.check_format(out)
    output = Output(json)
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
        work, places = chosen.work, chosen.places
        images = normalise(chosen.images[:batch])
        look = partial(distribute, network=chosen.network)
        inside = {name: (chosen.params, given) for name, given in chosen.activations.items()}
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
        images, look = normalise(work.split.train.first(batch).images), partial(distribute)
        inside = {name: (each.params, each.activation) for name, each in networks.items()}
    with torch.no_grad():
        values = {name: look(*each, images) for name, each in inside.items()}
        for layers in values.values():
            for layer in layers:
                check_finite(layer.post)
        found = {name: figures(layers, near_zero) for name, layers in values.items()}
    drawn = show.distribution_figure(values, found, places)
    if not json:
        output.print(show.distribution_table(found, near_zero, places))
    output.document(
        {
            **work.facts(),
            "batch": len(images),
            **({} if network is None else {"network": network, "layers": list(places or ())}),
            "near_zero_below": near_zero,
            "activations": show.distribution_document(values, found),
        }
    )
    style.save(drawn, out)
    output.wrote("figure", out)
