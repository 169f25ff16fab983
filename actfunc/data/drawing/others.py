"""Trousers and bags."""

from __future__ import annotations

import torch
from torch import Tensor

from actfunc.data.drawing.brush import (
    Canvas,
    Dice,
    Print,
    box,
    cloth,
    ellipse,
    ink,
    light,
    paint,
    profile,
    slab,
    wave,
)


def trouser(c: Canvas, dice: Dice) -> Tensor:
    """Two legs from a waistband: slim, straight or flared, now and then shorts."""
    upper = dice.between(-0.97, -0.88)
    lower = torch.where(dice.chance(0.06), dice.between(-0.1, 0.3), dice.between(0.85, 0.97))
    side = (c.x + (c.y - upper) * dice.between(-0.03, 0.03)).abs()
    waist = dice.between(0.2, 0.32)
    hip, knee = waist + dice.between(0.02, 0.12), waist + dice.between(-0.02, 0.12)
    hem = knee + dice.between(-0.08, 0.12)
    outer = profile(c.y, [upper, upper + 0.45, 0.15, 0.95], [waist, hip, knee, hem])
    crotch = upper + dice.between(0.5, 0.75)
    gap = (c.y - crotch) * dice.between(0.0, 0.16) + (c.y - crotch).clamp(-0.02, 0.02)
    legs = torch.maximum(torch.maximum(side - outer, gap - side), slab(c.y, upper, lower))
    colour = light(c, dice, legs) * cloth(c, dice, Print(0.03, 0.08, 0.05, 0.1))
    inseam = ink(torch.maximum(side - 0.02, crotch - c.y), 1.5) * dice.between(0.2, 0.8)
    crease = ink((side - 0.5 * outer).abs() - 0.02, 1.5) * dice.between(0.0, 0.3)
    picture = colour * (1 - inseam) * (1 - crease) * ink(legs)
    band = ink(torch.maximum(legs, c.y - upper - dice.between(0.06, 0.14)))
    picture = paint(picture, picture * dice.between(0.4, 1.2), band)
    fly = ink(torch.maximum(c.x.abs() - 0.02, slab(c.y, upper, crotch))) * dice.chance(0.5)
    pockets = ink((side + (c.y - upper) * 0.6 - 0.42).abs() - 0.02) * ink(c.y - upper - 0.4)
    marks = torch.maximum(fly, pockets * dice.chance(0.4)) * ink(legs)
    return paint(picture, picture * dice.between(0.4, 0.9), marks)


def bag(c: Canvas, dice: Dice) -> Tensor:
    """A handbag, satchel, tote or clutch, with or without a handle."""
    width, lower = dice.between(0.5, 0.9), dice.between(0.55, 0.88)
    upper = lower - dice.between(0.65, 1.25)
    middle, half = 0.5 * (upper + lower), 0.5 * (lower - upper)
    flare = 1 + dice.between(-0.18, 0.18) * (c.y - middle) / half
    round_off = dice.between(0.03, 0.25)
    x, y = (c.x / flare).abs() - width + round_off, (c.y - middle).abs() - half + round_off
    # a corner of three edges, which 28 pixels cannot tell from a round one
    bevel = (x + y) * 0.7
    body = torch.maximum(torch.maximum(x, y), bevel) - round_off

    reach, tall = width * dice.between(0.35, 0.85), dice.between(0.3, 0.75)
    ring = ellipse(c.x, c.y - upper, reach, tall).abs() - dice.between(0.03, 0.07)
    handle = torch.maximum(ring, c.y - upper)
    handle = torch.where(dice.chance(0.22), torch.ones_like(handle), handle)
    tone = dice.between(0.6, 1.3)
    colour = light(c, dice, body)
    picture = paint(torch.zeros_like(c.x), colour * tone, ink(handle))
    fabric = cloth(c, dice, Print(0.06, 0.05, 0.07, 0.2))
    picture = paint(picture, colour * fabric, ink(body))

    depth = dice.between(0.2, 0.65) * 2 * half
    bulge = depth * (1 - dice.between(0.0, 0.4) * (c.x / width) ** 2)
    flap = torch.maximum(body, c.y - upper - bulge)
    has_flap = dice.chance(0.55)
    picture = paint(picture, picture * dice.between(0.75, 1.25), ink(flap) * has_flap)
    picture = paint(picture, picture * 0.5, ink(flap.abs() - 0.015) * ink(body) * has_flap)
    clasp = box(c.x, c.y - upper - depth, dice.between(0.04, 0.1), 0.06)
    picture = paint(picture, dice.between(0.1, 1.0), ink(clasp) * has_flap)
    seams = ink((c.x.abs() - width * dice.between(0.4, 0.75)).abs() - 0.015) * ink(body)
    picture = paint(picture, picture * 0.6, seams * dice.chance(0.3))
    stitches = ink((body + 0.1).abs() - 0.015) * wave(c.x * 6 + c.y * 6)
    return paint(picture, picture * 0.5, stitches * dice.chance(0.3))
