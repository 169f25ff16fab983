"""`actfunc gradients`: how far gradients reach."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.console import Output
from actfunc.cli.options import (
    DataSet,
    Device,
    Examples,
    Figure,
    Hidden,
    Json,
    Seed,
    example,
    layer_sizes,
)
from actfunc.cli.working_set import set_up

Batch = Annotated[int, typer.Option("--batch", min=1, help="So many of the first training images.")]
SixByDefault = Annotated[
    list[str] | None, typer.Argument(help="Activations; the tutorial's six by default.")
]


def register(app: typer.Typer) -> None:
    """Add this command to the app."""
    app.command(epilog=example("actfunc gradients sigmoid relu"))(gradients)


def gradients(
    activations: SixByDefault = None,
    batch: Batch = 256,
    hidden: Hidden = "512,256,256,128",
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    out: Figure = Path("gradients.svg"),
    json: Json = False,
) -> None:
    """Show how far gradients reach at initialisation: histograms of every layer's weights."""
    from actfunc.analysis import backpropagate
    from actfunc.catalogue import get
    from actfunc.data import normalise
    from actfunc.show import analysis, style
    from actfunc.tutorial import SIX

    style.check_format(out)
    records = [get(text) for text in activations or SIX.values()]
    sizes = layer_sizes(hidden)
    output = Output(json)
    work = set_up(output, dataset, seed=seed, device=device, examples=examples)
    params = work.fresh(sizes)
    images, labels = work.split.train.first(batch)
    found = {
        record.spec: backpropagate(params, record, normalise(images), labels) for record in records
    }
    style.save(analysis.gradients_figure(found), out)
    if not json:
        output.print(analysis.gradients_table(found))
        output.wrote("figure", out)
    output.document(
        {**work.facts(), "batch": len(labels), "activations": analysis.layers_document(found)}
    )
