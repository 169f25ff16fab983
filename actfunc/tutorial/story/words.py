"""Numbers and lists as a sentence or a table has them, and the shares that sentences are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor

from actfunc import mlp
from actfunc.analysis import LayerGradient
from actfunc.show import style
from actfunc.show.page import Cell

STARVED = 100.0
"""How many times the first layer's gradients are smaller than the last's, from which one learning
rate cannot serve both."""

FEW = 0.01
"""A share of values that is worth a word."""


def among(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def percent(share: float, digits: int = 0) -> str:
    """`65 %` of 0.65."""
    return f"{100 * share:.{digits}f} %"


def by_layer(shares: Sequence[float]) -> str:
    """`14, 5, 2 and 16 %` of shares."""
    return f"{among(f'{100 * share:.0f}' for share in shares)} %"


def zeros(values: Tensor) -> float:
    """The share of exact zeros."""
    return float((values == 0).double().mean())


def lost(layers: Sequence[LayerGradient | mlp.Layer]) -> float:
    """How many times the gradients of the first layer's weights are smaller than the last's."""
    first, *_, last = spreads(layers)
    return last / first


def spreads(layers: Sequence[LayerGradient | mlp.Layer]) -> list[float]:
    """The standard deviation of the gradients of each layer's weights."""
    return [float(layer.weight.std(correction=0)) for layer in layers]


def named(name: str) -> Cell:
    """The first cell of an activation's row."""
    return Cell(name, colour=style.colour(name))
