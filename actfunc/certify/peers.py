"""Torch's own functions beside the catalogue's: the same names, judged by the same formulas."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from actfunc.activation import Activation
from actfunc.certify.audited import audited
from actfunc.certify.certificate import on_grid
from actfunc.certify.check import BOUNDS, ORDERS, Point, word
from actfunc.formulas.formula import parse
from actfunc.numerics.ulp import plain_error

Plain = Callable[[Tensor], Tensor]

SPECIAL: dict[str, tuple[str, Plain]] = {
    "gelu_tanh": ("gelu, approximate", partial(functional.gelu, approximate="tanh")),
    "prelu": ("prelu", lambda x: functional.prelu(x, x.new_tensor(0.25))),
}


class Audit(NamedTuple):
    """Torch's function in one dtype and order at its worst.

    worst: in the design's measure, which forgives what rounding the input makes.
    plain: the error of the same point in units in the last place of the truth alone.
    nans:  how many of the finite inputs of the grid, `points`, gave NaN.
    """

    name: str
    function: str
    dtype: str
    order: str
    worst: Point
    plain: float
    nans: int
    points: int
    held: bool


def peer(record: Activation) -> tuple[str, Plain] | None:
    """Torch's own function of a record's name and its name in torch; None where there is none.

    Found by the name and tried on a few numbers, as torch.sinc means another function.
    """
    if record.name in SPECIAL:
        return SPECIAL[record.name]
    x = torch.tensor([-2.0, -0.3, 0.0, 0.7, 3.0], dtype=torch.float64)
    for module in (functional, torch):
        function = getattr(module, record.name, None)
        for params in (dict(record.params), {}):
            bound = partial(function, **params) if callable(function) else None
            try:
                if bound and torch.allclose(bound(x), record.f(x), rtol=1e-6, atol=1e-6):
                    return f"{module.__name__}.{record.name}", bound
            except (TypeError, RuntimeError):
                continue  # it takes no such arguments
    return None


def audit(record: Activation, dtype: torch.dtype) -> list[Audit]:
    """Torch's own function and what plain backward makes of it, against the record's formula."""
    found = peer(record)
    if found is None:
        return []
    name, function = found
    theirs = audited(name, function, record)
    x, siblings, true, errors = on_grid(theirs, parse(record.formula, tuple(record.params)), dtype)
    results = []
    for order, got in enumerate(siblings):
        hi, at = true.hi[order], int(errors[order].argmax())
        worst = Point.of((x, got, hi, errors[order]), at)
        plain = plain_error(got, hi, true.lo[order])[at].item()
        nans, held = int(got.isnan().sum()), worst.ulp <= BOUNDS[order]
        place = record.name, name, word(dtype), ORDERS[order]
        results.append(Audit(*place, worst, plain, nans, len(x), held))
    return results
