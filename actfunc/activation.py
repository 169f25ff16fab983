"""The record of an activation function, and the lift that makes torch differentiate what it says.

An activation is three sibling pure functions: the value `f`, its slope `df` and its curvature
`d2f`. Calling the record *lifts* them into one function whose derivatives, by every way torch has
of taking them, are `df` and `d2f` themselves and not what autograd makes of `f`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, TypeAlias

import torch
from torch import Tensor

from actfunc.errors import UsageError

Function: TypeAlias = Callable[..., Tensor]
"""An elementwise function of a tensor, with its parameters as keywords."""

Parameters: TypeAlias = Mapping[str, float]

SIXTEEN_BIT = (torch.bfloat16, torch.float16)


def lift(
    f: Function, df: Function, d2f: Function, x: Tensor, order: int = 2, steep: bool = False
) -> Tensor:
    """`f(x)`, with `df` and (at order 2) `d2f` as its first and second derivative.

    With `s` the point as a constant and `d = x - s`, which is zero in value and one in slope, the
    Taylor polynomial `f(s) + d·df(s) + d²/2·d2f(s)` has the value `f(x)` and exactly the supplied
    derivatives. Only plain tensor operations: reverse mode, forward mode, their nestings, `vmap`
    and `torch.compile` go through it, and no gradient flows through a branch of `f`.

    A third derivative is NaN: the polynomial would make it a silent zero, so `|d|^2.5` is added,
    which is 0 with its first two derivatives and has no third. Order 1 is for first-order
    training steps, where that would cost a tenth of the step: its second derivative is zero. At
    an infinite `x`, where `x - s` would be NaN, the derivatives are zero. A derivative that is
    infinite at a finite `x` needs `steep`: zero times infinity would make the value NaN.
    """
    s, d = point_and_zero(x)
    if not steep:
        y = f(s) + d * df(s)
        return y if order == 1 else y + d * d * (0.5 * d2f(s)) + d.abs().pow(2.5)
    still = s.isinf()
    y = f(s) + times_steep((d,), df(s), still)
    if order == 1:
        return y
    return y + times_steep((d, d), 0.5 * d2f(s), still) + d.abs().pow(2.5)


def point_and_zero(x: Tensor) -> tuple[Tensor, Tensor]:
    """x as a constant, and a zero with the slope of x; where x is infinite or NaN without slope.

    nan_to_num would say it in one word, and takes a compiled loop twice as long.
    """
    s = x.detach()
    d = x - s
    return s, torch.where(d == 0, d, 0.0)


def times_steep(zeros: tuple[Tensor, ...], derivative: Tensor, still: Tensor) -> Tensor:
    """The product of d's, zero in value, with a derivative that may be infinite.

    An infinite one is the sum of two finite ones, each with a product of its own: what flows back
    through one product would be infinite and meet d = 0.
    still: where a d has no slope, as at an infinite x: there even that sum would make NaN.
    """
    finite = torch.where(still, 0.0, derivative.nan_to_num(torch.nan))
    rest = torch.where(derivative.isinf(), finite, 0.0)
    return reduce(torch.mul, (*zeros, finite)) + reduce(torch.mul, (*zeros, rest))


@dataclass(frozen=True)
class Sibling:
    """One of `f`, `df`, `d2f`: the function as written, with the record's parameters filled in.

    dtype in, dtype out; 16-bit inputs are computed in float32 and rounded once.
    """

    function: Function
    params: Parameters

    def __call__(self, x: Tensor, **params: float | Tensor) -> Tensor:
        if params.keys() - self.params.keys():
            raise _unknown_parameter(params, self.params)
        params = {**self.params, **params}
        if x.dtype in SIXTEEN_BIT:
            return self.function(x.float(), **params).to(x.dtype)
        return self.function(x, **params)


@dataclass(frozen=True, eq=False)
class Activation:
    """An elementwise activation function with its derivatives, its formula and where it is from.

    Called, it is the lifted function: `gelu(x)`. The siblings are `gelu.f(x)`, `gelu.df(x)` and
    `gelu.d2f(x)`. Parameters are keywords everywhere: `leaky_relu(x, negative_slope=0.1)`.

    name:        torch.nn.functional's name where torch has the function.
    formula:     the function once more, as text in `x` and the parameters; the judge of the rest.
                 Its branch conditions say which slope holds at a joint.
    f, df, d2f:  elementwise functions `(x, **params) -> tensor` of the same shape and dtype.
    params:      parameters and their defaults, as the source has them.
    joints:      where the value or a derivative up to the second jumps, or a function of the
                 parameters giving those points.
    range:       the values taken, as text for the reader.
    asymptotes:  formulas that `f` approaches at -inf and +inf; None where there is none.
    source:      the paper or origin.
    aliases:     other spellings.
    steep:       whether a derivative is infinite at a finite x, or overflows there (see `lift`).
    poles:       points at which a derivative is infinite and the formula has no value to judge by.
    exceptions:  where a bound of the certificate cannot be held: by dtype and order, as in
                 "float32 second", the bound that does hold and the reason.
    place:       where one's own is from, `path/to/file.py:name`; empty in the catalogue.
    """

    name: str
    formula: str
    f: Function
    df: Function
    d2f: Function
    params: Parameters = field(default_factory=dict)
    joints: tuple[float, ...] | Callable[..., tuple[float, ...]] = ()
    range: str = "(-inf, inf)"
    asymptotes: tuple[str | None, str | None] = (None, None)
    source: str = ""
    aliases: tuple[str, ...] = ()
    steep: bool = False
    poles: tuple[float, ...] = ()
    exceptions: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    place: str = ""

    def __post_init__(self) -> None:
        wrap_siblings(self, ("f", "df", "d2f"), Sibling, self.params)

    def __call__(self, x: Tensor, *, order: int = 2, **params: float | Tensor) -> Tensor:
        """The lifted function. x: any shape, floating; order: 1 or 2 derivatives (see `lift`)."""
        if order not in (1, 2):
            raise UsageError(
                f"order must be 1 or 2, got {order!r}",
                f"differentiate {self.name}.d2f itself for derivatives above the second",
            )
        if not (isinstance(x, Tensor) and x.is_floating_point()):
            got = getattr(x, "dtype", type(x).__name__)
            raise UsageError(f"{self.name} takes a floating-point tensor, got {got}")
        if x.dtype in SIXTEEN_BIT:
            # around the lift, so that the derivatives are computed in float32 as well
            return self(x.float(), order=order, **params).to(x.dtype)
        siblings = (
            lambda s: self.f(s, **params),
            lambda s: self.df(s, **params),
            lambda s: self.d2f(s, **params),
        )
        return lift(*siblings, x, order, self.steep)

    def bind(self, **params: float) -> Activation:
        """The same activation with other defaults: `leaky_relu.bind(negative_slope=0.1)`."""
        if params.keys() - self.params.keys():
            raise _unknown_parameter(params, self.params)
        return replace(self, params={**self.params, **params})

    @classmethod
    def from_function(cls, function: Callable[[Tensor], Tensor], name: str) -> Activation:
        """A plain elementwise function as a record: its derivatives by forward mode, no formula."""

        def slope(x: Tensor) -> Tensor:
            return torch.func.jvp(function, (x,), (torch.ones_like(x),))[1]

        def curvature(x: Tensor) -> Tensor:
            return torch.func.jvp(slope, (x,), (torch.ones_like(x),))[1]

        source = f"{function.__module__}"
        return cls(name, "", function, slope, curvature, source=source, steep=True)

    @property
    def spec(self) -> str:
        """What the command line takes for it, parameters included: `elu:alpha=1.0`."""
        settings = ",".join(f"{key}={value!r}" for key, value in self.params.items())
        name = self.place or self.name
        return f"{name}:{settings}" if settings else name

    @property
    def joint_points(self) -> tuple[float, ...]:
        """The joints at the record's parameters, in ascending order."""
        joints = self.joints(**self.params) if callable(self.joints) else self.joints
        return tuple(sorted(joints))


def _unknown_parameter(given: Mapping[str, object], known: Parameters) -> UsageError:
    name = min(given.keys() - known.keys())
    accepted = ", ".join(f"{key}={value}" for key, value in known.items()) or "none"
    return UsageError(f"no parameter named {name!r}; accepted: {accepted}")


def wrap_siblings(record: object, names: Iterable[str], wrapper: Any, *settings: Any) -> None:
    """Put each of a frozen record's functions in a wrapper, anew where it is in one already."""
    for name in names:
        function = getattr(record, name)
        raw = function.function if isinstance(function, wrapper) else function
        object.__setattr__(record, name, wrapper(raw, *settings))
