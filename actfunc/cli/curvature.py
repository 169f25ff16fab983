"""`actfunc curvature`: how sharp the loss is around a network, and how it stretches its input."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output, advance
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
from actfunc.defaults import EIGENVALUES, LANCZOS_STEPS, TRACE_PROBES


def register(app: App) -> None:
    """Add the command to the app."""
    app.command(
        cls=OptionalValueCommand, epilog=example("actfunc curvature relu swish --pretrained")
    )(curvature)


def curvature(
    activations: SixByDefault = None,
    pretrained: Pretrained = None,
    network: NetworkSpec = None,
    batch: Batch = 1024,
    top: Annotated[
        int, typer.Option("--top", min=1, help="So many of the largest eigenvalues.")
    ] = EIGENVALUES,
    steps: Annotated[
        int,
        typer.Option(
            "--steps", min=1, max=2000, help="Lanczos steps; more make the residuals smaller."
        ),
    ] = LANCZOS_STEPS,
    probes: Annotated[
        int,
        typer.Option(
            "--probes",
            min=2,
            help="Random vectors for the part of the trace that is not known exactly: what"
            " Gauss-Newton leaves out, nothing where the activation is piecewise linear.",
        ),
    ] = TRACE_PROBES,
    hidden: TrainedHidden = None,
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    runs: Runs = Path("runs"),
    out: Figure = Path("curvature.svg"),
    json: Json = False,
) -> None:
    """Show how a trained network's loss curves: eigenvalues and trace of its Hessian.

    With --network it is any network, freshly drawn.
    """
    from actfunc.analysis.landscape import landscape
    from actfunc.errors import UsageError
    from actfunc.show import curvature as show
    from actfunc.show import style

    style.check_format(out)
    if top > steps:
        raise UsageError(
            f"--top {top} asks for more eigenvalues than --steps {steps} finds",
            "take about five times as many steps",
        )
    expect_fresh(network, pretrained=pretrained, hidden=hidden)
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
    images, labels = looked.examples.first(batch)
    found = {}
    with output.progress() as bar:
        for name, one in looked.members.items():
            task = bar.add_task(name, total=2 * steps + probes, note="products")
            found[name] = landscape(
                *one,
                images,
                labels,
                network=looked.network,
                top=top,
                steps=steps,
                probes=probes,
                seed=seed,
                on_product=partial(advance, bar, task),
            )
    drawn = show.curvature_figure(found)
    if not json:
        output.print(show.curvature_table(found))
    output.document(
        {
            **looked.facts(),
            "batch": len(labels),
            "steps": steps,
            "probes": probes,
            "activations": show.curvature_document(found),
        }
    )
    style.save(drawn, out)
    output.wrote("figure", out)
