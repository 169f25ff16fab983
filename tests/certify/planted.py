"""Faults to plant in a record: on a stretch, in one function or all, in one dtype or all."""

from __future__ import annotations

import random
from dataclasses import replace

import torch

SIBLINGS = ("f", "df", "d2f")


def stretch(record, order, start, width, *, dtype=None, relative=1e-3):
    """The record with a sibling that is off by so much from start on; dtype: in that one alone."""
    right = getattr(record, SIBLINGS[order]).function

    def wrong(x, **params):
        y = right(x, **params)
        if dtype is not None and x.dtype != dtype:
            return y
        return torch.where((x > start) & (x < start + width), y * (1 + relative), y)

    return replace(record, **{SIBLINGS[order]: wrong})


def bump(record, centre, width, size):
    """The record plus a bell of that height, with the derivatives of the bell: smooth, and wrong
    throughout."""
    f, df, d2f = (getattr(record, sibling).function for sibling in SIBLINGS)

    def bell(x):
        t = (x - centre) / width
        return t, size * torch.exp(-0.5 * t * t)

    def value(x, **params):
        return f(x, **params) + bell(x)[1]

    def slope(x, **params):
        t, y = bell(x)
        return df(x, **params) - t * y / width

    def curvature(x, **params):
        t, y = bell(x)
        return d2f(x, **params) + (t * t - 1) * y / width**2

    return replace(record, f=value, df=slope, d2f=curvature)


def places(record, count, *, seed):
    """Where to plant: anywhere on [-20, 20] where the record is no constant."""
    chance = random.Random(f"{record.name} {seed}")
    found = []
    while len(found) < count:
        x = chance.uniform(-20, 20)
        at = torch.tensor([x], dtype=torch.float64)
        large = [abs(getattr(record, sibling)(at).item()) > 1e-30 for sibling in SIBLINGS]
        if all(large) and all(abs(x - joint) > 1e-3 for joint in record.joint_points):
            found.append(x)
    return found
