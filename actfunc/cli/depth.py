"""`actfunc depth`: how far a signal and its gradient carry through a stack of equal layers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App
from actfunc.cli.console import Output
from actfunc.cli.options import Device, Figure, Init, Json, Seed, SixByDefault, example


def register(app: App) -> None:
    """Add the command to the app."""
    app.command(epilog=example("actfunc depth relu gelu sigmoid --init recommended"))(depth)


def depth(
    activations: SixByDefault = None,
    layers: Annotated[int, typer.Option("--layers", min=1, help="Layers of the stack.")] = 100,
    width: Annotated[int, typer.Option("--width", min=1, help="Neurons a layer.")] = 256,
    init: Init = "linear",
    initialisations: Annotated[
        int, typer.Option("--initialisations", min=1, help="Average over so many draws.")
    ] = 5,
    inputs: Annotated[
        int, typer.Option("--inputs", min=1, help="Random inputs sent through each draw.")
    ] = 16,
    seed: Seed = 42,
    device: Device = "auto",
    out: Figure = Path("depth.svg"),
    json: Json = False,
) -> None:
    """Show how a signal's variance and its gradient grow or fade from layer to layer."""
    import torch

    from actfunc.analysis.depth import (
        Carried,
        Stack,
        carry,
        course_of_gradient,
        course_of_variance,
        draw,
    )
    from actfunc.analysis.gain import spec_for
    from actfunc.catalogue import get
    from actfunc.cli.working_set import resolve_device
    from actfunc.show import depth as show
    from actfunc.show import style
    from actfunc.storage.provenance import describe, provenance
    from actfunc.tutorial import SIX

    style.check_format(out)
    records = {record.spec: record for record in map(get, activations or SIX.values())}
    inits = {spec: spec_for(init, record) for spec, record in records.items()}
    output, where = Output(json), resolve_device(device)
    version = torch.__version__.partition("+")[0]
    shape = f"{layers} layers of {width}"
    output.header(shape, f"init {init}", f"seed {seed}", describe(where), f"torch {version}")
    carried: dict[str, list[Carried]] = {spec: [] for spec in records}
    with output.progress() as bar, torch.no_grad():
        task = bar.add_task("initialisations", total=initialisations * len(records), note="")
        for number in range(initialisations):
            # one at a time, as a stack is large
            stack: dict[str, Stack] = {}
            for spec, record in records.items():
                own = inits[spec]
                if own not in stack:
                    # from the same numbers for all, so that they differ in nothing else
                    stack = {
                        own: draw(
                            layers,
                            width,
                            init=own,
                            seed=(seed + number) % 2**63,
                            examples=inputs,
                            device=where,
                        )
                    }
                carried[spec].append(carry(record, stack[own]))
                bar.update(task, advance=1, note=spec)
    found = {
        spec: show.Courses(course_of_variance(each), course_of_gradient(each))
        for spec, each in carried.items()
    }
    figure = show.depth_figure(found)
    if not json:
        output.print(show.depth_table(found))
    output.document(
        {
            "layers": layers,
            "width": width,
            "init": init,
            "inits": inits,
            "initialisations": initialisations,
            "inputs": inputs,
            "seed": seed,
            "made_by": provenance(where),
            "activations": show.depth_document(found),
        }
    )
    style.save(figure, out)
    output.wrote("figure", out)
