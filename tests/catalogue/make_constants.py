"""Makes constants.jsonl of the package: what every activation and its derivatives are, by mpmath.

    python tests/catalogue/make_constants.py

A line an activation: at the parameters of its paper and at others, value, first and second
derivative at points of every branch. The definitions are those of `definitions.py`, typed from the
papers; neither the text of a record nor its functions are looked at, so that a certificate which
compares them finds what is wrong with both alike.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import mpmath as m
from definitions import ROWS, Row, at

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


def line(row: Row) -> str:
    """What is written of an activation."""
    found = [{"params": params, **constants(row, params)} for params in settings(row)]
    about = {"name": row.name, "source": row.source, "x": POINTS, "settings": found}
    return json.dumps(about, ensure_ascii=False) + "\n"


def main() -> None:
    FILE.write_text("".join(map(line, ROWS)), encoding="utf-8")


if __name__ == "__main__":
    main()
