"""An activation with other parameters than its own, and its derivatives by them.

The value and both derivatives are judged as they are at the record's own parameters, over the whole
domain that it declares, whether these are given as numbers or as tensors. What a parameter that is
learnt gets is autograd's, made from the siblings as written: the derivative of the value by it, and
the mixed one by x as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import ORDERS, Parameter, bound_of, unlike, word
from actfunc.certify.oracle import truth
from actfunc.certify.parameter_ends import at_ends
from actfunc.certify.settings import NUMBERS, Sweep, decimal_settings, over, settings
from actfunc.certify.third import third_with_others
from actfunc.errors import in_a_line
from actfunc.formulas.balls import Truth
from actfunc.formulas.formula import Formula
from actfunc.lifting import SIXTEEN_BIT
from actfunc.numerics.ulp import error, plain_error, ulp

DIGITS_LOST = 2.0**10
"""How many units of rounding of |∂f/∂p| + (|f| + 1)·(1 + 1/|p|) the derivative by a parameter p may
be off. It is autograd's, made from f as written, and is added up over a batch: it is judged on that
scale, in 16 bits in units of float32, which it is computed in; the mixed one with f′ for f."""

SMALLEST = 2.0**-10
"""The smallest parameter by which that scale grows."""

REACH, POINTS = 30.0, 601
"""Where the derivatives by the parameters are judged at the record's own."""

ELEMENTS = 100_000
"""How many there are at least where there are many."""

CROSSING = 64.0
"""In 16 bits, how many units of the truth the rounding of the input makes next to where it is 0."""

OWN = "its own parameters"


def parameters(
    activation: Activation, formula: Formula, dtype: torch.dtype
) -> tuple[Parameter, ...]:
    """All that is judged of the parameters of an activation in a dtype; nothing if it has none."""
    if not activation.params:
        return ()
    others = settings(activation, formula, dtype)
    return (
        *_by_parameters(activation, formula, _own(activation, dtype), OWN),
        *_with_others(activation, formula, others),
        *_with_many(activation, formula, dtype),
        *_with_decimals(activation, formula, dtype),
        *at_ends(activation, formula, others),
        *third_with_others(activation, formula, others),
        *_by_parameters(activation, formula, others, "other parameters"),
    )


def _own(activation: Activation, dtype: torch.dtype) -> Sweep:
    """The record's own parameters, as rounded to a dtype, with the whole of the middle."""
    info = torch.finfo(dtype)
    x = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64).to(dtype)
    spots = [*activation.joint_points, 0.0, info.max / 8, info.min / 8, 1e3, -1e3]
    x = torch.cat([x, torch.tensor(spots, dtype=dtype)])
    x = x[~torch.isin(x, torch.tensor(activation.poles, dtype=dtype))]
    columns = {
        name: torch.tensor([[value]], dtype=dtype).double()
        for name, value in activation.params.items()
    }
    return Sweep(x[None], columns)


def _inner(dtype: torch.dtype) -> torch.dtype:
    """The dtype that a parameter is taken in."""
    return torch.float32 if dtype in SIXTEEN_BIT else dtype


# with other parameters


def _with_others(activation: Activation, formula: Formula, others: Sweep) -> Iterator[Parameter]:
    true = truth(formula, others.x.flatten(), others=others.flat)
    for given, way in _WAYS.items():
        for order, name in enumerate(("f", "df", "d2f")):
            yield _judged(activation, others, true, order, given, getattr(activation, name), way)
    for given, order, by in (
        (NUMBERS, 1, "by backward"),
        (CHANNELS, 0, "lifted"),
        (CHANNELS, 1, "by backward"),
        (CHANNELS, 2, "by backward twice"),
    ):
        function = partial(_derivative, activation, order)
        yield _judged(activation, others, true, order, f"{given}, {by}", function, _WAYS[given])


def _with_many(activation: Activation, formula: Formula, dtype: torch.dtype) -> Iterator[Parameter]:
    """So many settings that a narrow range of a parameter has some of them; in 16 bits, which are
    computed in float32, none."""
    if dtype in SIXTEEN_BIT:
        return
    many = settings(activation, formula, dtype, many=True)
    true = truth(formula, many.x.flatten(), others=many.flat)
    large, repeated = _repeated(many, true, -(-ELEMENTS // many.x.numel()))
    for order, sibling in enumerate(activation.siblings):
        yield _judged(activation, many, true, order, MANY, sibling, _as_numbers)
        yield _judged(activation, large, repeated, order, LARGE, sibling, _one_a_channel)


def _with_decimals(
    activation: Activation, formula: Formula, dtype: torch.dtype
) -> Iterator[Parameter]:
    """In float32 alone: 16 bits are computed in it, and float64 has the numbers that are given."""
    if dtype != torch.float32:
        return
    others = decimal_settings(activation, formula, dtype)
    true = truth(formula, others.x.flatten(), others=others.flat)
    for order, sibling in enumerate(activation.siblings):
        yield _judged(activation, others, true, order, DECIMALS, sibling, _as_numbers)


def _repeated(others: Sweep, true: Truth, times: int) -> tuple[Sweep, Truth]:
    """The same points again and again, with the truth about them."""
    settings = len(others.x)

    def repeat(part: Tensor) -> Tensor:
        return part.unflatten(-1, (settings, -1)).repeat_interleave(times, -1).flatten(-2)

    x = others.x.repeat_interleave(times, -1)
    return Sweep(x, others.params), Truth(*map(repeat, true))


def _derivative(activation: Activation, order: int, x: Tensor, **params: float | Tensor) -> Tensor:
    """The derivative of the lifted function by backward."""
    leaf = x.detach().requires_grad_()
    y = activation(leaf, order=2, **params)
    for _ in range(order):
        (y,) = torch.autograd.grad(y, leaf, torch.ones_like(y), create_graph=True)
    return y


Way = Callable[[Callable[..., Tensor], Sweep], Tensor]
"""What a function gives with all the settings, of the shape of the points."""


def _as_numbers(function: Callable[..., Tensor], others: Sweep) -> Tensor:
    return torch.stack([function(x, **others.at(number)) for number, x in enumerate(others.x)])


def _as_one_element(function: Callable[..., Tensor], others: Sweep) -> Tensor:
    # of the other dtype, and by turns of no dimension and of one: the result is as x is
    other = torch.float32 if others.x.dtype == torch.float64 else torch.float64
    rows = []
    for number, x in enumerate(others.x):
        shape = () if number % 2 else (1,)
        params = {name: torch.full(shape, value, dtype=other) for name, value in
                  others.at(number).items()}  # fmt: skip
        rows.append(function(x, **params))
    return torch.stack(rows)


def _one_a_channel(function: Callable[..., Tensor], others: Sweep) -> Tensor:
    dtype = _inner(others.x.dtype)
    params = {name: column[:, 0].to(dtype) for name, column in others.params.items()}
    return function(others.x.mT.contiguous(), **params).mT


ONE = "other parameters as tensors of one element"
CHANNELS = "other parameters, one a channel"
MANY = "many other parameters as numbers"
DECIMALS = "decimals as other parameters"
LARGE = "many other parameters, one a channel, on many elements"
_WAYS: dict[str, Way] = {
    NUMBERS: _as_numbers,
    ONE: _as_one_element,
    CHANNELS: _one_a_channel,
}


def _judged(
    activation: Activation,
    others: Sweep,
    true: Truth,
    order: int,
    given: str,
    function: Callable[..., Tensor],
    way: Way,
) -> Parameter:
    x = others.x.flatten()
    bound = bound_of(order, x.dtype, activation.exceptions)
    place = "", ORDERS[order], given, word(x.dtype), len(x), bound
    try:
        got = way(function, others).detach()
    except Exception as raised:  # whatever it is, it is a finding
        what = in_a_line(raised)
        return Parameter(*place, 0, None, what, False)
    if what := unlike(got, x.dtype, others.x.shape):
        return Parameter(*place, 0, None, what, False)
    got = got.flatten()
    hi, lo = true.hi[order], true.lo[order]
    errors = error(got, hi, lo, true.hi[order + 1], x)
    if x.dtype in SIXTEEN_BIT:
        # next to a zero crossing alone what rounding the input makes is forgiven
        moved = true.hi[order + 1].abs() * ulp(x.double(), x.dtype)
        errors = torch.where(moved > CROSSING * ulp(hi, x.dtype), errors, plain_error(got, hi, lo))
    poles = torch.isin(x, torch.tensor(activation.poles, dtype=x.dtype))
    errors = torch.where(true.known & ~poles, errors, 0.0)
    return over(place, others, (x, got, hi, errors))


# derivatives by them


def _by_parameters(
    activation: Activation, formula: Formula, at: Sweep, given: str
) -> Iterator[Parameter]:
    columns = at.flat
    x = at.x.flatten()
    by_x = truth(formula, x, others=columns)
    for name in activation.params:
        by = truth(formula, x, wrt=name, others=columns)
        orders = [(by.hi[1], by_x.hi[0], by.known)]
        if x.dtype not in SIXTEEN_BIT:
            both = truth(formula, x, wrt=("x", name), others=columns)
            orders.append((_mixed(both, by_x, by), by_x.hi[1], by_x.known & by.known & both.known))
        for order, (wanted, value, known) in enumerate(orders):
            place = name, ORDERS[order], given, word(x.dtype), len(x), 1.0
            try:
                got = slope_by(activation, name, at, order)
            except Exception as raised:  # whatever it is, it is a finding
                what = in_a_line(raised)
                yield Parameter(*place, 0, None, what, False)
                continue
            off = _deviation(got, wanted, value, columns[name])
            off = torch.where(known, off, 0.0)
            yield over(place, at, (x, got, wanted, off))


def _mixed(both: Truth, by_x: Truth, by: Truth) -> Tensor:
    """∂²f/∂x∂p: half of what the second derivative along both is more than those along each."""
    sums = [
        math.fsum(parts) / 2 if all(map(math.isfinite, parts)) else math.nan
        for parts in zip(
            *(sign * part[2] for one, sign in ((both, 1), (by_x, -1), (by, -1))
              for part in (one.hi, one.lo)),
            strict=True,
        )
    ]  # fmt: skip
    mixed = torch.tensor(sums, dtype=torch.float64)
    # of parts that are far larger no digit of it is left
    parts = both.hi[2].abs() + by_x.hi[2].abs() + by.hi[2].abs()
    return mixed.masked_fill(2.0**-100 * parts > 2.0**-54 * (1 + mixed.abs()), torch.nan)


def _deviation(got: Tensor, wanted: Tensor, value: Tensor, param: Tensor) -> Tensor:
    """How far off, in units of what is allowed; see DIGITS_LOST."""
    info, inner = torch.finfo(got.dtype), torch.finfo(_inner(got.dtype))
    wanted, value = (part.clamp(-info.max, info.max) for part in (wanted, value))
    scale = wanted.abs() + (value.abs() + 1) * (1 + 1 / param.abs().clamp(min=SMALLEST))
    allowed = DIGITS_LOST * inner.eps * scale
    if got.dtype in SIXTEEN_BIT:  # and rounded once
        allowed = allowed + info.eps * wanted.abs()
    off = (got.double().clamp(-info.max, info.max) - wanted).abs() / allowed
    # an infinity of another is beyond any float: nothing is known of it
    return torch.where(got.isnan(), torch.inf, off).masked_fill(wanted.isnan(), 0.0)


def slope_by(activation: Activation, name: str, at: Sweep, order: int = 0) -> Tensor:
    """∂f/∂name (order 0) or ∂f′/∂name at each point, by plain backward through the lifted function.

    (setting · point,), in the dtype of the points.
    """
    x = at.x.flatten().requires_grad_(order > 0)
    columns = at.flat
    # of the dtype of x, where that has these numbers
    exact = all(torch.equal(column.to(x.dtype).double(), column) for column in columns.values())
    dtype = x.dtype if exact else _inner(x.dtype)
    params = {each: column.to(dtype, copy=True) for each, column in columns.items()}
    leaf = params[name].requires_grad_()
    y = activation(x, order=2, **params)
    for _ in range(order):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    if not y.requires_grad:  # where a jump is, say: that has no slope
        return torch.zeros_like(x)
    (got,) = torch.autograd.grad(y.sum(), leaf, allow_unused=True)
    return torch.zeros_like(x).detach() if got is None else got.to(x.dtype)
