"""How a formula is computed: the candidates for its value and derivatives, and which is best.

The judge is ball arithmetic, at some hundred points over all floats. What it chose is kept in the
cache folder, so that it is asked once for a formula.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any, NamedTuple

import flint
import torch
from torch import Tensor

from actfunc.activation import Function
from actfunc.formulas import program
from actfunc.formulas.balls import expansion, prove
from actfunc.formulas.ends import FAR, asymptotes, come_to
from actfunc.formulas.formula import Formula
from actfunc.formulas.patches import near_zero
from actfunc.formulas.rewriting import rewritten
from actfunc.formulas.tree import Node
from actfunc.numerics.floats import Number, in_double
from actfunc.numerics.ulp import error
from actfunc.places import cache_root

BOUNDS = (4.0, 4.0, 8.0)
"""What a certificate allows of the value, the first and the second derivative."""

SPARE = 0.4
"""What part of a bound float32 may take up on these few points, if it is to hold everywhere."""

REACHES = (0.5, 0.125, 2.0**-10, 2.0**-30, 2.0**-52)
"""How far from 0 a Taylor polynomial is tried, where a form cancels there."""

TERMS = 24


class Form(NamedTuple):
    """How one of f, df and d2f is computed.

    slopes: by the tree that is written for slopes, `rewritten(tree, slopes=True)`.
    narrow: whether float32 holds in float32; else it is computed in float64.
    reach:  up to which |x| a Taylor polynomial about 0 is used instead; 0 where it is not.
    """

    slopes: bool
    narrow: bool
    reach: float


class Choice(NamedTuple):
    """The form of f, df and d2f; the limits at -inf and inf of each; how far off each is.

    asymptotes: the number or line that f comes to at -inf and inf, as text; None where to none.
    limits: (order, end): None where none is known, NaN where there is none.
    worst:  (dtype, order) of float64 and float32, in the certificate's measure, where it was asked.
    series: the Taylor coefficients about 0, empty where no form needs them.
    """

    forms: tuple[Form, Form, Form]
    limits: tuple[tuple[float | None, float | None], ...]
    worst: tuple[tuple[float, ...], ...]
    series: tuple[float, ...]
    asymptotes: tuple[str | None, str | None]


def choice_of(formula: Formula, params: Mapping[str, float]) -> Choice:
    """The best forms known of a formula with these parameters: kept, or chosen now and kept."""
    asked = f"{formula.text} {sorted(params.items())} {_made_by()}"
    path = cache_root() / "formulas" / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"
    found = _read(path, asked)
    if found is None:
        found = _choose(formula, params)
        _write(path, asked, found)
    return found


@cache
def _made_by() -> str:
    """What else a choice depends on: this code, and the libraries that it asks."""
    told = hashlib.sha256(f"{torch.__version__} {flint.__version__}".encode())
    package = Path(__file__).parent
    for path in sorted([*package.glob("*.py"), *(package.parent / "numerics").glob("*.py")]):
        told.update(path.read_bytes())
    return told.hexdigest()


def _read(path: Path, asked: str) -> Choice | None:
    """What is kept there, if it is whole and of this question."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["asked"] != asked:
            return None
        forms = tuple(Form(*form) for form in kept["forms"])
        limits = tuple(tuple(_limit(end) for end in ends) for ends in kept["limits"])
        worst = tuple(tuple(float(ulp) for ulp in ulps) for ulps in kept["worst"])
        left, right = (None if end is None else str(end) for end in kept["asymptotes"])
        series = tuple(map(float, kept["series"]))
        return Choice(forms, limits, worst, series, (left, right))  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _limit(kept: Any) -> float | None:
    return None if kept is None else float(kept)


def _write(path: Path, asked: str, choice: Choice) -> None:
    """Keep a choice, whole or not at all; where nothing can be written it is made each time."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps({"asked": asked, **choice._asdict()}), "utf-8")
        os.replace(partial, path)


def _choose(formula: Formula, params: Mapping[str, float]) -> Choice:
    points = asked_points()
    hi, lo, known = prove(formula, {"x": points}, params)
    single = points.float().double() == points
    coefficients = _coefficients(formula, params)
    forms, worst = [], []
    for order in range(3):

        def off(form: Form, dtype: torch.dtype, order: int = order) -> float:
            function = sibling(formula.tree, order, form, coefficients)
            here = known if dtype == torch.float64 else known & single
            x = points[here].to(dtype)
            got = function(x, **params)
            truth = hi[order][here], lo[order][here], hi[order + 1][here]
            return error(got, *truth, x).max().item() if len(x) else 0.0

        best, least = _best(off, order, bool(coefficients))
        narrow = best._replace(narrow=True)
        single_off = max(
            off(narrow, torch.float32), _narrow_off(formula, params, order, narrow, coefficients)
        )
        if single_off <= SPARE * BOUNDS[order]:
            best = narrow
        else:
            single_off = off(best, torch.float32)
        forms.append(best)
        worst.append((least, single_off))
    limits = [come_to(formula, [math.copysign(1, end) * far for far in FAR], params)
              for end in (-1, 1)]  # fmt: skip
    return Choice(
        tuple(forms),  # type: ignore[arg-type]
        tuple(zip(*limits, strict=True)),
        tuple(zip(*worst, strict=True)),
        coefficients if any(form.reach for form in forms) else (),
        asymptotes(formula, params),
    )


def _best(off: Any, order: int, expands: bool) -> tuple[Form, float]:
    """The form that is least far off in float64; the first, the simplest, of those that hold."""
    plain = [Form(slopes, False, 0.0) for slopes in (order > 0, order == 0)]
    patched = [form._replace(reach=reach) for reach in REACHES for form in plain if expands]
    best, least = plain[0], math.inf
    for form in [*plain, *patched]:
        found = off(form, torch.float64)
        if found < least:
            best, least = form, found
        if least <= BOUNDS[order]:
            break
    return best, least


def _narrow_off(
    formula: Formula, params: Mapping[str, float], order: int, form: Form, series: Sequence[float]
) -> float:
    """How far a form in float32 is off of itself in float64, at many points in the middle.

    Where a derivative crosses 0 its errors show, and the few points that are proven may miss that.
    """
    x = torch.linspace(-20, 20, 20_001, dtype=torch.float64).float()
    function = sibling(formula.tree, order, form, series)
    true = function(x.double(), **params)
    slope = (true.diff() / x.double().diff()).abs()
    slope = torch.minimum(slope[1:], slope[:-1])
    known = true[1:-1].isfinite()
    nothing = torch.zeros_like(slope)
    off = error(function(x, **params)[1:-1], true[1:-1], nothing, slope, x[1:-1])
    return off[known].max().item() if known.any() else 0.0


def _coefficients(formula: Formula, params: Mapping[str, float]) -> tuple[float, ...]:
    """The Taylor polynomial about 0: of a formula without parameters, which would change it."""
    if params:
        return ()
    found = expansion(formula, 0.0, 1.0, {}, TERMS)
    if found is None or not all(map(math.isfinite, found[0])):
        return ()
    return tuple(found[0])


def sibling(tree: Node, order: int, form: Form, series: Sequence[float]) -> Function:
    """f, df or d2f of a tree in a form."""
    rewritten_tree = rewritten(tree, slopes=form.slopes)

    def made(roomy: bool) -> Function:
        function = program.sibling(rewritten_tree, order, roomy=roomy)
        return near_zero(function, series, order, form.reach) if form.reach else function

    precise = made(False)
    if form.narrow:
        return precise
    wide = in_double(made(True))

    @wraps(precise)
    def by_dtype(x: Tensor, **params: Number) -> Tensor:
        return precise(x, **params) if x.dtype == torch.float64 else wide(x, **params)

    return by_dtype


@cache
def asked_points() -> Tensor:
    """Where the judge is asked: near, far, next to 0, to the ends of float32 and of float64."""
    near = torch.linspace(-20, 20, 241, dtype=torch.float64).float().double()
    tails = torch.linspace(20, 120, 61, dtype=torch.float64).float().double()
    far = torch.linspace(120, 760, 41, dtype=torch.float64, device="cpu")
    wide = torch.exp2(torch.linspace(-148, 127.9, 121, dtype=torch.float64)).float().double()
    wider = torch.exp2(torch.linspace(-1070, 1023.99, 61, dtype=torch.float64))
    # where a square or a cube overflows, and twice a number
    ends = torch.tensor([128 / 3, 64, 127, 1024 / 3, 512, 1023], dtype=torch.float64)
    near_ends = torch.exp2((ends[:, None] + torch.linspace(-0.5, 0.5, 41)).flatten())
    largest = torch.finfo(torch.float32).max
    single = near_ends[near_ends < largest].float().double()
    side = torch.cat([single, near_ends, tails, far, wide, wider, torch.tensor([largest])])
    return torch.cat([near, side, -side]).unique()
