"""Gates, waves and bells where they were once wrong: the inputs, what is true there, and how near.

Each line is a point at which a bound was exceeded, or missed by a hair, or a value was NaN; on the
grid of a certificate none of them lies.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch

import actfunc
from actfunc.certify.check import BOUNDS, ORDERS
from actfunc.certify.formula import parse
from actfunc.certify.oracle import truth
from actfunc.certify.ulp import error

pytestmark = pytest.mark.usefixtures("one_thread")
DTYPES = {"float64": torch.float64, "float32": torch.float32}


class Figure(NamedTuple):
    """What a function or its derivative truly is at a point of a dtype."""

    spec: str
    dtype: str
    order: str
    x: float
    true: float

    def __str__(self) -> str:
        return f"{self.spec} {self.dtype} {self.order} at {self.x!r}"


FIGURES = (
    # FIGURES
)


def off_by(figure: Figure, got: torch.Tensor) -> float:
    """How far off a number is, in the measure of a certificate."""
    record = actfunc.get(figure.spec)
    x = torch.tensor([figure.x], dtype=DTYPES[figure.dtype])
    assert x.item() == figure.x
    true = truth(parse(record.formula, tuple(record.params)), x, record.params)
    order = ORDERS.index(figure.order)
    assert true.hi[order].item() == figure.true
    return float(error(got, true.hi[order], true.lo[order], true.hi[order + 1], x))


@pytest.mark.parametrize("figure", FIGURES, ids=str)
def test_it_holds_where_it_once_did_not(figure):
    record, order = actfunc.get(figure.spec), ORDERS.index(figure.order)
    x = torch.tensor([figure.x], dtype=DTYPES[figure.dtype])
    got = (record.f, record.df, record.d2f)[order](x)
    assert off_by(figure, got) <= BOUNDS[order]
