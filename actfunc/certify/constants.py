"""The catalogue's formulas against constants that were made without them.

A certificate holds functions against a text. Where the text is wrong, and the functions in the same
way, nothing in it disagrees. `constants.jsonl` has what the papers' definitions give, computed by
another program from definitions typed a second time: value, slope and curvature at points of every
branch, for the paper's parameters and for others. Where branches meet it has value and slope of
torch's own function, where there is one: what holds at a joint is a convention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import torch

from actfunc.activation import Activation, Parameters
from actfunc.catalogue import CATALOGUE
from actfunc.certify.check import ORDERS
from actfunc.certify.oracle import truth
from actfunc.formulas.formula import Formula
from actfunc.storage import documents
from actfunc.storage.schema import each, mapping, number, record, text

EXACT = 1e-15
"""Relative: both are rounded to float64, and the constants were once."""

LEAST = 1e-307
"""Absolute: below the smallest normal number a rounding is more than that."""


DEFAULT = "default"
"""The order of what is told of a default that no source has."""


_NUMBERS = each(number())
_SETTING = record(
    ("x", *ORDERS), params=mapping(number()), x=_NUMBERS, **dict.fromkeys(ORDERS, _NUMBERS)
)
LINE = record(
    ("joints",),
    name=text(),
    source=text(),
    x=_NUMBERS,
    settings=each(_SETTING, fewest=1),
    joints=_SETTING,
)
"""What a line of the file is, by the function's name."""


class Constant(NamedTuple):
    """The formula at one setting of the parameters, against the constants; or a default.

    params:         the setting, as text; or the name of the parameter, whose x is NaN.
    points:         how many.
    x, got, wanted: where they differ most.
    """

    order: str
    params: str
    points: int
    x: float
    got: float
    wanted: float
    held: bool


def constants(activation: Activation, formula: Formula) -> tuple[Constant, ...]:
    """Every setting and order that is known of a record of this name; none of one's own."""
    known = table().get(activation.name)
    if known is None or activation.place:
        return ()
    meeting = known.get("joints")
    ours = CATALOGUE.get(activation.name, activation).params
    found = _defaults(ours, [setting["params"] for setting in known["settings"]])
    for setting in [*known["settings"], *([meeting] if meeting else [])]:
        params = setting["params"]
        if set(params) != set(formula.params):
            return ()
        x = torch.tensor(setting.get("x", known["x"]), dtype=torch.float64)
        true = truth(formula, x, params)
        words = ", ".join(f"{key}={value!r}" for key, value in params.items())
        for order, name in enumerate(ORDERS):
            if name not in setting:
                continue
            wanted, got = torch.tensor(setting[name], dtype=torch.float64), true.hi[order]
            off = (got - wanted).abs() / (EXACT * wanted.abs() + LEAST)
            off = torch.where(got == wanted, 0.0, off.nan_to_num(torch.inf))
            at = int(off.argmax())
            place = x[at].item(), got[at].item(), wanted[at].item()
            found.append(Constant(name, words, len(x), *place, bool((off <= 1).all())))
    return tuple(found)


def _defaults(ours: Parameters, published: Sequence[Mapping[str, float]]) -> list[Constant]:
    """The catalogue's own, of which one of the settings is made; nothing where it is."""
    if any(setting == ours for setting in published):
        return []
    return [
        Constant(DEFAULT, name, 1, math.nan, value, published[0].get(name, math.nan), False)
        for name, value in ours.items()
        if all(setting.get(name) != value for setting in published)
    ]


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """By name: the source, the points, and at each setting of the parameters the three orders.

    Where torch has the function, `joints` as well: a setting with points of its own, up to first.
    """
    with resources.as_file(resources.files("actfunc.certify") / "constants.jsonl") as path:
        lines, _ = documents.read_lines(path, LINE, "install the package anew")
    return {line["name"]: line for line in lines}
