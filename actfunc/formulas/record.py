"""A formula as an activation: the record that its text makes, with nothing in it from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial

from actfunc.activation import Activation, Function
from actfunc.errors import FormulaError
from actfunc.formulas.branches import joints, poles
from actfunc.formulas.choice import Choice, choice_of, sibling
from actfunc.formulas.formula import ARITY, CONSTANTS, Formula, parse
from actfunc.formulas.patches import at_point, with_ends
from actfunc.given import vouch_for
from actfunc.machine import plain_defaults

_SIGNS = re.compile(r"[()+*/<>]|\bx\b.*-|-.*\bx\b|^x$")


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
@plain_defaults()
def _made(text: str, settings: tuple[tuple[str, float], ...]) -> Activation:
    params = dict(settings)
    _check_names(text, params)
    formula = parse(text, tuple(params))
    choice = choice_of(formula, params)
    f, df, d2f = (_of_order(formula, order, choice, params) for order in range(3))
    corners = joints(formula, **params)
    # with parameters a pole may move
    steep = {} if params else poles(formula)
    corners = tuple(sorted({*corners, *steep}))
    for x, (slope, bend) in steep.items():
        df, d2f = at_point(df, x, slope), at_point(d2f, x, bend)
    record = Activation(
        text,
        text,
        f,
        df,
        d2f,
        params=params,
        joints=partial(joints, formula) if params else corners,
        poles=tuple(steep),
        steep=bool(steep) or bool(params),
        range="",
        asymptotes=choice.asymptotes,
    )
    vouch_for(record)
    return record


@plain_defaults()
def worst_of(record: Activation) -> tuple[tuple[float, ...], ...]:
    """How far off a formula's f, df and d2f are in float64, then in float32, where it was asked."""
    return choice_of(parse(record.formula, tuple(record.params)), record.params).worst


def _check_names(text: str, params: Mapping[str, float]) -> None:
    """Say of a name without a value that it is one."""
    known = {"x", "if", "else", "and", "or", *CONSTANTS, *ARITY, *params}
    for word in re.finditer(r"\b[A-Za-z_]\w*\b(?!\s*\()", text):
        if (name := word[0]) not in known:
            raise FormulaError(
                f"the formula {text!r}: {name!r}, at character {word.start() + 1}, has no value",
                f"give it one, {text!r}, {name}=1.0 in Python, '{text}:{name}=1.0' elsewhere;"
                " the variable is x",
            )


def _of_order(
    formula: Formula, order: int, choice: Choice, params: Mapping[str, float]
) -> Function:
    function = sibling(formula.tree, order, choice.forms[order], choice.series)
    return with_ends(function, choice.limits[order], params)
