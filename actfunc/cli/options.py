"""Options that several commands share, so that one thing has one name everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from actfunc import __version__


def example(*commands: str) -> str:
    """A command's epilog: how it is called."""
    return "Example: " + "\n\n".join(f"[bold]{command}[/bold]" for command in commands)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"actfunc {__version__}")
        raise typer.Exit


version_callback: TypeAlias = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")
]
Seed: TypeAlias = Annotated[int, typer.Option("--seed", min=0, help="Seed of all randomness.")]
DataSet: TypeAlias = Annotated[
    str,
    typer.Option(
        "--dataset",
        envvar="ACTFUNC_DATASET",
        help="auto (FashionMNIST where it is or can be fetched, else the drawn set),"
        " fashion_mnist or silhouettes.",
    ),
]
Examples: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--examples",
        min=1,
        envvar="ACTFUNC_EXAMPLES",
        help="Use only the first so many training images, for a quick try.",
    ),
]
Device: TypeAlias = Annotated[
    str, typer.Option("--device", envvar="ACTFUNC_DEVICE", help="auto, cpu or cuda.")
]
Out: TypeAlias = Annotated[
    Path, typer.Option("--out", "-o", envvar="ACTFUNC_RUNS", help="Folder for the results.")
]
Figure: TypeAlias = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Where to write the figure: .svg, .pdf or .png."),
]
