"""Sandal, sneaker and ankle boot, seen from the side with the toe to the left."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.data.drawing.brush import (
    Canvas,
    Dice,
    Print,
    box,
    cloth,
    ink,
    light,
    limb,
    paint,
    profile,
    slab,
    wave,
)


class Sole(NamedTuple):
    """The sole's distance, the line the foot stands on, and the ground."""

    distance: Tensor
    line: Tensor
    ground: Tensor


def _sole(
    c: Canvas, dice: Dice, ground: Tensor, length: Tensor, lift: Tensor, thick: Tensor
) -> Sole:
    """A sole that rises by `lift` towards the heel, on a block, a wedge or a pin."""
    rise = profile(c.x / length, [-1.0, -0.85, -0.25, 0.6], [0.05, 0.0, 0.0, lift])
    line = ground - thick - rise
    within = c.x.abs() - length
    tread = torch.maximum(within, slab(c.y, line, line + thick))
    pin = dice.between(0.04, 0.3)
    lean = dice.between(-0.12, 0.05)
    heel_x = c.x - length + pin - (c.y - line) * lean
    heel = torch.maximum(heel_x.abs() - pin, slab(c.y, line, ground))
    wedge = torch.maximum(torch.maximum(within, -0.2 * length - c.x), slab(c.y, line, ground))
    heel = torch.where(dice.chance(0.2), wedge, heel)
    return Sole(torch.minimum(tread, heel), line, ground)


def _stand(c: Canvas, dice: Dice, sole: Sole, picture: Tensor) -> Tensor:
    """The sole, in a tone of its own."""
    tone = torch.where(dice.chance(0.5), dice.between(0.6, 1.0), dice.between(0.15, 0.5))
    return paint(picture, tone - c.grain * 0.08, ink(sole.distance))


def sandal(c: Canvas, dice: Dice) -> Tensor:
    """Straps with air between them, on a flat sole, a wedge or a high heel."""
    length = dice.between(0.84, 0.95)
    high = dice.chance(0.45)
    lift = torch.where(high, dice.between(0.25, 0.7), dice.between(0.0, 0.12))
    ground = dice.between(0.25, 0.65) + lift * 0.3
    sole = _sole(c, dice, ground, length, lift, dice.between(0.07, 0.16))
    height = dice.between(0.3, 0.5)
    instep = profile(
        c.x / length,
        [-1.0, -0.8, -0.3, 0.1, 0.5, 1.0],
        [0.02, 0.14, height * 0.75, height, height * 1.1, height * 0.9],
    )
    foot = torch.maximum(c.x.abs() - length, slab(c.y, sole.line - instep, sole.line + 0.03))
    # straps are bands across the foot that lean; where there is none, there is nothing
    lean, count = dice.between(-0.9, 0.9), dice.between(1.1, 2.3)
    bands = wave((c.x + c.y * lean) * count + dice.between(0, 1))
    gap = dice.between(0.35, 0.65)
    straps = torch.maximum(foot, (gap - bands) * 0.2)
    closed = torch.maximum(foot, c.x + dice.between(0.1, 0.5))
    straps = torch.where(dice.chance(0.2), torch.minimum(straps, closed), straps)
    ankle = c.y - sole.line + height + dice.between(0.0, 0.35)
    loop = torch.maximum(slab(ankle, -0.05, 0.05), (c.x - 0.55 * length).abs() - 0.38)
    post = torch.maximum(
        (c.x - 0.9 * length).abs() - 0.06, slab(c.y, sole.line - height - 0.3, sole.line)
    )
    tied = torch.minimum(loop, post)
    upper = torch.where(dice.chance(0.4), torch.minimum(straps, tied), straps)
    colour = light(c, dice, upper) * cloth(c, dice, Print(0.0, 0.0, 0.0, 0.15))
    picture = paint(torch.zeros_like(c.x), colour, ink(upper))
    return _stand(c, dice, sole, picture)


def sneaker(c: Canvas, dice: Dice) -> Tensor:
    """A low shoe with a thick sole, laces and a stripe; now and then a high top."""
    length = dice.between(0.86, 0.96)
    ground = dice.between(0.3, 0.7)
    thick = dice.between(0.08, 0.2)
    sole = _sole(c, dice, ground, length, dice.between(0.0, 0.08), thick)
    collar = torch.where(dice.chance(0.1), dice.between(0.75, 1.0), dice.between(0.5, 0.72))
    toe = dice.between(0.2, 0.32)
    mouth = dice.between(0.0, 0.2)
    upper = _upper(c, dice, sole, length, toe, collar, mouth, dice.between(0.04, 0.2))
    colour = light(c, dice, upper)
    picture = colour * cloth(c, dice, Print(0.04, 0.04, 0.04, 0.2)) * ink(upper)

    slant = c.x + c.y * dice.between(-0.8, 0.8)
    bars = wave(slant * dice.between(2.0, 4.5) + dice.between(0, 1))
    where = (slant - dice.between(-0.15, 0.2)).abs() - dice.between(0.1, 0.3)
    stripe = ink(torch.maximum(upper + 0.06, where)) * ((bars - 0.5) * 3 + 0.5).clamp(0, 1)
    picture = paint(picture, dice.between(0.1, 1.0), stripe * dice.chance(0.6))
    cap = ink(torch.maximum(upper, c.x + length * dice.between(0.55, 0.72)))
    picture = paint(picture, picture * dice.between(0.5, 1.4), cap * dice.chance(0.4))
    picture = _laces(c, dice, upper, picture, 0.75)
    return _stand(c, dice, sole, _opening(c, dice, upper, mouth, picture))


def ankle_boot(c: Canvas, dice: Dice) -> Tensor:
    """A shaft over the ankle, on a heel; zipped, laced or elastic at the side."""
    length = dice.between(0.8, 0.92)
    lift = torch.where(dice.chance(0.4), dice.between(0.2, 0.5), dice.between(0.03, 0.2))
    ground = dice.between(0.64, 0.9)
    sole = _sole(c, dice, ground, length, lift, dice.between(0.06, 0.16))
    collar = torch.where(dice.chance(0.15), dice.between(0.7, 0.9), dice.between(0.95, 1.35))
    collar = collar - lift * 0.4
    mouth = dice.between(0.0, 0.25)
    toe, dip = dice.between(0.2, 0.3), dice.between(0.0, 0.1)
    upper = _upper(c, dice, sole, length, toe, collar, mouth, dip)
    colour = light(c, dice, upper)
    picture = colour * cloth(c, dice, Print(0.02, 0.02, 0.04, 0.15)) * ink(upper)
    gusset = box(c.x - dice.between(0.3, 0.5), c.y - sole.line + collar * 0.7, 0.1, 0.22)
    panel = ink(torch.maximum(gusset, upper)) * dice.chance(0.3)
    picture = paint(picture, picture * (0.35 + 0.3 * wave(c.x * 12)), panel)
    zip_line = ink(torch.maximum((c.x - dice.between(0.2, 0.6)).abs() - 0.015, upper + 0.03))
    picture = paint(picture, picture * 0.45, zip_line * dice.chance(0.3))
    strap = ink(
        torch.maximum(slab(c.y - sole.line + collar * 0.45 + 0.1 * c.x, -0.05, 0.05), upper)
    )
    picture = paint(picture, picture * dice.between(0.4, 1.4), strap * dice.chance(0.3))
    picture = _laces(c, dice, upper, picture, 0.35)
    return _stand(c, dice, sole, _opening(c, dice, upper, mouth, picture))


def _upper(
    c: Canvas, dice: Dice, sole: Sole, length: Tensor, toe: Tensor, collar: Tensor, mouth: Tensor,
    dip: Tensor,
) -> Tensor:  # fmt: skip
    """The shoe above the sole: toe, instep up to the mouth, heel counter."""
    x, slope = c.x / length, dice.between(-0.09, 0.08)
    start = mouth - 0.15
    middle = toe + (collar - toe) * 0.36
    height = profile(
        x,
        [-1.0, -0.95, -0.85, -0.6, start - 0.2, start + 0.1, 0.5 * (start + 1.1), 1.0],
        [0.04, toe * 0.6, toe * 0.9, toe, middle, collar, collar - dip, collar - 0.3 * dip + slope],
    )
    back = profile(c.y - sole.line, [-1.2, -0.6, -0.1, 0.0], [0.9, 0.9, 1.0, 1.0])
    sides = torch.maximum(-1 - x, x - back) * length
    return torch.maximum(sides, slab(c.y, sole.line - height, sole.line + 0.04))


def _laces(c: Canvas, dice: Dice, upper: Tensor, picture: Tensor, chance: float) -> Tensor:
    """Short strokes along the instep, just inside the outline."""
    run, rise = c.x.new_tensor(0.5), c.x.new_tensor(-0.32)
    row = limb(c.x + 0.42, c.y - 0.05, run, rise, 0.11, 0.11)
    strokes = ((wave(row.along * dice.between(3.0, 4.5)) - 0.5) * 4).clamp(0, 1)
    near = slab(upper, -0.24, -0.04)
    cover = ink(torch.maximum(near, c.x.abs() - 0.4)) * strokes * dice.chance(chance)
    return paint(picture, dice.between(0.1, 1.0), cover)


def _opening(c: Canvas, dice: Dice, upper: Tensor, mouth: Tensor, picture: Tensor) -> Tensor:
    """The dark lining that shows at the mouth."""
    lining = torch.maximum(slab(upper, -dice.between(0.05, 0.12), 0.0), mouth - c.x)
    inside = torch.maximum(lining, c.x - 0.8)
    return paint(picture, picture * dice.between(0.3, 0.9), ink(inside))
