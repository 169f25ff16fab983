"""The record of an activation function.

An activation is three sibling pure functions: the value `f`, its slope `df` and its curvature
`d2f`. Calling the record *lifts* them into one function whose derivatives, by every way torch has
of taking them, are `df` and `d2f` themselves and not what autograd makes of `f`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import BuiltinFunctionType
from typing import Any, Self, TypeAlias

import torch
from torch import Tensor

from actfunc import domain, examination
from actfunc.blocks import BLOCK, by_blocks
from actfunc.errors import UsageError
from actfunc.lifting import SIXTEEN_BIT, Slope, elementwise_slope, lift_partial
from actfunc.taylor_polynomial import Partial

Function: TypeAlias = Callable[..., Tensor]
"""An elementwise function of a tensor, with its parameters as keywords."""

Parameters: TypeAlias = Mapping[str, float]

NOTHING = False, False
"""What is known at infinity of a derivative of which nothing is."""

ORDERS = (1, 2, 3)
"""How many derivatives a lifted function may have."""


@dataclass(frozen=True)
class Sibling:
    """One of `f`, `df`, `d2f`: the function as written, with the record's parameters filled in.

    dtype in, dtype out; 16-bit inputs are computed in float32 and rounded once. A parameter that is
    a tensor is taken in that dtype, and the input is spread to its shape.

    elementwise: whether the function is known to be so, and may be asked block by block.
    """

    function: Function
    name: str
    params: Parameters
    domain: Mapping[str, str]
    elementwise: bool

    def __call__(self, x: Tensor, **params: float | Tensor) -> Tensor:
        return self.at(*self.filled(x, params))

    def filled(
        self, x: Tensor, params: Mapping[str, float | Tensor]
    ) -> tuple[Tensor, Mapping[str, float | Tensor]]:
        """x, and all parameters with these among them, checked, spread and of its dtype."""
        if not params:
            return x, self.params
        given = domain.checked(self.name, params, self.params, self.domain)
        return spread(x, {**self.params, **given})

    def at(self, x: Tensor, params: Mapping[str, float | Tensor]) -> Tensor:
        """The function with parameters that are known to be right, all of them."""
        if (
            x.numel() <= BLOCK
            or not self.elementwise
            or isinstance(self.function, BuiltinFunctionType)  # one operation
            or any(isinstance(each, Tensor) for each in params.values())
        ):
            return self._of(x, params)
        return by_blocks(lambda part: self._of(part, params), x)

    def _of(self, x: Tensor, params: Mapping[str, float | Tensor]) -> Tensor:
        if x.dtype in SIXTEEN_BIT:
            return self.function(x.float(), **params).to(x.dtype)
        return self.function(x, **params)


def spread(
    x: Tensor, params: Mapping[str, float | Tensor]
) -> tuple[Tensor, dict[str, float | Tensor]]:
    """x in the shape that it has with these parameters, and those that are tensors in its dtype."""
    dtype = torch.float32 if x.dtype in SIXTEEN_BIT else x.dtype
    given = {
        name: each.to(x.device, dtype) if isinstance(each, Tensor) else each
        for name, each in params.items()
    }
    shapes = [each.shape for each in given.values() if isinstance(each, Tensor)]
    return x.expand(torch.broadcast_shapes(x.shape, *shapes)), given


@dataclass(frozen=True)
class Third:
    """The third derivative, which records do not write: what autograd makes of `d2f`, in float64.

    It has fewer digits than the siblings: the certificate says how many. At a joint it is the mean
    of both sides.
    """

    curvature: Sibling

    def __call__(self, x: Tensor, **params: float | Tensor) -> Tensor:
        return self.at(*self.curvature.filled(x, params))

    def at(self, x: Tensor, params: Mapping[str, float | Tensor]) -> Tensor:
        """As `Sibling.at`."""

        def curvature(s: Tensor) -> Tensor:
            return self.curvature.at(s, params)

        wide = x.double()
        beside = (wide.abs() * BESIDE).clamp(min=BESIDE_ZERO)
        sides = 0.0, beside, -beside
        own, right, left = (elementwise_slope(curvature, wide + side) for side in sides)
        slope = 0.5 * right + 0.5 * left
        # the mean lacks digits where a wave is far out, and tells where the slope at the point
        # itself is one
        slope = torch.where((own - slope).abs() <= AGREEING * slope.abs(), own, slope)
        # far out a power of x may overflow in what is long straight; a sine is NaN at infinity
        bend = curvature(wide)
        straight = (wide.abs() > FAR_OUT) & slope.isnan() & ~bend.isnan()
        slope = torch.where(straight, 0.0, slope)
        # and what overflows grows on, where autograd sees nothing of it
        unseen = bend.isinf() & (slope.isnan() | (slope == 0))
        slope = torch.where(unseen, bend * wide.sign(), slope)
        # a branch that a number does not go through has nothing to say of NaN
        return torch.where(x.isnan(), torch.nan, slope).to(x.dtype)


BESIDE, BESIDE_ZERO = 2.0**-44, 2.0**-100
"""How far to both sides of a point a curvature is differentiated, relatively, and at 0: at the
point itself an |x| of its formula may be 0, or it may be 0 as a whole and flushed, and autograd
finds no slope there. So near that the steepest parameter changes nothing between them."""

AGREEING = 2.0**-20
"""How close, relatively, the slope at a point is to the mean of its sides where it is one."""

FAR_OUT = 1e50
"""Further out the square of a number may be none."""


class Unchanging:
    """A record of which nothing ever changes, so that it is its own copy."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


@dataclass(frozen=True, eq=False)
class Activation(Unchanging):
    """An elementwise activation function with its derivatives, its formula and where it is from.

    Called, it is the lifted function: `gelu(x)`. The siblings are `gelu.f(x)`, `gelu.df(x)` and
    `gelu.d2f(x)`. Parameters are keywords everywhere: `leaky_relu(x, negative_slope=0.1)`.

    name:        torch.nn.functional's name where torch has the function.
    formula:     the function once more, as text in `x` and the parameters; the judge of the rest.
                 Its branch conditions say which slope holds at a joint.
    f, df, d2f:  elementwise functions `(x, **params) -> tensor` of the same shape and dtype.
    params:      parameters and their defaults, as the source has them.
    domain:      the interval a parameter must lie in, `(0, inf)`, where it is not every number; an
                 end may be another parameter: `(-inf, max_val]`.
    joints:      where the value or a derivative up to the second jumps, or a function of the
                 parameters giving those points.
    range:       the values taken, as text for the reader; empty where nobody knows.
    asymptotes:  formulas that `f` approaches at -inf and +inf; None where there is none.
    source:      the paper or origin.
    aliases:     other spellings.
    steep:       whether a derivative is infinite at a finite x, or overflows there: a gradient of
                 zero that flows back to it is zero then.
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
    domain: Mapping[str, str] = field(default_factory=dict)
    joints: tuple[float, ...] | Callable[..., tuple[float, ...]] = ()
    range: str = "(-inf, inf)"
    asymptotes: tuple[str | None, str | None] = (None, None)
    source: str = ""
    aliases: tuple[str, ...] = ()
    steep: bool = False
    poles: tuple[float, ...] = ()
    exceptions: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    place: str = ""
    _lifts: dict[int, Partial] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        params = domain.bound(self.name, self.params, self.params, self.domain)
        object.__setattr__(self, "params", params)
        settings = self.name, params, self.domain, bool(self.formula)
        wrap_siblings(self, ("f", "df", "d2f"), Sibling, *settings)
        # made here, as the compiler does not read what is made when it is first asked for
        ends = [_at_infinity(each) if self.formula else NOTHING for each in (self.df, self.d2f)]
        lifts = {order: self._chain(order, lambda sibling: sibling, ends) for order in ORDERS}
        object.__setattr__(self, "_lifts", lifts)

    def __call__(self, x: Tensor, *, order: int = 2, **params: float | Tensor) -> Tensor:
        """The lifted function: the value with `order` derivatives, and NaN for those above.

        x: any shape, floating. order: 1, 2 or 3; the third is what autograd makes of `d2f`.
        params: numbers, or tensors that broadcast with x: learnable ones, or one for each channel.
        """
        if order not in ORDERS:
            raise UsageError(
                f"order must be 1, 2 or 3, got {order!r}",
                f"differentiate {self.name}.d2f itself for derivatives above the third",
            )
        if not (isinstance(x, Tensor) and x.is_floating_point()):
            got = getattr(x, "dtype", type(x).__name__)
            raise UsageError(f"{self.name} takes a floating-point tensor, got {got}")
        if not params:
            return lift_partial(self._lifts[order], (x,))
        given = domain.checked(self.name, params, self.params, self.domain)
        x, given = spread(x, {**self.params, **given})
        tensors = {name: each for name, each in given.items() if isinstance(each, Tensor)}

        def at(sibling: Sibling) -> Function:
            return lambda x, *learnt: sibling.at(
                x, {**given, **dict(zip(tensors, learnt, strict=True))}
            )

        return lift_partial(self._chain(order, at), (x,), tuple(tensors.values()))

    def _chain(
        self,
        order: int,
        of: Callable[[Any], Function],
        ends: Sequence[tuple[bool, bool]] = (NOTHING, NOTHING),
    ) -> Partial:
        """The first siblings as `lift_partial` takes them, each the slope of the one before.

        ends: what is known of df and d2f at infinity with these parameters; see `_at_infinity`.
        """
        found: tuple[Partial, ...] = ()
        siblings = zip((*self.siblings, self.d3f), (NOTHING, *ends, NOTHING), strict=True)
        for sibling, (rests, lost) in reversed(list(siblings)[: order + 1]):
            found = (Partial(of(sibling), found, self.steep, bool(self.formula), rests, lost),)
        return found[0]

    def __repr__(self) -> str:
        return f"<{self.spec}: {self.formula or 'a function without a formula'}>"

    @property
    def siblings(self) -> tuple[Function, Function, Function]:
        """f, df and d2f."""
        return self.f, self.df, self.d2f

    @property
    def d3f(self) -> Function:
        """The third derivative, with fewer digits than the siblings; see `Third`."""
        return Third(self.d2f)  # type: ignore[arg-type]

    def bind(self, **params: float) -> Activation:
        """The same activation with other defaults: `leaky_relu.bind(negative_slope=0.1)`.

        params: numbers of any kind, a tensor of one among them. Raises UsageError.
        """
        given = domain.bound(self.name, params, self.params, self.domain)
        return replace(self, params={**self.params, **given})

    @classmethod
    def from_function(cls, function: Any, name: str, place: str = "") -> Activation:
        """A plain elementwise function as a record: its derivatives by forward mode, no formula.

        Nothing else is known of it, and nothing made up.

        function: any callable of a tensor, a module or the class of one, examined when it first
        comes; place: as of a record. Raises UsageError for what is no activation.
        """
        function = examination.taken(function, place or name)
        examination.check_dtypes(function, place or name)
        if isinstance(function, Sibling):  # which a record would take for one of its own
            function = function.__call__
        slope = Slope(function)
        return cls(name, "", function, slope, Slope(slope), range="", steep=True, place=place)

    @property
    def spec(self) -> str:
        """What the command line takes for it, parameters included: `elu:alpha=1.0`."""
        settings = ",".join(f"{key}={value!r}" for key, value in self.params.items())
        name = self.place or self.name
        return f"{name}:{settings}" if settings else name

    @property
    def joint_points(self) -> tuple[float, ...]:
        """The joints at the record's parameters, in ascending order."""
        return self.joints_at(self.params)

    def joints_at(self, params: Mapping[str, float]) -> tuple[float, ...]:
        """The joints at all of these parameters, in ascending order."""
        return tuple(sorted(self.joints(**params) if callable(self.joints) else self.joints))


def _at_infinity(sibling: Function) -> tuple[bool, bool]:
    """Whether a derivative is 0 at both infinities, and whether it is NaN at one."""
    try:
        ends = sibling(torch.tensor([-torch.inf, torch.inf], device="cpu"))
        return not ends.any(), bool(ends.isnan().any())
    except Exception:  # whatever a person's function raises, it does when it is called
        return NOTHING


def wrap_siblings(record: object, names: Iterable[str], wrapper: Any, *settings: Any) -> None:
    """Put each of a frozen record's functions in a wrapper, anew where it is in one already."""
    for name in names:
        function = getattr(record, name)
        raw = function.function if isinstance(function, wrapper) else function
        object.__setattr__(record, name, wrapper(raw, *settings))
