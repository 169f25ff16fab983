"""`actfunc list`, `show`, `plot` and `explore`: what activations there are, what they look like."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App
from actfunc.cli.console import Output
from actfunc.cli.options import Json, SixByDefault, example
from actfunc.errors import UsageError


def register(app: App) -> None:
    """Add these commands to the app."""
    app.command("list", epilog=example("actfunc list sigmoid --facts"))(list_)
    app.command(epilog=example("actfunc show leaky_relu:negative_slope=0.1"))(show)
    app.command(epilog=example("actfunc plot gelu mish --overlay --range=-4,4 -o smooth.svg"))(plot)
    app.command(epilog=example("actfunc explore -o explorer.html"))(explore)


def list_(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Only those with all of these in name, family, formula or source."),
    ] = None,
    facts: Annotated[
        bool, typer.Option("--facts", help="With range, source and the worst error of each.")
    ] = False,
    json: Json = False,
) -> None:
    """List the activations, by family, then the gated pairs and the vector functions."""
    from actfunc.catalogue import CATALOGUE, PAIRS, VECTORS
    from actfunc.show import kinds
    from actfunc.show.activations import catalogue_document, catalogue_table

    def wanted(*texts: str) -> bool:
        return all(word.lower() in " ".join(texts).lower() for word in words or ())

    names = [
        name
        for name, one in CATALOGUE.items()
        if wanted(name, *one.aliases, CATALOGUE.family(name), one.formula, one.source)
    ]
    pairs = {n: p for n, p in PAIRS.items() if wanted(n, *p.aliases, p.formula, p.source)}
    vectors = {n: v for n, v in VECTORS.items() if wanted(n, *v.aliases, v.definition, v.source)}
    if not (names or pairs or vectors):
        raise UsageError(
            f"nothing has {' and '.join(words or ())} in its name, family, formula or source",
            "actfunc list, without words, shows all",
        )
    out = Output(json)
    if not json:
        if names:
            out.print(catalogue_table(CATALOGUE, names, facts))
        if pairs:
            out.print(kinds.pairs_table(pairs))
        if vectors:
            out.print(kinds.vectors_table(vectors))
    out.document({**catalogue_document(CATALOGUE, names), **kinds.kinds_document(pairs, vectors)})


def show(
    names: Annotated[
        list[str],
        typer.Argument(help="Names, name:parameter=value, formulas in quotes, or file.py:name."),
    ],
    json: Json = False,
) -> None:
    """Show activations: formula, derivatives, range, joints, source and a small plot of each."""
    from actfunc.activation import Activation
    from actfunc.catalogue import find
    from actfunc.show import kinds
    from actfunc.show.activations import activation_document, activation_panel

    records = [find(name) for name in names]
    out = Output(json)
    documents = []
    for record in records:
        if isinstance(record, Activation):
            documents.append(activation_document(record))
            panel = activation_panel(record, width=out.console.width)
        else:
            documents.append(kinds.document(record))
            panel = kinds.panel(record)
        if not json:
            out.print(panel)
    out.document(documents[0] if len(documents) == 1 else {"activations": documents})


def plot(
    names: SixByDefault = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Where to write: .svg, .pdf or .png.")
    ] = Path("activations.svg"),
    overlay: Annotated[
        bool, typer.Option("--overlay", help="All in one panel a derivative, to compare.")
    ] = False,
    span: Annotated[
        str, typer.Option("--range", metavar="FROM,TO", help="The x axis.", show_default=True)
    ] = "-6,6",
    orders: Annotated[
        str,
        typer.Option("--derivatives", metavar="0,1,2", help="Which: 0 is the function itself."),
    ] = "0,1,2",
    title: Annotated[str, typer.Option("--title", help="A title over all.")] = "",
    slide: Annotated[
        bool, typer.Option("--slide", help="Larger type and lines, 16 by 9, for a projector.")
    ] = False,
) -> None:
    """Draw each function with its first and second derivative, joints and asymptotes marked."""
    from actfunc.catalogue import CATALOGUE
    from actfunc.show import style
    from actfunc.show.activations import activations_figure
    from actfunc.show.overlay import overlay_figure
    from actfunc.tutorial import SIX

    style.check_format(out)
    records = [CATALOGUE.named(name) for name in names or SIX.values()]
    draw = overlay_figure if overlay else activations_figure
    ends, drawn = _span(span), _orders(orders)
    with style.for_slides() if slide else nullcontext():
        style.save(draw(records, span=ends, orders=drawn, title=title), out)
    Output().wrote("figure", out)


def _span(text: str) -> tuple[float, float]:
    """The ends of an axis."""
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low = high = 0.0
    if not (low < high and math.isfinite(high - low)):
        raise UsageError(f"--range must be two numbers in order, got {text}", "as --range=-4,4")
    return low, high


def _orders(text: str) -> tuple[int, ...]:
    """Orders of derivatives, each once and in order."""
    found = sorted({*text.split(",")})
    if not {*found} <= {"0", "1", "2"}:
        raise UsageError(f"--derivatives must be of 0, 1 and 2, got {text}", "as --derivatives 0,1")
    return tuple(map(int, found))


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
