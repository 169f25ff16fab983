"""A formula as an activation: the record that its text makes, with nothing in it from elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache, partial

from actfunc.activation import Activation, Function
from actfunc.formulas.branches import joints
from actfunc.formulas.choice import Choice, choice_of, sibling
from actfunc.formulas.formula import Formula, parse
from actfunc.formulas.patches import with_ends
from actfunc.given import vouch_for

_SIGNS = re.compile(r"[()+*/<>]|\bx\b.*-|-.*\bx\b|^x$|\d")


def is_formula(text: str) -> bool:
    """Whether a text that names nothing is meant as a formula: it has signs that no name has."""
    return bool(_SIGNS.search(text)) and not text.strip().endswith(".py")


def of_formula(text: str, params: Mapping[str, float] | None = None) -> Activation:
    """The activation that a formula is.

    text: a formula in `x` and the names of params, as `parse` takes it.
    Raises FormulaError for what is none, with the place.
    """
    return _made(" ".join(text.split()), tuple(sorted((params or {}).items())))


def made_by_formula(record: Activation) -> bool:
    """Whether a record is what its formula makes, and nothing else."""
    return record.name == record.formula


@lru_cache(maxsize=256)
def _made(text: str, settings: tuple[tuple[str, float], ...]) -> Activation:
    params = dict(settings)
    formula = parse(text, tuple(params))
    choice = choice_of(formula, params)
    f, df, d2f = (_of_order(formula, order, choice, params) for order in range(3))
    record = Activation(
        text,
        text,
        f,
        df,
        d2f,
        params=params,
        joints=partial(joints, formula) if params else joints(formula),
        range="",
        asymptotes=_asymptotes(choice),
    )
    vouch_for(record)
    return record


def _of_order(
    formula: Formula, order: int, choice: Choice, params: Mapping[str, float]
) -> Function:
    function = sibling(formula.tree, order, choice.forms[order], choice.series)
    return with_ends(function, choice.limits[order], params)


def _asymptotes(choice: Choice) -> tuple[str | None, str | None]:
    def asymptote(limit: float | None) -> str | None:
        if limit is None or not math.isfinite(limit):
            return None
        return f"{limit:.15g}"

    left, right = map(asymptote, choice.limits[0])
    return left, right
