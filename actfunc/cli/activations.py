"""`actfunc list`, `show`, `plot` and `explore`: what activations there are, what they look like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App
from actfunc.cli.console import Output
from actfunc.cli.options import Json, SixByDefault, example


def register(app: App) -> None:
    """Add these commands to the app."""
    app.command("list", epilog=example("actfunc list"))(list_)
    app.command(epilog=example("actfunc show leaky_relu:negative_slope=0.1"))(show)
    app.command(epilog=example("actfunc plot gelu mish -o smooth.svg"))(plot)
    app.command(epilog=example("actfunc explore -o explorer.html"))(explore)


def list_(json: Json = False) -> None:
    """List the activations, by family, then the gated pairs and the vector functions."""
    from actfunc.catalogue import CATALOGUE, PAIRS, VECTORS
    from actfunc.show import kinds
    from actfunc.show.activations import catalogue_document, catalogue_table

    out = Output(json)
    if not json:
        out.print(catalogue_table(CATALOGUE))
        out.print(kinds.pairs_table(PAIRS))
        out.print(kinds.vectors_table(VECTORS))
    out.document({**catalogue_document(CATALOGUE), **kinds.kinds_document(PAIRS, VECTORS)})


def show(
    name: Annotated[
        str,
        typer.Argument(help="A name, name:parameter=value, a formula in quotes, or file.py:name."),
    ],
    json: Json = False,
) -> None:
    """Show one activation: formula, derivatives, range, joints, source and a small plot."""
    from actfunc.activation import Activation
    from actfunc.catalogue import find
    from actfunc.show import kinds
    from actfunc.show.activations import activation_document, activation_panel

    record = find(name)
    out = Output(json)
    if not isinstance(record, Activation):
        if not json:
            out.print(kinds.panel(record))
        out.document(kinds.document(record))
        return
    if not json:
        out.print(activation_panel(record, width=out.console.width))
    out.document(activation_document(record))


def plot(
    names: SixByDefault = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Where to write: .svg, .pdf or .png.")
    ] = Path("activations.svg"),
) -> None:
    """Draw each function with its first and second derivative, joints and asymptotes marked."""
    from actfunc.catalogue import CATALOGUE
    from actfunc.show import style
    from actfunc.show.activations import activations_figure
    from actfunc.tutorial import SIX

    style.check_format(out)
    records = [CATALOGUE.named(name) for name in names or SIX.values()]
    style.save(activations_figure(records), out)
    Output().wrote("figure", out)


def explore(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the page.")] = Path(
        "explorer.html"
    ),
) -> None:
    """Write a page on which functions are chosen, moved by sliders and typed as formulas.

    One file that needs no server and no network: open it in a browser.
    """
    from actfunc.catalogue import CATALOGUE
    from actfunc.show import explorer
    from actfunc.storage import files

    files.check_writable(out)
    files.write_bytes(out, explorer.page(CATALOGUE).encode())
    Output().wrote("page", out)
