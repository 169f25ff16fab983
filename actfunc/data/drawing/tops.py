"""T-shirt, pullover, dress, coat, shirt: one pattern and five cuts that overlap, as they do."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.data.drawing.brush import (
    Canvas,
    Dice,
    Limb,
    Print,
    box,
    cloth,
    ellipse,
    half_plane,
    ink,
    light,
    limb,
    paint,
    profile,
    slab,
    wave,
)

Range = tuple[float, float]


class Cut(NamedTuple):
    """What tells one kind of top from another: ranges of sizes, chances of details."""

    shoulder: Range = (0.36, 0.48)
    waist: Range = (0.85, 1.02)
    hem: Range = (0.9, 1.1)
    top: Range = (-0.86, -0.74)
    bottom: Range = (0.55, 0.88)
    sleeveless: float = 0.02
    short: float = 0.0
    cropped: float = 0.03
    tail: Range = (-0.04, 0.05)
    sleeve_width: Range = (0.12, 0.17)
    deep_neck: float = 0.15
    high_neck: float = 0.0
    collar: float = 0.0
    placket: float = 0.0
    lapels: float = 0.0
    hood: float = 0.0
    ribs: float = 0.0
    belt: float = 0.0
    logo: float = 0.0
    pocket: float = 0.0
    print: Print = Print()


CUTS = {
    "T-shirt/top": Cut(
        sleeveless=0.14, short=0.8, sleeve_width=(0.13, 0.2), deep_neck=0.35, placket=0.03,
        logo=0.4, pocket=0.05, print=Print(0.16, 0.03, 0.02, 0.12),
    ),
    "Pullover": Cut(
        short=0.03, high_neck=0.25, collar=0.03, placket=0.03, hood=0.1, ribs=0.75, logo=0.15,
        hem=(0.82, 1.0), bottom=(0.4, 0.75), print=Print(0.22, 0.02, 0.03, 0.2),
    ),
    "Dress": Cut(
        shoulder=(0.24, 0.34), waist=(0.6, 0.95), hem=(0.9, 1.75), top=(-0.96, -0.86),
        bottom=(0.75, 0.97), sleeveless=0.55, short=0.25, cropped=0.1, sleeve_width=(0.08, 0.12),
        deep_neck=0.5, placket=0.05, belt=0.3, print=Print(0.08, 0.04, 0.04, 0.18),
    ),
    "Coat": Cut(
        hem=(0.98, 1.3), bottom=(0.76, 0.97), sleeve_width=(0.13, 0.18), high_neck=0.12,
        collar=0.35, placket=0.85, lapels=0.55, hood=0.12, ribs=0.05, belt=0.2, pocket=0.25,
        print=Print(0.02, 0.05, 0.07, 0.15),
    ),
    "Shirt": Cut(
        sleeveless=0.02, short=0.24, cropped=0.32, tail=(0.0, 0.2),
        sleeve_width=(0.11, 0.15), deep_neck=0.08, collar=0.85, placket=0.9, logo=0.04, pocket=0.2,
        bottom=(0.55, 0.82), print=Print(0.05, 0.14, 0.26, 0.08),
    ),
}  # fmt: skip


def top(c: Canvas, dice: Dice, cut: Cut) -> Tensor:
    """One kind of top, (n, 28, 28) brightness in 0 to 1."""
    side = c.x.abs()
    upper, lower = dice.between(*cut.top), dice.between(*cut.bottom)
    shoulder = dice.between(*cut.shoulder)
    neck, drop = dice.between(0.3, 0.46) * shoulder, dice.between(0.06, 0.16)
    deep = dice.chance(cut.deep_neck)
    dip = torch.where(deep, dice.between(0.22, 0.45), dice.between(0.06, 0.15))
    pointed = dice.chance(0.4) & deep

    # the torso: sides, hem, slope of the shoulders, less the neckline
    waist, hem = dice.between(*cut.waist) * shoulder, dice.between(*cut.hem) * shoulder
    fraction = (c.y - upper) / (lower - upper)
    width = profile(fraction, [0.0, 0.2, 0.5, 1.0], [shoulder, shoulder * 0.97, waist, hem])
    hem_line = lower + dice.between(*cut.tail) * (0.5 - (side / hem).clamp(0, 1))
    torso = torch.maximum(side - width, slab(c.y, upper, hem_line))
    torso = torch.maximum(torso, half_plane(side - neck, c.y - upper, shoulder - neck, drop))
    round_neck = ellipse(c.x, c.y - upper, neck, dip)
    v_neck = half_plane(side - neck, c.y - upper, -neck, dip)
    neckline = torch.where(pointed, v_neck, round_neck)
    torso = torch.maximum(torso, -neckline)

    sleeve = _sleeve(c, dice, cut, side, shoulder, upper + drop)
    outline = torch.minimum(torso, sleeve.distance)
    colour = light(c, dice, outline)
    fabric = cloth(c, dice, cut.print)
    seam = 1 - ink(torso.abs() - 0.02, 1.5) * ink(sleeve.distance) * dice.between(0.1, 0.55)

    picture = _hood(c, dice, cut, colour, upper, neck)
    back = ink(torch.maximum(neckline, slab(c.y, upper + 0.02, upper + dip)))
    picture = paint(picture, colour * 0.45, back * dice.chance(0.6))
    picture = paint(picture, colour * fabric * seam, ink(outline))
    picture = _ribs(dice, cut, picture, sleeve, outline, hem_line - c.y)
    picture = _logo(c, dice, cut, picture, torso)
    picture = _front(c, dice, cut, picture, colour, torso, upper + dip)
    return _neck(c, dice, cut, picture, colour, side, upper, neck)


def _sleeve(c: Canvas, dice: Dice, cut: Cut, side: Tensor, shoulder: Tensor, tip: Tensor) -> Limb:
    """Both sleeves at once: the garment is folded along its middle."""
    half_width = dice.between(*cut.sleeve_width)
    kind = dice.between(0, 1)
    bare, short = kind < cut.sleeveless, kind < cut.sleeveless + cut.short
    cropped = ~short & (kind > 1 - cut.cropped)
    length = torch.where(cropped, dice.between(0.5, 0.8), dice.between(1.0, 1.4))
    length = torch.where(short, dice.between(0.24, 0.5), length)
    # slope of the sleeve against the vertical: short ones stand off, long ones hang
    spread = torch.where(short, dice.between(0.4, 1.1), dice.between(0.1, 0.36))
    down = length / torch.sqrt(1 + spread * spread)
    x = side - shoulder + half_width * 0.75
    y = c.y - tip - half_width * 0.55
    cuff = half_width * torch.where(short, dice.between(0.75, 1.0), dice.between(0.5, 0.8))
    sleeve = limb(x, y, down * spread, down, half_width, cuff)
    return Limb(torch.where(bare, torch.ones_like(side), sleeve.distance), sleeve.along)


def _ribs(
    dice: Dice, cut: Cut, picture: Tensor, sleeve: Limb, outline: Tensor, height: Tensor
) -> Tensor:
    """Ribbed bands at hem and cuffs."""
    band = dice.between(0.06, 0.16)
    hem = ink(torch.maximum(outline, height - band))
    cuffs = ink(torch.maximum(sleeve.distance, (1 - sleeve.along) - band))
    cover = torch.maximum(hem, cuffs) * dice.chance(cut.ribs)
    return paint(picture, picture * dice.between(0.55, 1.25), cover)


def _logo(c: Canvas, dice: Dice, cut: Cut, picture: Tensor, torso: Tensor) -> Tensor:
    """A printed patch on the chest, round or square, maybe lettered."""
    x, y = c.x - dice.between(-0.08, 0.08), c.y + dice.between(0.1, 0.4)
    width, height = dice.between(0.09, 0.26), dice.between(0.06, 0.2)
    patch = torch.where(dice.chance(0.5), ellipse(x, y, width, height), box(x, y, width, height))
    letters = 1 - ((wave(c.y * 5 + 0.3) - 0.4) * 3).clamp(0, 1) * dice.chance(0.5)
    cover = ink(torch.maximum(patch, torso)) * letters * dice.chance(cut.logo)
    return paint(picture, dice.between(0.1, 1.0), cover)


def _front(
    c: Canvas, dice: Dice, cut: Cut, picture: Tensor, colour: Tensor, torso: Tensor, start: Tensor
) -> Tensor:
    """Opening with buttons, belt, pockets."""
    x = c.x - dice.between(-0.05, 0.05)
    body = ink(torso)
    opened = dice.chance(cut.placket)
    line = ink(torch.maximum(x.abs() - dice.between(0.01, 0.04), start - c.y))
    strength = dice.between(0.3, 0.95)
    picture = paint(picture, picture * (1 - strength), line * body * opened)
    dots = (wave(c.y / dice.between(0.2, 0.36)) - 0.6).clamp(0, 0.25) * 4
    offset = dice.between(0.0, 0.14)
    buttons = ink((x - offset).abs() - 0.03) * dots * ink(start - c.y) * body
    picture = paint(picture, dice.between(0.05, 1.0), buttons * opened * dice.chance(0.55))

    belt = ink(slab(c.y - dice.between(-0.1, 0.12), -0.05, 0.05)) * body
    picture = paint(picture, colour * dice.between(0.3, 1.3), belt * dice.chance(cut.belt))

    low = dice.chance(0.5)
    across = torch.where(low, c.x.abs(), c.x) - dice.between(0.18, 0.25)
    down = c.y - torch.where(low, dice.between(0.2, 0.4), dice.between(-0.35, -0.2))
    pocket = box(across, down, 0.1, 0.1)
    edge = ink(pocket.abs() - 0.015) * body * dice.chance(cut.pocket)
    return paint(picture, picture * dice.between(0.4, 0.8), edge)


def _neck(
    c: Canvas, dice: Dice, cut: Cut, picture: Tensor, colour: Tensor, side: Tensor,
    upper: Tensor, neck: Tensor,
) -> Tensor:  # fmt: skip
    """Collar points, lapels or a high neck."""
    y = c.y - upper
    lapels = dice.chance(cut.lapels)
    reach = torch.where(lapels, dice.between(0.4, 0.75), dice.between(0.16, 0.26))
    wide = torch.where(lapels, dice.between(0.07, 0.12), dice.between(0.06, 0.09))
    flap = limb(side - neck, y - 0.02, -0.85 * neck, reach, wide, 0.03).distance
    wanted = lapels | dice.chance(cut.collar)
    tone = dice.between(0.75, 1.3)
    picture = paint(picture, colour * tone, ink(flap) * wanted)
    edge = ink(flap.abs() - 0.012) * wanted
    picture = paint(picture, picture * dice.between(0.35, 0.85), edge)
    tall = dice.between(0.08, 0.16)
    roll = box(c.x, y - 0.02, neck * 1.05, tall)
    cover = ink(roll) * dice.chance(cut.high_neck)
    return paint(picture, colour * (0.75 + 0.3 * wave(c.y * 7)), cover)


def _hood(c: Canvas, dice: Dice, cut: Cut, colour: Tensor, upper: Tensor, neck: Tensor) -> Tensor:
    """A hood that lies behind the shoulders, on an empty picture."""
    width, height = neck * dice.between(1.2, 1.6), dice.between(0.14, 0.22)
    shape = ellipse(c.x, c.y - upper - 0.04, width, height)
    shadow = ink(shape + 0.08) * dice.between(0.3, 0.7)
    cover = ink(shape) * dice.chance(cut.hood)
    return paint(torch.zeros_like(colour), colour * (1 - shadow), cover)
