"""`actfunc distribution`: the values in a network before and after every activation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output
from actfunc.cli.fresh_network import expect_fresh, trained_or_fresh
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
    images = normalise(looked.examples.first(batch).images)
    with torch.no_grad():
        values = {
            name: distribute(*each, images, network=looked.network)
            for name, each in looked.members.items()
        }
        for layers in values.values():
            for layer in layers:
                check_finite(layer.post)
        found = {name: figures(layers, near_zero) for name, layers in values.items()}
    drawn = show.distribution_figure(values, found, looked.places)
    if not json:
        output.print(show.distribution_table(found, near_zero, looked.places))
    output.document(
        {
            **looked.facts(),
            "batch": len(images),
            **({} if looked.places is None else {"layers": list(looked.places)}),
            "near_zero_below": near_zero,
            "activations": show.distribution_document(values, found),
        }
    )
    style.save(drawn, out)
    output.wrote("figure", out)
