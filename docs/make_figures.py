"""Make every figure of the docs: each is what one `actfunc` command draws.

    python docs/make_figures.py            all of them
    python docs/make_figures.py gradients  those whose file name starts so
    python docs/make_figures.py catalogue  one a family of the catalogue
    python docs/make_figures.py torch      the audit, with its table

They are of FashionMNIST and of the author's networks, so ACTFUNC_DATA has to lead there or the
network has to be up.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hooks import figure_name
from matplotlib.figure import Figure
from PIL import Image

from actfunc.activation import Activation
from actfunc.catalogue import FAMILIES
from actfunc.cli import run
from actfunc.show import style
from actfunc.show.activations import draw_activation

DOCS = Path(__file__).parent.resolve()

FIGURES = {
    "activations.svg": "plot -o {}",
    "examples.svg": "data --dataset fashion_mnist --show {}",
    "silhouettes.svg": "data --dataset silhouettes --show {}",
    "gradients.svg": "gradients --dataset fashion_mnist -o {}",
    "curves.svg": (
        "train sigmoid tanh relu leaky_relu:negative_slope=0.1 elu silu"
        " --dataset fashion_mnist --plot {}"
    ),
    "distribution.svg": "distribution --pretrained --dataset fashion_mnist -o {}",
    "dead.svg": "dead --pretrained --dataset fashion_mnist -o {}",
    # thousands of points each: pixels are smaller
    "certify-gelu.png": "certify gelu --plot {}",
    "certify-torch-gelu.png": "certify torch.nn.functional:gelu --as gelu --plot {}",
    "torch-audit.png": "audit gelu silu tanh softplus --plot {}",
    "squareplus.svg": "plot my.py:squareplus softplus silu -o {}",
}
"""Each figure and the command that draws it."""

TABLES = {"torch-table.md": "audit --markdown {}"}
"""Each table that a page takes in and the command that makes it."""

FAMILY_FIGURES = {figure_name(family): records for family, records in FAMILIES.items()}
"""Thumbnails of the catalogue's families."""

COLUMNS = 6
COLOURS = 64
"""Of a figure of pixels: as good to the eye, and a third of the size."""

NOT_HELD = {"certify-torch-gelu.png"}
"""Certificates that are there to fail."""


def main(wanted: list[str]) -> int:
    """Draw the figures whose names start with one of `wanted`; all where none is given."""
    files = dict(
        re.findall(r'```python title="(.+?)"\n(.+?)```', (DOCS / "add.md").read_text(), re.S)
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, content in files.items():
            Path(name).write_text(content)
        for name, command in FIGURES.items():
            if wanted and not name.startswith(tuple(wanted)):
                continue
            print(f"\n{name}: actfunc {command.format(name)}", flush=True)
            words = shlex.split(command.format(shlex.quote(str(DOCS / "figures" / name))))
            if run(words) != (1 if name in NOT_HELD else 0):
                return 1
            squeeze(DOCS / "figures" / name)
        for name, command in TABLES.items():
            if not wanted or name.startswith(tuple(wanted)):
                run(shlex.split(command.format(shlex.quote(str(DOCS / name)))))
    for name, records in FAMILY_FIGURES.items():
        if not wanted or name.startswith(tuple(wanted)):
            print(name, flush=True)
            style.save(thumbnails(records), DOCS / "figures" / name)
            squeeze(DOCS / "figures" / name)
    return 0


def thumbnails(records: Sequence[Activation]) -> Figure:
    """A family at a glance: each function with its first and second derivative."""
    rows = math.ceil(len(records) / COLUMNS)
    figure = style.figure(1.85 * COLUMNS, 1.6 * rows)
    axes = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
    for axis, record in zip(axes, records, strict=False):
        draw_activation(axis, record)
        axis.set_title(record.name, fontsize=9)
        axis.set_ylim(-2.2, 2.7)
        axis.set_xticks([-5, 0, 5])
        axis.tick_params(labelsize=7, length=0)
    for axis in axes[len(records) :]:
        axis.set_visible(False)
    return figure


def squeeze(path: Path) -> None:
    """Store a figure of pixels with a palette."""
    if path.suffix == ".png":
        image = Image.open(path).convert("RGB")
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
