"""The certificate of an activation: how far its value and its derivatives are from the truth.

`certify` asks three judges that know nothing of each other: the formula in ball arithmetic, every
way torch has to a derivative, and finite differences. In float64 and float32 the formula is asked
on a grid, in bfloat16 and float16 every input there is goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.audited import Audited
from actfunc.certify.check import Check, Judged, check, measured, word
from actfunc.certify.differences import Difference, differences
from actfunc.certify.formula import Formula, parse
from actfunc.certify.grids import grid
from actfunc.certify.limits import Limit, limits
from actfunc.certify.oracle import truth
from actfunc.certify.parameters import Parameter, parameters
from actfunc.certify.records import as_plain
from actfunc.certify.sixteen import every_input
from actfunc.certify.ways import RouteCheck, compiled_ways, eager_ways
from actfunc.errors import UsageError
from actfunc.lifting import SIXTEEN_BIT

FINE = (torch.float64, torch.float32)
"""Judged on a grid, by the formula itself; in the others every input is tried."""

DTYPES = (*FINE, *SIXTEEN_BIT)
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
    def rest(self) -> tuple[tuple[RouteCheck | Difference | Limit | Parameter, ...], ...]:
        """All that was judged beside the digits."""
        return self.routes, self.differences, self.limits, self.parameters

    @property
    def held(self) -> bool:
        """Whether everything that was checked holds."""
        return all(one.held for part in (self.checks, *self.rest) for one in part)

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

    dtypes:   of float64, float32, bfloat16 and float16.
    compiled: judge the compiled ways as well, in float64 and float32; the compiler takes its time.
    formula:  another text than the record's own, for a function that brings none.
    What is `Audited` is not lifted: torch's ways, which would only be compared with themselves,
    and the parameters are left out.
    Raises UsageError where there is no formula, FormulaError where it is not one.
    """
    for dtype in dtypes:
        if dtype not in DTYPES:
            raise UsageError(f"dtype must be one of {', '.join(map(word, DTYPES))}, got {dtype}")
    text = activation.formula if formula is None else formula
    if not text:
        raise UsageError(
            f"{activation.name} has no formula to be judged by",
            'give one: --formula "x / (1 + exp(-x))", or --as NAME for that of the catalogue',
        )
    judge, say = parse(text, tuple(activation.params)), report or (lambda _: None)
    lifted = bool(activation.formula) and not isinstance(activation, Audited)
    checks: list[Check] = []
    routes: list[RouteCheck] = []
    learnable: list[Parameter] = []
    for dtype in dtypes:
        say(f"{word(dtype)}: the formula")
        evaluated(activation, torch.tensor([-1.0, 1.0], dtype=dtype))
        found = _judged(activation, judge, dtype)
        checks += [
            check(*each, found.x, activation.exceptions)
            for each in zip(range(3), found.got, [found.true] * 3, found.errors, strict=True)
        ]
        if not lifted:
            continue
        say(f"{word(dtype)}: torch's ways to a derivative")
        routes += eager_ways(activation, found.got, found.x)
        learnable += parameters(activation, judge, dtype)
        if compiled and dtype not in SIXTEEN_BIT:
            say(f"{word(dtype)}: compiling")
            routes += compiled_ways(activation, found.true, found.x)
    say("finite differences and limits")
    return Certificate(
        activation.spec,
        text,
        tuple(checks),
        tuple(routes),
        differences(activation) if torch.float64 in dtypes else (),
        limits(activation, dtypes),
        tuple(learnable),
    )


def _judged(activation: Activation, judge: Formula, dtype: torch.dtype) -> Judged:
    if dtype in SIXTEEN_BIT:
        right = activation.judge if isinstance(activation, Audited) else activation
        return every_input(activation, judge, dtype, right if right and right.formula else None)
    return on_grid(activation, judge, dtype)


def on_grid(activation: Activation, judge: Formula, dtype: torch.dtype) -> Judged:
    """The siblings on the grid against the formula, in the design's measure."""
    x = grid(activation, dtype)
    true = truth(judge, x, activation.params)
    siblings = torch.stack(evaluated(activation, x))
    return Judged(x, siblings, true, measured(siblings, true, x))


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
