"""What an activation does at ±inf, where the record's asymptotes say the truth, and at NaN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from actfunc.activation import Activation
from actfunc.certify.formula import parse
from actfunc.certify.oracle import far_out, truth
from actfunc.certify.sixteen import nans
from actfunc.certify.ulp import plain_error
from actfunc.lifting import SIXTEEN_BIT

CLOSE = 4.0
"""Units in the last place that a limit may be off."""


class Limit(NamedTuple):
    """The value or a derivative at ±inf, the value at a pole or at NaN.

    `wanted` is None where nothing is claimed.
    """

    dtype: str
    order: str
    x: float
    got: float
    wanted: float | None
    held: bool


def limits(activation: Activation, dtypes: Sequence[torch.dtype]) -> tuple[Limit, ...]:
    """±inf against the asymptotes, and NaN in to NaN out of the value.

    Where the record has no asymptote nothing is claimed: a sine has no limit. A derivative may
    answer NaN with a number: where it is constant it does not look at its input, and the value has
    told already.
    """
    orders = {"value": activation.f, "first": activation.df, "second": activation.d2f}
    found = []
    for dtype in dtypes:
        word = str(dtype).removeprefix("torch.")
        for end, asymptote in zip((-math.inf, math.inf), activation.asymptotes, strict=True):
            wanted = _at_infinity(activation, asymptote, end, dtype)
            for (order, sibling), accepted in zip(orders.items(), wanted, strict=True):
                got = sibling(torch.tensor([end], dtype=dtype))
                held = not accepted or any(_close(got, value) for value in accepted)
                value = accepted[0] if accepted else None
                found.append(Limit(word, order, end, got.item(), value, held))
        for pole in activation.poles:
            formula = parse(activation.formula, tuple(activation.params))
            true = formula.evaluate(pole, **activation.params).item()
            got = activation.f(torch.tensor([pole], dtype=dtype))
            found.append(Limit(word, "value", pole, got.item(), true, _close(got, true)))
        heard = activation.f(_nans(dtype))
        held = bool(heard.isnan().all())
        answer = math.nan if held else heard[~heard.isnan()][0].item()
        found.append(Limit(word, "value", math.nan, answer, math.nan, held))
    return tuple(found)


def _nans(dtype: torch.dtype) -> torch.Tensor:
    """A NaN, and in 16 bits every one there is."""
    return nans(dtype) if dtype in SIXTEEN_BIT else torch.tensor([math.nan], dtype=dtype)


def _at_infinity(
    activation: Activation, asymptote: str | None, end: float, dtype: torch.dtype
) -> tuple[tuple[float, ...], ...]:
    """What is right of the value and of each derivative: the limit of the asymptote.

    For a derivative its value at the dtype's largest number, too, which may stand in for infinity.
    """
    if asymptote is None:
        return (), (), ()
    formula = parse(asymptote, tuple(activation.params))
    # 16-bit inputs are computed in float32, whose largest number it then is
    largest = torch.finfo(torch.float32 if dtype in SIXTEEN_BIT else dtype).max
    last = torch.tensor([math.copysign(largest, end)], dtype=torch.float64)
    near = truth(formula, last, activation.params).hi[:, 0].tolist()
    far = far_out(formula, end, activation.params) or near
    value = formula.evaluate(end, **activation.params).item()
    return (value,), (far[1], near[1]), (far[2], near[2])


def _close(got: torch.Tensor, wanted: float) -> bool:
    true = torch.tensor([wanted], dtype=torch.float64)
    return bool(plain_error(got, true, torch.zeros_like(true)) <= CLOSE)
