"""The record of a gated pair, a value let through by a gate, and its lift in both inputs.

A pair is a function of two tensors with its five partial derivatives up to the second. Called, it
is one function whose derivatives, in either input and mixed, are those five and not autograd's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from actfunc.activation import SIXTEEN_BIT, point_and_zero, times_steep, wrap_siblings
from actfunc.errors import UsageError

PairFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""An elementwise function of the value and the gate."""

SIBLINGS = ("f", "fx", "fg", "fxx", "fxg", "fgg")
"""The function and its partials: by x (the value), by g (the gate), twice by either, by both."""


def lift_pair(siblings: Sequence[PairFunction], x: Tensor, gate: Tensor, order: int = 2) -> Tensor:
    """f(x, gate) with the siblings as its derivatives: the Taylor polynomial in two variables.

    As `actfunc.activation.lift`: any third derivative is NaN, those by an infinite input are zero,
    and order 1 leaves the second out.
    """
    (s, dx), (t, dg) = point_and_zero(x), point_and_zero(gate)
    f, fx, fg, *second = siblings
    # a slope overflows where the value is near the largest number
    at_x, at_gate = s.isinf(), t.isinf()
    y = f(s, t) + times_steep((dx,), fx(s, t), at_x) + times_steep((dg,), fg(s, t), at_gate)
    if order == 1:
        return y
    fxx, fxg, fgg = (each(s, t) for each in second)
    y = y + times_steep((dx, dg), fxg, at_x | at_gate)
    y = y + times_steep((dx, dx), 0.5 * fxx, at_x) + times_steep((dg, dg), 0.5 * fgg, at_gate)
    return y + (dx.abs() + dg.abs()).pow(2.5)


@dataclass(frozen=True)
class PairSibling:
    """One of the siblings as written: dtype in, dtype out, 16 bits through float32."""

    function: PairFunction

    def __call__(self, x: Tensor, gate: Tensor) -> Tensor:
        if x.dtype in SIXTEEN_BIT:
            return self.function(x.float(), gate.float()).to(x.dtype)
        return self.function(x, gate)


@dataclass(frozen=True, eq=False)
class GatedPair:
    """A function of a value and a gate with its partial derivatives, its formula and its source.

    Called with two tensors it is the lifted function, `swiglu(x, gate)`; with one it splits that in
    halves along `dim`, the value first, as torch.nn.functional.glu does.

    name:     torch.nn.functional's where torch has the function, else the field's.
    formula:  the function once more, as text in `x` and `gate`; the judge of the rest.
    f:        the function; fx, fg, fxx, fxg, fgg: its partials by x and by the gate.
    joints:   gates at which the function or a derivative up to the second jumps.
    source:   the paper or origin.
    aliases:  other spellings.
    """

    name: str
    formula: str
    f: PairFunction
    fx: PairFunction
    fg: PairFunction
    fxx: PairFunction
    fxg: PairFunction
    fgg: PairFunction
    joints: tuple[float, ...] = ()
    source: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def spec(self) -> str:
        """What the command line takes for it."""
        return self.name

    def __post_init__(self) -> None:
        wrap_siblings(self, SIBLINGS, PairSibling)

    @property
    def siblings(self) -> tuple[PairFunction, ...]:
        """The six functions, in the order of SIBLINGS."""
        return tuple(getattr(self, name) for name in SIBLINGS)

    def __call__(
        self, x: Tensor, gate: Tensor | None = None, *, dim: int = -1, order: int = 2
    ) -> Tensor:
        """The lifted function.

        x, gate: floating, of one dtype and of shapes that broadcast; without a gate, x is both,
        side by side along `dim`. order: 1 or 2 derivatives. Raises UsageError.
        """
        if order not in (1, 2):
            raise UsageError(f"order must be 1 or 2, got {order!r}")
        if gate is None:
            x, gate = self._halves(x, dim)
        if not (x.is_floating_point() and x.dtype == gate.dtype):
            raise UsageError(
                f"{self.name} takes two floating-point tensors of one dtype, "
                f"got {x.dtype} and {gate.dtype}"
            )
        if x.dtype in SIXTEEN_BIT:
            return self(x.float(), gate.float(), order=order).to(x.dtype)
        return lift_pair(self.siblings, x, gate, order)

    def _halves(self, x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        if not -x.dim() <= dim < x.dim() or x.shape[dim] % 2:
            raise UsageError(
                f"{self.name} splits dimension {dim} in halves, got the shape {tuple(x.shape)}",
                f"or give value and gate apart: {self.name}(x, gate)",
            )
        x, gate = torch.tensor_split(x, 2, dim)
        return x, gate
