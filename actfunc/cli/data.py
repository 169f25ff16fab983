"""`actfunc data`: what data set there is, fetched, checked and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from actfunc.cli.command import App
from actfunc.cli.console import Output
from actfunc.cli.options import DataSet, Examples, Json, example
from actfunc.errors import DataError, UsageError

if TYPE_CHECKING:
    from actfunc.data.fashion_mnist import FileCheck


def register(app: App) -> None:
    """Add this command to the app."""
    app.command(epilog=example("actfunc data --fetch --show examples.png"))(data)


def data(
    dataset: DataSet = "auto",
    examples: Examples = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch FashionMNIST's missing or damaged files.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every file's md5 with the published one.")
    ] = False,
    show: Annotated[
        Path | None,
        typer.Option("--show", help="Draw a grid of examples into this .svg, .pdf or .png."),
    ] = None,
    json: Json = False,
) -> None:
    """Say what a data set holds; fetch FashionMNIST, check its files, draw examples."""
    from actfunc.data import data_root, load
    from actfunc.data import fashion_mnist as published
    from actfunc.show import style
    from actfunc.show.data import (
        dataset_document,
        dataset_table,
        examples_figure,
        files_table,
    )

    if (fetch or verify) and dataset.lower() == "silhouettes":
        raise UsageError(
            "silhouettes are drawn, there is nothing to fetch or verify",
            "leave --fetch and --verify out, or take --dataset fashion_mnist",
        )
    if show is not None:
        style.check_format(show)
    out, root = Output(json), data_root()
    document: dict[str, Any] = {}
    if fetch:
        _fetch(out, root)
    if verify:
        checks = published.verify(root)
        document["files"] = [_plain(check) for check in checks]
        if not json:
            out.print(files_table(checks))
        if wrong := [check.path.name for check in checks if not check.ok]:
            out.document(document)
            raise DataError(
                f"not as published in {published.folder(root)}: {', '.join(wrong)}",
                "`actfunc data --fetch` fetches these again",
            )
    with out.status("loading the data") as report:
        # fetching is what --fetch is for: a look at the data should not wait for the network
        loaded = load(dataset, root=root, download=False, report=report, examples=examples)
    document = dataset_document(loaded) | document
    if not json:
        out.print(dataset_table(loaded))
    if show is not None:
        out.wrote("examples", style.save(examples_figure(loaded), show))
        document["figure"] = str(show)
    out.document(document)


def _fetch(out: Output, root: Path) -> None:
    """Fetch what is missing, and what is damaged too: here it was asked for."""
    from actfunc.data import fashion_mnist as published
    from actfunc.data.fetch import fetch as fetch_files

    wanted = [file for file in published.FILES if not published.check(root, file).ok]
    with out.status("fetching FashionMNIST") as report:
        fetch_files(root, wanted, report)
    text = f"{len(wanted)} files fetched" if wanted else "all four files are there already"
    out.print(f"[dim]{text}:[/dim] {escape(str(published.folder(root)))}")


def _plain(check: FileCheck) -> dict[str, Any]:
    return {
        "path": str(check.path),
        "expected": check.expected,
        "found": check.found,
        "ok": check.ok,
    }
