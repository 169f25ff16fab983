"""`actfunc audit`: what torch's own functions make of the derivatives, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App
from actfunc.cli.console import Output
from actfunc.cli.options import Json, example


def register(app: App) -> None:
    """Add the command to the app."""
    app.command(epilog=example("actfunc audit", "actfunc audit gelu silu --plot error.svg"))(audit)


def audit(
    names: Annotated[
        list[str] | None, typer.Argument(help="Activations; all that torch has by default.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="Write the table as Markdown into this file.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Draw the error over x into this .svg, .pdf or .png file."),
    ] = None,
    json: Json = False,
) -> None:
    """Judge torch's own functions and what backward makes of them by the formulas.

    The worst point in the measure of the certificates, with plain units in the last place beside it
    where they differ much; float32 and float64, on the grids of the certificates.
    """
    import torch

    from actfunc.catalogue import CATALOGUE
    from actfunc.certify.audited import audited
    from actfunc.certify.curve import curve
    from actfunc.certify.peers import audit, peer
    from actfunc.errors import UsageError
    from actfunc.show import audit as show
    from actfunc.show import certificates, style
    from actfunc.storage.files import check_writable, write_bytes
    from actfunc.storage.provenance import provenance

    if plot is not None:
        style.check_format(plot)
    if markdown is not None:
        check_writable(markdown)
    records = [CATALOGUE.named(name) for name in names or CATALOGUE]
    theirs = [(record, found) for record in records if (found := peer(record)) is not None]
    if not theirs:
        raise UsageError(
            f"torch has no function called {', '.join(record.name for record in records)}",
            "actfunc audit, without names, shows those it has",
        )
    output = Output(json)
    version = torch.__version__.partition("+")[0]
    output.header("audit", f"{len(theirs)} functions of torch {version}", "float32, float64")
    results, curves = [], []
    with output.progress() as bar:
        task = bar.add_task("", total=len(theirs), note="")
        for record, (name, function) in theirs:
            bar.update(task, description=name)
            for dtype in (torch.float32, torch.float64):
                results += audit(record, dtype)
                if plot is not None:
                    curves.append(curve(audited(name, function, record), dtype))
            bar.advance(task)
    if not json:
        output.print(show.audit_table(results))
    output.document({**provenance(torch.device("cpu")), **show.audit_document(results)})
    if markdown is not None:
        output.wrote("table", write_bytes(markdown, show.audit_markdown(results).encode()))
    if plot is not None:
        style.save(certificates.error_figure(curves), plot)
        output.wrote("figure", plot)
