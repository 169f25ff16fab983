"""The certificate of an activation: how far its value and its derivatives are from the truth.

`certify` asks three judges that know nothing of each other: the formula in ball arithmetic, every
way torch has to a derivative, and finite differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.check import Check, check, measured, word
from actfunc.certify.differences import Difference, differences
from actfunc.certify.formula import parse
from actfunc.certify.grids import grid
from actfunc.certify.limits import Limit, limits
from actfunc.certify.oracle import truth
from actfunc.certify.parameters import Parameter, parameters
from actfunc.certify.records import as_plain
from actfunc.certify.ways import RouteCheck, compiled_ways, eager_ways
from actfunc.errors import UsageError

DTYPES = (torch.float64, torch.float32)
Report = Callable[[str], None]
"""Told what is being done, for a progress bar."""


class Certificate(NamedTuple):
    """All that `certify` found about one activation."""

    name: str
    formula: str
    checks: tuple[Check, ...]
    routes: tuple[RouteCheck, ...]
    differences: tuple[Difference, ...]
    limits: tuple[Limit, ...]
    parameters: tuple[Parameter, ...]

    @property
    def held(self) -> bool:
        """Whether everything that was checked holds."""
        parts = (self.checks, self.routes, self.differences, self.limits, self.parameters)
        return all(check.held for part in parts for check in part)

    def document(self) -> dict[str, Any]:
        """The certificate as plain JSON data; numbers beyond JSON are the words inf, -inf, nan."""
        plain = as_plain(self)
        assert isinstance(plain, dict)
        return {"name": self.name, "held": self.held, **plain}


def certify(
    activation: Activation,
    *,
    dtypes: Sequence[torch.dtype] = DTYPES,
    compiled: bool = False,
    formula: str | None = None,
    report: Report | None = None,
) -> Certificate:
    """Judge an activation by its formula, by torch's ways to a derivative, by finite differences.

    dtypes:   float64 and float32, or one of them.
    compiled: judge the compiled ways as well; the compiler takes its time.
    formula:  another text than the record's own, for a function that brings none.
    A record without a formula of its own is a plain function, whose derivatives are torch's to
    begin with: torch's ways and finite differences are left out.
    Raises UsageError where there is no formula, FormulaError where it is not one.
    """
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise UsageError(f"dtype must be float64 or float32, got {word(dtype)}")
    text = activation.formula if formula is None else formula
    if not text:
        raise UsageError(
            f"{activation.name} has no formula to be judged by",
            'give one: --formula "x / (1 + exp(-x))"',
        )
    judge, say = parse(text, tuple(activation.params)), report or (lambda _: None)
    checks: list[Check] = []
    routes: list[RouteCheck] = []
    learnable: list[Parameter] = []
    for dtype in dtypes:
        say(f"{word(dtype)}: the formula")
        evaluated(activation, torch.tensor([-1.0, 1.0], dtype=dtype))
        x = grid(activation, dtype)
        true = truth(judge, x, activation.params)
        siblings = evaluated(activation, x)
        errors = measured(siblings, true, x)
        checks += [
            check(order, siblings[order], true, errors[order], x, activation.exceptions)
            for order in range(3)
        ]
        if activation.formula:
            say(f"{word(dtype)}: torch's ways to a derivative")
            routes += eager_ways(activation, siblings, x)
            learnable += parameters(activation, judge, dtype)
        if activation.formula and compiled:
            say(f"{word(dtype)}: compiling")
            routes += compiled_ways(activation, true, x)
    say("finite differences")
    return Certificate(
        activation.spec,
        text,
        tuple(checks),
        tuple(routes),
        differences(activation) if activation.formula else (),
        limits(activation, dtypes),
        tuple(learnable),
    )


def evaluated(activation: Activation, x: Tensor) -> tuple[Tensor, ...]:
    """f, df and d2f at x; a UsageError where one cannot be had, or not elementwise."""
    found = []
    for sibling in (activation.f, activation.df, activation.d2f):
        try:
            found.append(sibling(x).detach())
        except Exception as error:
            what = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            raise UsageError(
                f"{activation.name} fails on a {word(x.dtype)} tensor: {what}"
            ) from error
        if found[-1].shape != x.shape or found[-1].dtype != x.dtype:
            raise UsageError(
                f"{activation.name} is not elementwise: {tuple(x.shape)}, {word(x.dtype)} became "
                f"{tuple(found[-1].shape)}, {word(found[-1].dtype)}"
            )
    return tuple(found)
