"""The truth about a formula at points that are asked again and again: proven once, and kept."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from actfunc.certify.remembered import remembered
from actfunc.formulas.balls import Truth, prove
from actfunc.formulas.formula import Formula


def truth(
    formula: Formula,
    x: Tensor,
    params: Mapping[str, float] | None = None,
    *,
    wrt: str | tuple[str, ...] = "x",
    others: Mapping[str, Tensor] | None = None,
) -> Truth:
    """The truth about `formula` at the finite points `x` (any floating dtype, taken as exact).

    wrt:    the variable of the derivatives: `x`, a parameter, or one of `others`; of several, they
            are those along the direction in which all of these grow alike.
    others: values at each point of parameters that are variables too: (point,).
    The parameters are taken as the float64 numbers they are, numbers in the text as the decimals
    written. Raises FormulaError for an exponent out of bounds.
    """
    settings = dict(params or {})
    columns = {"x": x, **(others or {})}
    for name in (along := (wrt,) if isinstance(wrt, str) else wrt):
        if name not in columns:
            columns[name] = torch.full_like(x, settings[name], dtype=torch.float64)
    flat = {name: column.detach().double().flatten() for name, column in columns.items()}
    asked = along, list(flat), sorted(settings.items()), formula.tree
    parts = remembered(
        __name__, asked, list(flat.values()), lambda: prove(formula, flat, settings, along)
    )
    return Truth(*parts)
