"""The record of a gated pair, a value let through by a gate, and its lift in both inputs.

A pair is a function of two tensors with its five partial derivatives up to the second. Called, it
is one function whose derivatives, in either input and mixed, are those five and not autograd's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from actfunc.activation import Unchanging, wrap_siblings
from actfunc.errors import UsageError
from actfunc.lifting import SIXTEEN_BIT, lift_partial
from actfunc.taylor_polynomial import Partial

PairFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""An elementwise function of the value and the gate."""

SIBLINGS = ("f", "fx", "fg", "fxx", "fxg", "fgg")
"""The function and its partials: by x (the value), by g (the gate), twice by either, by both."""


@dataclass(frozen=True)
class PairSibling:
    """One of the siblings as written: dtype in, dtype out, 16 bits through float32."""

    function: PairFunction

    def __call__(self, x: Tensor, gate: Tensor) -> Tensor:
        if x.dtype in SIXTEEN_BIT:
            return self.function(x.float(), gate.float()).to(x.dtype)
        return self.function(x, gate)


@dataclass(frozen=True, eq=False)
class GatedPair(Unchanging):
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
    _lifts: dict[int, Partial] = field(init=False, repr=False)

    @property
    def spec(self) -> str:
        """What the command line takes for it."""
        return self.name

    def __post_init__(self) -> None:
        wrap_siblings(self, SIBLINGS, PairSibling)
        object.__setattr__(self, "_lifts", self._by_order())

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
        return lift_partial(self._lifts[order], torch.broadcast_tensors(x, gate))

    def _by_order(self) -> dict[int, Partial]:
        def known(sibling: PairFunction, *by: Partial) -> Partial:
            # a slope overflows where the value is near the largest number
            return Partial(sibling, by, steep=True, known=True)

        f, fx, fg, fxx, fxg, fgg = self.siblings
        by_x = known(fx, known(fxx), known(fxg))
        by_gate = known(fg, known(fxg), known(fgg))
        return {1: known(f, known(fx), known(fg)), 2: known(f, by_x, by_gate)}

    def _halves(self, x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        if not -x.dim() <= dim < x.dim() or x.shape[dim] % 2:
            raise UsageError(
                f"{self.name} splits dimension {dim} in halves, got the shape {tuple(x.shape)}",
                f"or give value and gate apart: {self.name}(x, gate)",
            )
        x, gate = torch.tensor_split(x, 2, dim)
        return x, gate
