"""The brush: distances to simple shapes, soft edges, cloth and light, for many images at once.

Only sums, products and quotients touch a pixel. IEEE 754 rounds these in one way, so the same
seed gives the same bytes on every machine and any number of threads; a sine or an exponential
would not.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

SIDE = 28
ROLLS = 96
"""Uniform numbers an image may use for its shape and cloth."""


class Dice:
    """The random choices of n images, handed out in order; each is (n, 1, 1)."""

    def __init__(self, uniforms: Tensor) -> None:
        self._columns = iter(uniforms.T[:, :, None, None])

    def between(self, low: float, high: float) -> Tensor:
        """Uniform from low to high."""
        return next(self._columns) * (high - low) + low

    def chance(self, probability: float) -> Tensor:
        """True with the given probability, as a boolean tensor."""
        return next(self._columns) < probability


class Canvas(NamedTuple):
    """Coordinates in the garment's own frame, (n, 28, 28): x to the right, y down, both in ±1."""

    x: Tensor
    y: Tensor
    grain: Tensor


def canvas(dice: Dice, grain: Tensor) -> Canvas:
    """A canvas shifted, turned and scaled a little for each image, half of them mirrored."""
    pixel = (torch.arange(SIDE, dtype=torch.float32, device="cpu") * 2 - (SIDE - 1)) / SIDE
    x, y = pixel[None, None, :], pixel[None, :, None]
    x = x - dice.between(-0.13, 0.13)
    y = y - dice.between(-0.09, 0.09)
    # a turn without a cosine: the half-angle's tangent is what is drawn
    half = dice.between(-0.04, 0.04) + dice.between(-0.04, 0.04)
    cosine = (1 - half * half) / (1 + half * half)
    sine = 2 * half / (1 + half * half)
    across, down = dice.between(0.94, 1.3), dice.between(0.94, 1.18)
    across = torch.where(dice.chance(0.5), across, -across)
    return Canvas((x * cosine + y * sine) * across, (y * cosine - x * sine) * down, grain)


# Distances: negative inside, in the canvas's units, where a pixel is 1/14


def slab(t: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """Between two parallel lines."""
    return torch.maximum(low - t, t - high)


def box(x: Tensor, y: Tensor, width: Tensor | float, height: Tensor | float) -> Tensor:
    """A rectangle about the origin, of the given half sizes."""
    return torch.maximum(x.abs() - width, y.abs() - height)


def ellipse(x: Tensor, y: Tensor, width: Tensor, height: Tensor) -> Tensor:
    """An ellipse about the origin, of the given half axes; a distance near its edge only."""
    return ((x / width) ** 2 + (y / height) ** 2 - 1) * (0.5 * torch.minimum(width, height))


def half_plane(x: Tensor, y: Tensor, run: Tensor, rise: Tensor) -> Tensor:
    """What lies below the line through the origin and (run, rise), or above it for run < 0."""
    return (x * rise - y * run) / torch.sqrt(run * run + rise * rise)


class Limb(NamedTuple):
    """A tapered bar: its distance, and how far along it a point is, from 0 to 1."""

    distance: Tensor
    along: Tensor


def limb(
    x: Tensor, y: Tensor, run: Tensor, rise: Tensor, start: Tensor | float, end: Tensor | float
) -> Limb:
    """A bar from the origin to (run, rise), of half width `start` there and `end` at its end."""
    length = torch.sqrt(run * run + rise * rise)
    along = (x * run + y * rise) / (length * length)
    across = ((x * rise - y * run) / length).abs()
    width = along.clamp(0, 1) * (end - start) + start
    ends = slab(along * length, -0.5 * start, length)
    return Limb(torch.maximum(across - width, ends), along)


def profile(t: Tensor, knots: list[Tensor | float], values: list[Tensor | float]) -> Tensor:
    """The line through (knot, value) points, level beyond the first and the last."""
    y = torch.zeros_like(t) + values[0]
    for i in range(len(knots) - 1):
        step = ((t - knots[i]) / (knots[i + 1] - knots[i])).clamp(0, 1)
        y = y + step * (values[i + 1] - values[i])
    return y


# Paint


def ink(distance: Tensor, softness: float = 1.0) -> Tensor:
    """How much of each pixel a shape covers, 0 to 1, its edge `softness` pixels wide."""
    return (0.5 - distance * (SIDE / 2 / softness)).clamp(0, 1)


def paint(below: Tensor, colour: Tensor, cover: Tensor) -> Tensor:
    """The colour laid over what is below where `cover` is 1."""
    return below + (colour - below) * cover


def wave(t: Tensor) -> Tensor:
    """A triangle wave of period 1 between 0 and 1, which is 1 at whole numbers."""
    # through an integer, since torch gives every floor() of more than 2,048 numbers to all threads
    return (2 * (t - t.to(torch.int32)).abs() - 1).abs()


def light(c: Canvas, dice: Dice, distance: Tensor) -> Tensor:
    """The brightness of plain cloth: a base, a slope of light, folds, a darker rim."""
    base = dice.between(0.35, 1.0)
    slope = 1 + dice.between(-0.18, 0.18) * c.x + dice.between(-0.15, 0.15) * c.y
    lines = c.x * dice.between(1.2, 3.2) + c.y * dice.between(-0.7, 0.7) + dice.between(0, 1)
    folds = 1 - wave(lines) * dice.between(0.0, 0.22)
    rim = 1 - (1 + distance * 9).clamp(0, 1) * dice.between(0.0, 0.4)
    return base * slope * folds * rim


class Print(NamedTuple):
    """How likely cloth is to have each pattern; plain otherwise."""

    stripes: float = 0.1
    pinstripes: float = 0.05
    plaid: float = 0.05
    speckle: float = 0.1


def cloth(c: Canvas, dice: Dice, kinds: Print) -> Tensor:
    """What the pattern leaves of the brightness, 0 to 1."""
    width = dice.between(0.17, 0.42)
    phase = dice.between(0, 1)
    down = ((wave(c.y / width + phase) - 0.5) * 3 + 0.5).clamp(0, 1)
    across = ((wave(c.x / width + phase) - 0.5) * 3 + 0.5).clamp(0, 1)
    which = dice.between(0, 1)
    pattern = torch.zeros_like(c.x)
    reached = 0.0
    choices = (down, across, 0.5 * (down + across), 0.7 * c.grain)
    for probability, choice in zip(kinds, choices, strict=True):
        chosen = (which >= reached) & (which < reached + probability)
        pattern = torch.where(chosen, choice, pattern)
        reached += probability
    grain = 1 - c.grain * dice.between(0.02, 0.16)
    return (1 - pattern * dice.between(0.2, 0.7)) * grain
