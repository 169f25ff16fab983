"""Small drawn data sets beside the silhouettes: points in the plane, coloured images, a curve.

Every example comes from a seed; the test part is drawn from random numbers of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from actfunc.data.dataset import Dataset, Examples
from actfunc.generator import seeded

TURNS = 1.5
"""How often a spiral goes around."""

SHAPES, COLOURS = ("disc", "square", "cross"), ("red", "green", "blue")
SIDE = 32


def spirals(n: int, generator: Generator) -> Examples:
    """Points (n, 2) in [-1, 1] on two spirals wound into each other, and which of the two."""
    labels = torch.arange(n, device="cpu") % 2
    along = _uniform((n,), generator).sqrt()
    angle = 2 * math.pi * TURNS * along + math.pi * labels
    points = along.unsqueeze(1) * torch.stack((angle.cos(), angle.sin()), 1)
    return Examples(points + 0.02 * _normal((n, 2), generator), labels)


def wave(n: int, generator: Generator) -> Examples:
    """Numbers (n, 1) in [-1, 1] and sin(3πx)·(1 + x)/2 of each, with noise of a twentieth."""
    x = 2 * _uniform((n,), generator) - 1
    y = (3 * math.pi * x).sin() * (1 + x) / 2
    return Examples(x.unsqueeze(1), y + 0.05 * _normal((n,), generator))


def shapes(n: int, generator: Generator) -> Examples:
    """Images (n, 3, 32, 32) uint8 of a shape in a colour on a noisy ground; a class each pair."""
    labels = torch.arange(n, device="cpu") % (len(SHAPES) * len(COLOURS))
    shape, colour = labels // len(COLOURS), labels % len(COLOURS)
    radius = 5 + 5 * _uniform((n,), generator)[:, None, None]
    centre = 11 + 10 * _uniform((2, n, 1, 1), generator)
    rows = torch.arange(SIDE, device="cpu").view(1, -1, 1) - centre[0]
    columns = torch.arange(SIDE, device="cpu").view(1, 1, -1) - centre[1]
    thin, wide = torch.minimum(rows.abs(), columns.abs()), torch.maximum(rows.abs(), columns.abs())
    cross = (wide < radius) & (thin < 2)
    masks = torch.stack((rows.hypot(columns) < radius, wide < 0.9 * radius, cross))
    mask = masks[shape, torch.arange(n, device="cpu")]
    pictures = 0.55 * _uniform((n, 3, SIDE, SIDE), generator)
    # the wanted colour is brighter than the ground, the two others are left as they are
    lit = torch.nn.functional.one_hot(colour, 3)[:, :, None, None] * mask.unsqueeze(1)
    pictures = pictures + (0.3 + 0.1 * _uniform((n,), generator))[:, None, None, None] * lit
    return Examples((pictures * 255).to(torch.uint8), labels)


def _uniform(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu")


def _normal(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float32, device="cpu")


@dataclass(frozen=True)
class DrawnSet:
    """A set that can be drawn: so many examples, what its classes are called, what it is."""

    draw: Callable[[int, Generator], Examples]
    train: int
    classes: tuple[str, ...]
    note: str


DRAWN = {
    "spirals": DrawnSet(spirals, 3_000, ("one", "other"), "Two spirals in the plane, drawn."),
    "shapes": DrawnSet(
        shapes,
        12_000,
        tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS),
        "Coloured shapes of 3×32×32 pixels, drawn.",
    ),
    "wave": DrawnSet(
        wave, 3_000, (), "A regression: a curve of one number, drawn, with noise of 0.05."
    ),
}


def draw(name: str, examples: int | None = None, seed: int = 0) -> Dataset:
    """The set of that name, a sixth as many test examples as training ones."""
    found = DRAWN[name]
    train = found.train if examples is None else examples
    drawn = found.draw(train, seeded(2 * seed))
    test = found.draw(max(1, train // 6), seeded(2 * seed + 1))
    return Dataset(name, found.classes, drawn, test, found.note)
