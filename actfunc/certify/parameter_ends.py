"""What an activation gives at ±inf, NaN and the two zeros with other parameters than its own.

No formula can be asked there for digits. What is right is what `limits` claims, anew for each
setting: at infinity an activation may come to a parameter, and its sign may turn with one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import ORDERS, Parameter, Point, unlike, word
from actfunc.certify.limits import CLOSE, claims
from actfunc.certify.settings import Sweep
from actfunc.errors import in_a_line
from actfunc.formulas.formula import Formula
from actfunc.lifting import SIXTEEN_BIT
from actfunc.numerics.ulp import plain_error

ENDS = (-math.inf, math.inf, math.nan, -0.0, 0.0)

NUMBERS = "other parameters as numbers, at ±inf, NaN and ±0"
CHANNELS = "other parameters, one a channel, at ±inf, NaN and ±0"


def at_ends(activation: Activation, formula: Formula, others: Sweep) -> Iterator[Parameter]:
    """Value and derivatives at the ends, with each setting as numbers and with all as tensors."""
    x = torch.tensor(ENDS, dtype=others.x.dtype)
    settings = [others.at(number) for number in range(len(others.x))]
    wanted, claimed = _claimed(activation, formula, settings)
    inner = torch.float32 if x.dtype in SIXTEEN_BIT else x.dtype
    channels = {name: column[:, 0].to(inner) for name, column in others.params.items()}
    ways: dict[str, Callable[[Callable[..., Tensor]], Tensor]] = {
        NUMBERS: lambda sibling: torch.stack([sibling(x, **setting) for setting in settings]),
        CHANNELS: lambda sibling: sibling(x[:, None].expand(-1, len(settings)), **channels).mT,
    }
    for order, sibling in enumerate(activation.siblings):
        for given, way in ways.items():
            place = "", ORDERS[order], given, word(x.dtype), wanted[order].numel(), CLOSE
            try:
                got = way(sibling).detach()
            except Exception as raised:  # whatever it is, it is a finding
                yield Parameter(*place, 0, None, in_a_line(raised), False)
                continue
            if what := unlike(got, x.dtype, wanted[order].shape):
                yield Parameter(*place, 0, None, what, False)
                continue
            wrong = torch.nonzero(claimed[order] & ~_right(got, wanted[order]))
            worst = None
            if len(wrong):
                number, at = wrong[0].tolist()
                right = wanted[order, number, at].item()
                beside = tuple(settings[number].values())
                worst = Point(ENDS[at], got[number, at].item(), right, math.inf, beside)
            yield Parameter(*place, len(wrong), worst, "", not len(wrong))


def _claimed(
    activation: Activation, formula: Formula, settings: Sequence[Mapping[str, float]]
) -> tuple[Tensor, Tensor]:
    """What is right, float64, and whether anything is claimed: (order, setting, end) each."""
    wanted = torch.zeros(len(ORDERS), len(settings), len(ENDS), dtype=torch.float64)
    claimed = torch.zeros_like(wanted, dtype=torch.bool)
    ends = list(map(repr, ENDS))  # by which the zeros differ
    for number, setting in enumerate(settings):
        known = claims(formula, tuple(setting.items()), activation.asymptotes, (), ours=True)
        for order, x, right in known:
            if right:
                place = order, number, ends.index(repr(x))
                wanted[place], claimed[place] = right[0], True
    return wanted, claimed


def _right(got: Tensor, wanted: Tensor) -> Tensor:
    """Whether each is the limit wanted; at a zero that is one, with its sign."""
    near = plain_error(got, wanted, torch.zeros_like(wanted)) <= CLOSE
    at_zero = torch.tensor([end == 0 for end in ENDS]) & (wanted == 0)
    near &= ~at_zero | (got.signbit() == wanted.signbit())
    return torch.where(wanted.isnan(), got.isnan(), near)
