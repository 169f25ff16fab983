"""Small figures of the catalogue, drawn while the site is built: a family each."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import cache

from matplotlib.figure import Figure
from PIL import Image

from actfunc.activation import Activation
from actfunc.catalogue import FAMILIES
from actfunc.show import style
from actfunc.show.activations import draw_activation

COLUMNS = 6
COLOURS = 64
"""Of a figure of pixels: as good to the eye, and a third of the size."""


@cache
def thumbnails(family: str) -> bytes:
    """A family at a glance, as PNG: each function with its first and second derivative."""
    drawn = io.BytesIO()
    with style.applied():
        _figure(FAMILIES[family]).savefig(drawn, format="png", dpi=130)
    return with_palette(drawn.getvalue())


def with_palette(png: bytes) -> bytes:
    """The same picture with as many colours as it needs."""
    image, made = Image.open(io.BytesIO(png)).convert("RGB"), io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(made, format="png", optimize=True)
    return made.getvalue()


def _figure(records: Sequence[Activation]) -> Figure:
    rows = math.ceil(len(records) / COLUMNS)
    figure = style.figure(1.85 * COLUMNS, 1.6 * rows)
    axes = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
    for axis, record in zip(axes, records, strict=False):
        draw_activation(axis, record)
        axis.set_title(record.name, fontsize=9)
        axis.set_ylim(-2.2, 2.7)
        axis.set_xticks([-5, 0, 5])
        axis.tick_params(labelsize=7, length=0, labelbottom=True)
    for axis in axes[len(records) :]:
        axis.set_visible(False)
    return figure
