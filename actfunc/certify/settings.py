"""Other parameters than a record's own, from all over its domain, and points to go with each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from flint import arb
from torch import Tensor

from actfunc import domain
from actfunc.activation import Activation
from actfunc.certify.check import Parameter, Point
from actfunc.certify.grids import with_neighbours
from actfunc.errors import FormulaError, UsageError
from actfunc.formulas.balls import proven_at
from actfunc.formulas.formula import Formula
from actfunc.lifting import SIXTEEN_BIT

RANDOM = 24
"""Settings in which every parameter is drawn, beside those in which one is not its own."""

OCTAVES = 8.0
"""How many times a parameter may be doubled or halved."""

POINTS = 12
"""Points for each setting."""

MANY = 160
"""Random settings where there are many: half of them within NEAR octaves of the record's own."""

NEAR = 2.5

COMMON = (0.1, 0.5, 1.0, 2.0, 3.0, 10.0)
"""What people set, and what a function may treat as a case of its own."""

DECIMAL = (0.1, 0.7, 0.9, 1.1)
"""What float32 has not: a joint there lies between two of its numbers."""


NUMBERS = "other parameters as numbers"
"""How they were given, where they were given so."""


class Sweep(NamedTuple):
    """Settings of the parameters, and points to go with each.

    x:      (setting, point), in the dtype under test.
    params: by name, (setting, 1), float64.
    """

    x: Tensor
    params: dict[str, Tensor]

    def at(self, number: int) -> dict[str, float]:
        """One setting as numbers."""
        return {name: column[number].item() for name, column in self.params.items()}

    @property
    def columns(self) -> dict[str, Tensor]:
        """The parameters, each of the shape of x."""
        return {name: column.expand(self.x.shape) for name, column in self.params.items()}

    @property
    def flat(self) -> dict[str, Tensor]:
        """The parameters beside each point: (setting · point,) each."""
        return {name: column.flatten() for name, column in self.columns.items()}


def over(
    place: tuple[str, str, str, str, int, float],
    at: Sweep,
    columns: tuple[Tensor, Tensor, Tensor, Tensor],
) -> Parameter:
    """What was found over all settings.

    place: the first fields of `Parameter`, the bound the last of them.
    columns: inputs, what was got, wanted, and the errors, (setting · point,) each.
    """
    errors, bound = columns[3], place[-1]
    worst = int(errors.argmax())
    beside = tuple(at.at(worst // at.x.shape[1]).values())
    beyond = int((errors > bound).sum())
    return Parameter(*place, beyond, Point.of(columns, worst, beside), "", not beyond)


def settings(
    activation: Activation, formula: Formula, dtype: torch.dtype, *, many: bool = False
) -> Sweep:
    """Settings of the record's parameters that its domain has, with points of a dtype.

    They are numbers that float32 has, so that they are the same in whichever dtype they are given.
    The ends that belong to a domain, numbers next to those that do not, zero, small and large ones,
    negative ones; then all parameters at once, by chance, always the same.
    many: as well what is common, and so many by chance that a narrow range has some of them.
    """
    generator = torch.Generator().manual_seed(0)
    chosen = [*_one_by_one(activation), *_by_chance(activation, generator, RANDOM, OCTAVES)]
    if many:
        chosen += _common(activation)
        for reach in (OCTAVES, NEAR):
            chosen += _by_chance(activation, generator, MANY // 2, reach)
    return _with_points(activation, formula, chosen, dtype, generator)


def decimal_settings(activation: Activation, formula: Formula, dtype: torch.dtype) -> Sweep:
    """Settings that float32 has not, one parameter at a time, to be given as numbers."""
    own = activation.params
    chosen = [
        own,
        *({**own, name: sign * by} for name in own for by in DECIMAL for sign in (1, -1)),
    ]
    return _with_points(activation, formula, chosen, dtype, torch.Generator().manual_seed(0))


def _with_points(
    activation: Activation,
    formula: Formula,
    chosen: Sequence[Mapping[str, float]],
    dtype: torch.dtype,
    generator: torch.Generator,
) -> Sweep:
    found = [one for one in chosen if _is_one(activation, formula, one)]
    x = torch.stack([_points(activation, one, dtype, generator) for one in found])
    columns = {
        name: torch.tensor([[one[name]] for one in found], dtype=torch.float64)
        for name in activation.params
    }
    return Sweep(x, columns)


def _one_by_one(activation: Activation) -> Iterator[dict[str, float]]:
    own = {name: _rounded(value) for name, value in activation.params.items()}
    yield own
    for name, default in own.items():
        size = abs(default) or 1.0
        text = activation.domain.get(name, domain.EVERYTHING)
        low, high, *_ = domain.interval(text, own)
        # an end may belong to it; what is next to an end that does not is in it
        ends = [end for end in (float(low), float(high)) if math.isfinite(end)]
        near = [end + side * size * 2**-OCTAVES for end in ends for side in (-1, 1)]
        factors = [2.0**-OCTAVES, 0.3, 3.0, 2.0**OCTAVES]
        values = [0.0, *ends, *near, *(sign * size * by for sign in (1, -1) for by in factors)]
        yield from ({**own, name: _rounded(value)} for value in dict.fromkeys(values))


def _common(activation: Activation) -> Iterator[dict[str, float]]:
    own = {name: _rounded(value) for name, value in activation.params.items()}
    for name in own:
        yield from ({**own, name: sign * _rounded(by)} for by in COMMON for sign in (1, -1))


def _by_chance(
    activation: Activation, generator: torch.Generator, count: int, reach: float
) -> Iterator[dict[str, float]]:
    """Every parameter drawn, within so many octaves of its own; anywhere in a bounded interval."""
    shape = count, len(activation.params)
    octaves = (2 * torch.rand(shape, generator=generator) - 1) * reach
    signs = torch.randint(2, shape, generator=generator) * 2 - 1
    for octave, sign in zip(octaves.tolist(), signs.tolist(), strict=True):
        found: dict[str, float] = {}
        for (name, default), by, side in zip(activation.params.items(), octave, sign, strict=True):
            text = activation.domain.get(name, domain.EVERYTHING)
            low, high, *_ = domain.interval(text, {**activation.params, **found})
            size = (abs(default) or 1.0) * 2.0**by
            if math.isfinite(low) and math.isfinite(high):
                value = low + (high - low) * (by / reach + 1) / 2
            elif math.isfinite(low) or math.isfinite(high):
                value = low + size if math.isfinite(low) else high - size
            else:
                value = side * size
            found[name] = _rounded(value)
        yield found


def _rounded(value: float) -> float:
    return torch.tensor(value, dtype=torch.float32).item()


def _is_one(activation: Activation, formula: Formula, setting: Mapping[str, float]) -> bool:
    """Whether the domain has it, and the formula can be asked."""
    try:
        domain.checked(activation.name, setting, activation.params, activation.domain)
        return proven_at(formula, arb(0.7), setting) is not None
    except (UsageError, FormulaError):
        return False


def _points(
    activation: Activation,
    setting: Mapping[str, float],
    dtype: torch.dtype,
    generator: torch.Generator,
) -> Tensor:
    """Joints with their neighbours, tails, and numbers of every size, with the parameters in mind.

    What happens at x = 1 by a parameter of 1 may happen at 1/p or at p by one of p.
    """
    spots = torch.tensor([0.0, *activation.joints_at(setting)], dtype=dtype)
    if dtype not in SIXTEEN_BIT:
        spots = with_neighbours(spots, steps=1)
    spots = spots[torch.randperm(len(spots), generator=generator)[:4]]
    scales = [1.0, 1.0]
    for value in setting.values():
        if value:
            scales += [abs(value), 1 / abs(value)]
    shape = (POINTS - len(spots),)
    even = torch.rand(shape, dtype=torch.float64, generator=generator)
    sign = torch.randint(2, shape, generator=generator) * 2 - 1
    chosen = torch.randint(len(scales), shape, generator=generator)
    far = -math.log(torch.finfo(dtype).tiny)
    x = torch.exp2(12 * even - 6)
    x[::3] = far * (0.8 + 0.3 * even[::3])
    x = sign * x * torch.tensor(scales, dtype=torch.float64)[chosen]
    largest = torch.finfo(dtype).max / 8
    return torch.cat([spots.double(), x.clamp(-largest, largest)]).to(dtype)
