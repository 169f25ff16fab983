"""A data set shown: a grid of examples, the table of what is in it, the table of its files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from rich import box
from rich.text import Text

from actfunc.errors import UsageError
from actfunc.show import style
from actfunc.show.terminal import FoldingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actfunc.data import Dataset, Examples
    from actfunc.data.fashion_mnist import FileCheck


@style.applied()
def examples_figure(
    dataset: Dataset, rows: int | None = None, columns: int = 12, seed: int = 0
) -> Figure:
    """Training images drawn by the seed, one class a row, with the class's name beside it.

    rows: how many classes to show, from the first; all of them by default.
    """
    rows = len(dataset.classes) if rows is None else rows
    if not 1 <= rows <= len(dataset.classes) or columns < 1:
        raise UsageError(
            f"a figure of examples has 1 to {len(dataset.classes)} rows and 1 column or more,"
            f" got {rows} and {columns}"
        )
    size = 0.55
    title = f"{dataset.name}: {columns} examples of each class"
    figure = style.figure(1.2 + size * columns, 0.5 + 1.13 * size * rows, title)
    grid = figure.subplots(rows, 1, squeeze=False)[:, 0]
    generator = torch.Generator().manual_seed(seed)
    for label, axis in enumerate(grid):
        row = _row(dataset.train, label, columns, generator)
        axis.imshow(row.numpy(), cmap="gray", vmin=0, vmax=255)
        axis.set_ylabel(
            dataset.classes[label], rotation=0, ha="right", va="center", color="#222222"
        )
        axis.set_xticks([])
        axis.set_yticks([])
        axis.grid(False)
        axis.spines[:].set_visible(False)
    return figure


def dataset_table(dataset: Dataset) -> FoldingTable:
    """How many images of each class there are, and how bright they are on a scale of 0 to 1."""
    table = FoldingTable(box=box.SIMPLE_HEAD, title=dataset.name, title_justify="left")
    table.caption, table.caption_justify = Text(dataset.note), "left"
    table.add_column("class", no_wrap=True)
    for column in ("training", "test", "pixel mean", "spread"):
        table.add_column(column, justify="right")
    rows = dataset_document(dataset)
    for row in [*rows["classes"], {"class": "all", **rows["all"]}]:
        if row["class"] == "all":
            table.add_section()
        table.add_row(
            row["class"],
            f"{row['training']:,}",
            f"{row['test']:,}",
            *("" if row[key] is None else f"{row[key]:.4f}" for key in ("mean", "spread")),
        )
    return table


def dataset_document(dataset: Dataset) -> dict[str, Any]:
    """The table as plain data; mean and spread are over the training pixels divided by 255."""
    classes = [
        {"class": name, **_figures(dataset, label)} for label, name in enumerate(dataset.classes)
    ]
    return {
        "name": dataset.name,
        "note": dataset.note,
        "classes": classes,
        "all": _figures(dataset, None),
    }


def files_table(checks: Sequence[FileCheck]) -> FoldingTable:
    """The published files: where each is, the md5 expected and found, held or not."""
    table = FoldingTable(
        box=box.SIMPLE_HEAD, title=Text(str(checks[0].path.parent)), title_justify="left"
    )
    table.add_column("", no_wrap=True)
    table.add_column("file", overflow="fold")
    table.add_column("md5 expected", no_wrap=True)
    table.add_column("found", overflow="fold")
    for check in sorted(checks, key=lambda check: check.ok):
        word = "ok" if check.ok else "missing" if check.found is None else "damaged"
        colour = style.HELD if check.ok else style.NOT_HELD
        table.add_row(
            Text(word, style=f"bold {colour}"),
            check.path.name,
            check.expected,
            "the same" if check.ok else check.found or "no file",
        )
    return table


def _figures(dataset: Dataset, label: int | None) -> dict[str, Any]:
    train, test = dataset.train, dataset.test
    images = train.images if label is None else train.images[train.labels == label]
    # a histogram: exact, and no copy of the images in floating point
    counts = images.flatten().bincount(minlength=256).double()
    levels = torch.arange(256, dtype=torch.float64, device="cpu") / 255
    mean = float((counts * levels).sum() / counts.sum()) if len(images) else None
    spread = (
        None
        if mean is None
        else float(((counts * (levels - mean) ** 2).sum() / counts.sum()).sqrt())
    )
    tests = len(test.labels) if label is None else int((test.labels == label).sum())
    return {"training": len(images), "test": tests, "mean": mean, "spread": spread}


def _row(examples: Examples, label: int, columns: int, generator: torch.Generator) -> torch.Tensor:
    """Images of one class side by side, (28, columns · 30); black where there are too few."""
    own = (examples.labels == label).nonzero()[:, 0]
    chosen = own[torch.randperm(len(own), generator=generator, device="cpu")[:columns]]
    row = torch.zeros(columns, 28, 30, dtype=torch.uint8, device="cpu")
    row[: len(chosen), :, 1:29] = examples.images[chosen]
    return row.permute(1, 0, 2).reshape(28, -1)
