"""`actfunc certify`: is it right? Value and derivatives against the formula, to the last digits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.console import Output
from actfunc.cli.options import Json, example
from actfunc.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command(
        epilog=example(
            "actfunc certify gelu mish",
            "actfunc certify --all --no-compiled",
            'actfunc certify my.py:fn --formula "x / (1 + exp(-x))"',
        )
    )(certify)


def certify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Activations: a name, name:parameter=value, or file.py:name."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole catalogue.")] = False,
    dtype: Annotated[
        list[str] | None,
        typer.Option("--dtype", help="float64 or float32; both by default. May be repeated."),
    ] = None,
    compiled: Annotated[
        bool,
        typer.Option(
            help="Judge torch.compile's derivatives too: half a minute for the first function, some"
            " ten seconds for each further one. Without, a function takes one or two seconds."
        ),
    ] = True,
    formula: Annotated[
        str | None,
        typer.Option(
            "--formula", metavar="TEXT", help="The formula to judge by, instead of the record's."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Draw the error over x into this .svg, .pdf or .png file."),
    ] = None,
    json: Json = False,
) -> None:
    """Judge value and derivatives by the formula in ball arithmetic, to the last digits.

    The grid holds joints with their neighbours, the tails, subnormals and the largest numbers.
    Every way torch has to a derivative is tried, and finite differences. Exit code 1 when one does
    not hold.
    """
    chosen = list(names or [])
    if not chosen and not everything:
        raise UsageError("name an activation to certify, or --all", "`actfunc list` shows them")
    if formula is not None and (everything or len(chosen) != 1):
        raise UsageError("--formula judges one activation; name exactly one")

    import torch

    from actfunc.catalogue import CATALOGUE
    from actfunc.certify import certificate
    from actfunc.certify.curve import curve
    from actfunc.show import certificates as show
    from actfunc.show import style

    if plot is not None:
        style.check_format(plot)
    known = {str(known).removeprefix("torch."): known for known in certificate.DTYPES}
    for word in dtype or []:
        if word not in known:
            raise UsageError(f"dtype must be {' or '.join(known)}, got {word!r}")
    dtypes = [known[word] for word in dict.fromkeys(dtype or known)]
    whole = [*CATALOGUE] if everything else []
    records = {record.spec: record for record in map(CATALOGUE.get, [*whole, *chosen])}

    output = Output(json)
    output.header(
        "certify",
        f"{len(records)} activation{'s' if len(records) > 1 else ''}",
        ", ".join(dict.fromkeys(dtype or known)),
        "eager and compiled" if compiled else "eager",
        f"torch {torch.__version__.partition('+')[0]}",
    )
    found, curves = [], []
    with output.progress() as bar:
        task = bar.add_task("", total=len(records), note="")
        for spec, record in records.items():
            bar.update(task, description=spec)
            one = certificate.certify(
                record,
                dtypes=dtypes,
                compiled=compiled,
                formula=formula,
                report=lambda note: bar.update(task, note=note),
            )
            found.append(one)
            if plot is not None:
                curves += [curve(record, each, formula) for each in dtypes]
            bar.advance(task)
            output.line(f"{spec}: {'held' if one.held else 'NOT HELD'}")
    if not json:
        output.print(show.certificate_table(found))
        failing = show.failing_points(found)
        if failing is not None:
            output.print(failing)
    if plot is not None:
        style.save(show.error_figure(curves), plot)
        output.wrote("figure", plot)
    output.document({"torch": torch.__version__, **show.certificates_document(found)})
    if not all(one.held for one in found):
        raise typer.Exit(1)
