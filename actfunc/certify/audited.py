"""Somebody else's function under the formula of a record: called as it is, in the dtype given.

Its derivatives are those that plain backward makes of it, or a function of its own for the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.formulas.branches import branch_points
from actfunc.formulas.formula import parse
from actfunc.storage.provenance import describe

Plain = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Audited(Activation):
    """A record whose siblings are not ours: nothing converts their 16-bit inputs or lifts them.

    judge: the record that is right, where there is one; its float64 is the truth in 16 bits.
    device: what computes the siblings, in words, where that is not the CPU.
    """

    judge: Activation | None = None
    device: str = ""

    def __post_init__(self) -> None:
        """Leave the siblings as they are."""


def audited(
    name: str,
    function: Plain,
    judge: Activation | None = None,
    derivative: Plain | None = None,
    formula: str | None = None,
) -> Audited:
    """`function` in the place of `judge`, whose formula, parameters, joints and limits are asked.

    judge:      a record of the catalogue.
    derivative: what claims to be the first derivative; without, backward makes it.
    formula:    the text to judge by where there is no record; its branches give the joints.
    """
    slope = derivative or backward(function)
    siblings: dict[str, Any] = {
        "f": lambda x, **_: function(x),
        "df": lambda x, **_: slope(x),
        "d2f": lambda x, **_: _where_there_is_one(backward(slope), x),
    }
    if judge is None:
        joints = () if formula is None else branch_points(parse(formula))
        return Audited(name, formula or "", **siblings, joints=joints, place=name)
    facts = {each.name: getattr(judge, each.name) for each in fields(judge) if each.init}
    return Audited(**{**facts, **siblings, "name": name, "place": name, "judge": judge})


def elsewhere(activation: Activation, device: torch.device) -> Audited:
    """The function with its arithmetic on another device, by the truth that it has here."""

    def there(sibling: Callable[..., Tensor]) -> Callable[..., Tensor]:
        return lambda x, **params: sibling(x.to(device), **params).to(x.device)

    facts = {each.name: getattr(activation, each.name) for each in fields(activation) if each.init}
    own = {name: there(getattr(activation, name)) for name in ("f", "df", "d2f")}
    judge = activation.judge if isinstance(activation, Audited) else activation
    return Audited(**{**facts, **own, "judge": judge, "device": describe(device)})


def _where_there_is_one(derivative: Plain, x: Tensor) -> Tensor:
    """NaN where torch has no second derivative: that is a finding, and no reason to stop."""
    try:
        return derivative(x)
    except RuntimeError as error:
        if "not implemented" not in str(error):
            raise
        return torch.full_like(x, torch.nan)


def backward(function: Plain) -> Plain:
    """The derivative that `Tensor.backward` gives; it may be differentiated again."""

    def slope(x: Tensor) -> Tensor:
        leaf = x if x.requires_grad else x.detach().clone().requires_grad_()
        y = function(leaf)
        if not y.requires_grad:  # a constant, to torch
            return torch.zeros_like(x)
        (found,) = torch.autograd.grad(y, leaf, torch.ones_like(y), create_graph=True)
        return found

    return slope
