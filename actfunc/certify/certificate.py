"""The certificate of an activation: how far its value and its derivatives are from the truth.

`certify` asks three judges that know nothing of each other: the formula in ball arithmetic, every
way torch has to a derivative, and finite differences. In float64 and float32 the formula is asked
on a grid and where a search finds worse, in bfloat16 and float16 every input there is goes through.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias, TypeVar

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.certify.audited import Audited
from actfunc.certify.calls import Call, calls
from actfunc.certify.check import Check, Judged, Parameter, check, measured, word
from actfunc.certify.constants import Constant, constants
from actfunc.certify.differences import Difference, differences
from actfunc.certify.grids import grid
from actfunc.certify.joints import Joint, at_poles, joints
from actfunc.certify.limits import Limit, limits
from actfunc.certify.oracle import truth
from actfunc.certify.parameters import parameters
from actfunc.certify.records import as_plain
from actfunc.certify.search import widened
from actfunc.certify.sixteen import every_input
from actfunc.certify.third import third
from actfunc.certify.ways import RouteCheck, compiled_ways, eager_ways
from actfunc.errors import FormulaError, UsageError, first_line, in_a_line
from actfunc.formulas.formula import Formula, parse
from actfunc.lifting import SIXTEEN_BIT
from actfunc.machine import plain_defaults

T = TypeVar("T")

FINE = (torch.float64, torch.float32)
"""Judged on a grid, by the formula itself; in the others every input is tried."""

DTYPES = (*FINE, *SIXTEEN_BIT)
Report = Callable[[str], None]
"""Told what is being done, for a progress bar."""


class Failure(NamedTuple):
    """A part of a certificate that could not be had, and why: what was raised, in a line.

    A finding that never holds: `held` is there because all findings have it.
    """

    dtype: str
    part: str
    cause: str
    held: bool = False


Finding: TypeAlias = (
    RouteCheck | Difference | Limit | Parameter | Joint | Constant | Call | Failure | Check
)


class Certificate(NamedTuple):
    """All that `certify` found about one activation; each finding says whether it `held`.

    name:        as the command line takes it, parameters included: `elu:alpha=1.0`.
    formula:     the text that it was judged by.
    checks:      value, first and second derivative in each dtype, with the worst error found.
    routes:      torch's ways to a derivative, eager and compiled.
    differences: df and d2f against finite differences, in float64.
    limits:      what it gives at ±inf, NaN and poles, and the signs of zero.
    parameters:  what it gives with other parameters, and its derivatives by them.
    joints:      where branches of the formula meet, and whether the record says so.
    constants:   the formula against the published function; of the catalogue's own alone.
    calls:       what it gives by shape, layout in memory and mode.
    failures:    parts that could not be had.
    third:       the third derivative, in float64 and float32, of functions without branches.
    device:      what computed, in words, where that was not the CPU.
    """

    name: str
    formula: str
    checks: tuple[Check, ...]
    routes: tuple[RouteCheck, ...]
    differences: tuple[Difference, ...]
    limits: tuple[Limit, ...]
    parameters: tuple[Parameter, ...]
    joints: tuple[Joint, ...] = ()
    constants: tuple[Constant, ...] = ()
    calls: tuple[Call, ...] = ()
    failures: tuple[Failure, ...] = ()
    third: tuple[Check, ...] = ()
    device: str = ""

    @property
    def rest(self) -> tuple[tuple[Finding, ...], ...]:
        """All findings but the checks, part by part."""
        others = self.routes, self.differences, self.limits, self.parameters
        more = self.joints, self.constants, self.calls, self.failures
        return *others, *more, self.third

    @property
    def held(self) -> bool:
        """Whether everything that was checked holds."""
        return all(one.held for part in (self.checks, *self.rest) for one in part)

    def document(self) -> dict[str, Any]:
        """The certificate as plain JSON data; numbers beyond JSON are the words inf, -inf, nan."""
        plain = as_plain(self)
        assert isinstance(plain, dict)
        return {"name": self.name, "held": self.held, **plain}


@plain_defaults()
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
    report:   is told what is being done, in a few words.

    Somebody else's function (`Audited`) is not lifted. Torch's ways to its derivatives would only
    be compared with themselves, so they are left out, and its parameters, joints and f‴ with them.
    A dtype in which a function cannot be called is a finding (`failures`), as whatever else does
    not hold. Raises UsageError where there is no formula, FormulaError where it is not one.
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
    apart: list[Difference] = []
    ends: list[Limit] = []
    learnable: list[Parameter] = []
    called: list[Call] = []
    failures: list[Failure] = []
    thrice: list[Check] = []

    def had(part: str, work: Callable[[], Iterable[T]]) -> list[T]:
        """What a part gives; nothing, and a failure, where it cannot be had: the rest goes on."""
        try:
            return list(work())
        except FormulaError:
            raise
        except (Exception, SystemExit) as error:
            failures.append(Failure(word(dtype), part, _cause(error)))
            return []

    # warnings may have been made errors, and none of torch's own is a finding
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in dtypes:
            say(f"{word(dtype)}: the formula")
            for found in had("the formula", partial(_each_judged, activation, judge, dtype)):
                checks += checked(activation, judge, found)
                say(f"{word(dtype)}: other ways to call it")
                called += had("calls", partial(calls, activation, found, lifted=lifted))
                ends += had("±inf and NaN", partial(limits, activation, (dtype,), text))
                ends += had("poles", partial(at_poles, activation, judge, (dtype,)))
                if not lifted:
                    continue
                say(f"{word(dtype)}: torch's ways to a derivative")
                routes += had("ways", partial(eager_ways, activation, found.got, found.x))
                say(f"{word(dtype)}: other parameters")
                learnable += had("parameters", partial(parameters, activation, judge, dtype))
                if dtype in FINE:
                    thrice += had("third", partial(third, activation, judge, found))
                if compiled and dtype in FINE:
                    say(f"{word(dtype)}: compiling")
                    routes += had("compiled", partial(compiled_ways, activation, judge, found.x))
            if dtype == torch.float64:
                say("finite differences")
                apart += had("finite differences", partial(differences, activation))
        say("joints and constants")
        jumps = had("joints", partial(joints, activation, judge)) if lifted else []
        known = had("constants", partial(constants, activation, judge)) if lifted else []
    parts = checks, routes, apart, ends, learnable, jumps, known, called, failures, thrice
    device = activation.device if isinstance(activation, Audited) else ""
    made = Certificate(activation.spec, text, *map(tuple, parts))  # type: ignore[arg-type]
    return made._replace(device=device)


def _each_judged(activation: Activation, judge: Formula, dtype: torch.dtype) -> Iterable[Judged]:
    evaluated(activation, torch.tensor([-1.0, 1.0], dtype=dtype))
    yield judged(activation, judge, dtype)


def _cause(error: BaseException) -> str:
    """What was raised, in a line."""
    return first_line(error) if isinstance(error, UsageError) else in_a_line(error)


def checked(activation: Activation, judge: Formula, found: Judged) -> list[Check]:
    """Value, first and second derivative where they were judged; on a grid, and by a search too."""
    looked, tried = found, 0
    if found.x.dtype in FINE:
        looked, tried = widened(activation, judge, found)
    return [
        check(order, looked.got[order], looked.true, looked.errors[order], looked.x,
              activation.exceptions)._replace(searched=tried)
        for order in range(len(looked.got))
    ]  # fmt: skip


def judged(activation: Activation, judge: Formula, dtype: torch.dtype) -> Judged:
    """The siblings against the formula: on the grid, in 16 bits at every input there is."""
    if dtype in SIXTEEN_BIT:
        right = activation.judge if isinstance(activation, Audited) else activation
        return every_input(activation, judge, dtype, right if right and right.formula else None)
    return on_grid(activation, judge, dtype)


def on_grid(activation: Activation, judge: Formula, dtype: torch.dtype) -> Judged:
    """The siblings on the grid against the formula, in the design's measure."""
    x = grid(activation, dtype, judge)
    true = truth(judge, x, activation.params)
    siblings = torch.stack(evaluated(activation, x))
    return Judged(x, siblings, true, measured(siblings, true, x))


def evaluated(activation: Activation, x: Tensor) -> tuple[Tensor, ...]:
    """f, df and d2f at x; a UsageError where one cannot be had, or is not elementwise."""
    found = []
    for name in ("f", "df", "d2f"):
        try:
            # one that writes over its input is found by the calls, and spoils nothing before
            got = getattr(activation, name)(x.clone()).detach()
        except Exception as error:
            what = in_a_line(error)
            raise UsageError(
                f"{activation.name} fails on a {word(x.dtype)} tensor, in {name}: {what}"
            ) from error
        if got.shape != x.shape:
            raise UsageError(
                f"{activation.name} is not elementwise: {name} makes the shape {tuple(got.shape)}"
                f" of {tuple(x.shape)}"
            )
        if got.dtype != x.dtype:
            raise UsageError(
                f"{activation.name} does not keep the dtype: {name} makes {word(got.dtype)} of"
                f" {word(x.dtype)}, as a tensor in it does that is {word(got.dtype)},"
                " a parameter say"
            )
        found.append(got)
    return tuple(found)
