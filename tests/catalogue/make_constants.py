"""Makes constants.jsonl of the package: what every activation and its derivatives are, by mpmath.

    python tests/catalogue/make_constants.py

A line an activation: at the parameters of its paper and at others, value, first and second
derivative at points of every branch. The definitions are those of `definitions.py`, typed from the
papers; neither the text of a record nor its functions are looked at, so that a certificate which
compares them finds what is wrong with both alike.

What holds at a joint itself is a convention: torch's, where torch has the function. So there value
and slope are torch's own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mpmath as m
import torch
from definitions import ROWS, Row, at
from torch.nn import functional as F

from actfunc.storage import documents

FILE = Path(__file__).parents[2] / "actfunc/certify/constants.jsonl"

POINTS = (
    -30.25, -12.5, -7.25, -5.5, -3.625, -2.25, -1.625, -1.125, -0.75, -0.4, -0.0625,
    0.0625, 0.3, 0.45, 0.875, 1.25, 1.75, 2.75, 4.5, 7.25, 12.5, 30.25,
)  # fmt: skip
"""On every branch of everything, and none a joint of anything."""

DIGITS = 700
"""What is left of 1 in a far tail, e^-625 of it, is told to all of float64's."""

FURTHER: dict[str, tuple[dict[str, float], ...]] = {
    "selu": ({"scale": 1.0507009873554805, "alpha": 1.6732632423543772},),
    "xielu": ({"alpha_p": 0.5, "alpha_n": 1.25, "beta": 0.75},),
    "tanh_soft_2": ({"beta": 0.9, "gamma": 1.5},),
    "softplus": ({"beta": 0.5},),
    "elu": ({"alpha": 0.5},),
    "squareplus": ({"b": 0.25},),
    "softclip": ({"alpha": 50.0},),
}
"""Parameters at which the definitions are taken as well."""


def settings(row: Row) -> Iterator[dict[str, float]]:
    """Every setting of all the parameters: the paper's, and others."""
    given = inspect.signature(row.definition).parameters.items()
    ours = not str(row.definition.__module__).startswith("mpmath")  # whose have settings of theirs
    defaults = {name: each.default for name, each in given if ours and name != "x"}
    for changed in ({}, *(params for params, _ in row.more), *FURTHER.get(row.name, ())):
        whole = {**defaults, **changed}
        if None not in whole.values():
            yield {name: float(value) for name, value in whole.items()}


def constants(row: Row, params: dict[str, float]) -> dict[str, list[float]]:
    """Value, first and second derivative at the points, each rounded once."""
    function: Callable = at(row.definition, params)
    with m.workdps(DIGITS):
        return {
            order: [float(m.diff(function, m.mpf(x), n)) for x in POINTS]
            for n, order in enumerate(("value", "first", "second"))
        }


JOINTS: dict[str, tuple[dict[str, float], tuple[float, ...], Callable]] = {
    "relu": ({}, (0.0,), F.relu),
    "leaky_relu": ({"negative_slope": 0.125}, (0.0,), lambda x: F.leaky_relu(x, 0.125)),
    "prelu": ({"weight": 0.25}, (0.0,), lambda x: F.prelu(x, x.new_tensor(0.25))),
    "rrelu": ({"lower": 0.125, "upper": 0.375}, (0.0,), lambda x: F.rrelu(x, 0.125, 0.375)),
    "relu6": ({}, (0.0, 6.0), F.relu6),
    "hardtanh": ({"min_val": -1.0, "max_val": 2.0}, (-1.0, 2.0), lambda x: F.hardtanh(x, -1, 2)),
    "hardsigmoid": ({}, (-3.0, 3.0), F.hardsigmoid),
    "hardswish": ({}, (-3.0, 3.0), F.hardswish),
    "softshrink": ({"lambd": 0.5}, (-0.5, 0.5), F.softshrink),
    "hardshrink": ({"lambd": 0.5}, (-0.5, 0.5), F.hardshrink),
    "threshold": (
        {"threshold": 1.0, "value": 0.5},
        (1.0,),
        lambda x: F.threshold(x, 1.0, 0.5),
    ),
    "elu": ({"alpha": 2.0}, (0.0,), lambda x: F.elu(x, 2.0)),
    "celu": ({"alpha": 2.0}, (0.0,), lambda x: F.celu(x, 2.0)),
    "selu": (
        {"scale": 1.0507009873554805, "alpha": 1.6732632423543772},
        (0.0,),
        F.selu,
    ),
    "softsign": ({}, (0.0,), F.softsign),
    "abs": ({}, (0.0,), torch.abs),
}
"""What torch has, with parameters, and where branches meet."""


def joints(name: str) -> dict[str, Any] | None:
    """Value and slope of torch's own function where branches meet."""
    if name not in JOINTS:
        return None
    params, places, function = JOINTS[name]
    x = torch.tensor(places, dtype=torch.float64, requires_grad=True)
    y = function(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return {"params": params, "x": places, "value": y.tolist(), "first": slope.tolist()}


def line(row: Row) -> dict[str, Any]:
    """What is written of an activation."""
    found = [{"params": params, **constants(row, params)} for params in settings(row)]
    about = {"name": row.name, "source": row.source, "x": POINTS, "settings": found}
    if (meeting := joints(row.name)) is not None:
        about["joints"] = meeting
    return about


def main() -> None:
    documents.write_lines(FILE, map(line, ROWS))


if __name__ == "__main__":
    main()
