"""The certificate of a vector function: value, Jacobian both ways and second derivative.

The measure is the design's, entry by entry, with a vector of inputs: |got - true| in units of
ulp(true) + Σₖ |∂true/∂xₖ|·ulp(xₖ) + Σₖ |∂true/∂tₖ|·ulp(tₖ), where t is the tangent or cotangent.
The second derivative is made of squares of residuals uᵢ = tᵢ - ⟨w, t⟩; what it is allowed for t is
what rounding t and u makes of these squares, to the second order, as all may be zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import flint
import torch
from flint import arb
from torch import Tensor

from actfunc.certify.certificate import FINE, Certificate
from actfunc.certify.check import Check, summed_up, word
from actfunc.certify.limits import Limit
from actfunc.certify.remembered import remembered
from actfunc.certify.vector_laws import LAWS, Balls, Law, residual
from actfunc.certify.vector_samples import Sample, samples
from actfunc.certify.vector_ways import ORDERS, compiled_vector_ways, vector_ways
from actfunc.certify.ways import RouteCheck
from actfunc.errors import UsageError
from actfunc.formulas import series
from actfunc.formulas.balls import PRECISIONS, rest, settled
from actfunc.machine import plain_defaults
from actfunc.numerics.ulp import error_beside, ulp
from actfunc.vector import VectorFunction

BOUNDS = (4.0, 4.0, 4.0, 8.0)
"""What is allowed of the value, the Jacobian's products and the second derivative."""

COMPILED = slice(3, 4)
"""The samples, by length, that are tried compiled."""

NEAR = 8.0
"""Units of rounding of one: a threshold nearer to an entry than that is judged by the value only,
as the Jacobian jumps there."""


class VectorTruth(NamedTuple):
    """The four of ORDERS on a sample, hi + lo, and what rounding the inputs makes of each.

    (vector, entry) each, float64; kept: (vector,), False where an entry is next to its threshold.
    """

    hi: tuple[Tensor, ...]
    lo: tuple[Tensor, ...]
    spread: tuple[Tensor, ...]
    kept: Tensor


@plain_defaults()
def certify_vector(
    function: VectorFunction,
    *,
    dtypes: Sequence[torch.dtype] = FINE,
    compiled: bool = False,
    report: Callable[[str], None] | None = None,
) -> Certificate:
    """Judge a vector function by its definition in ball arithmetic and by torch's ways to it.

    dtypes: float64 and float32, or one of them; compiled: judge the compiled ways as well.
    Raises UsageError for a function that no law is known of.
    """
    say = report or (lambda _: None)
    checks: list[Check] = []
    routes: list[RouteCheck] = []
    limits: list[Limit] = []
    for dtype in dtypes:
        say(f"{word(dtype)}: the definition")
        judged = [(one, vector_truth(function, one)) for one in vector_samples(function, dtype)]
        judge = partial(vector_check, judged=judged)
        checks += (judge(order, computed(function, order, judged)) for order in range(len(ORDERS)))
        say(f"{word(dtype)}: torch's ways to a derivative")
        chosen = [one for one, _ in judged]
        routes += vector_ways(function, chosen[1::2])
        if compiled:
            say(f"{word(dtype)}: compiling")
            one = partial(vector_check, judged=judged[COMPILED])
            routes += compiled_vector_ways(function, one, chosen[COMPILED])
        nothing = function.f(chosen[0].x[0] * torch.nan)
        told = bool(nothing.isnan().all())
        limits.append(Limit(word(dtype), "value", torch.nan, nothing[0].item(), torch.nan, told))
    return Certificate(
        function.name, function.definition, tuple(checks), tuple(routes), (), tuple(limits), ()
    )


def vector_samples(function: VectorFunction, dtype: torch.dtype) -> list[Sample]:
    """The vectors a function is judged at, of whole units of its pieces where it has some."""
    return samples(dtype, function.params.get("pieces", 1))


def vector_truth(function: VectorFunction, sample: Sample) -> VectorTruth:
    """The truth about a function on a sample."""
    if function.params.keys() == {"pieces"}:
        return _chosen(sample, function.params["pieces"])
    if function.name not in LAWS:
        raise UsageError(
            f"{function.name} has no law to be judged by", f"there are laws for {', '.join(LAWS)}"
        )
    law = LAWS[function.name]
    exact = [part.double() for part in sample]
    hi, lo, margin = remembered(__name__, function.name, exact, lambda: _prove(law, exact))
    kept = margin > NEAR * torch.finfo(sample.x.dtype).eps
    values, (a, w, u) = hi.unbind(1)[:4], hi.unbind(1)[4:]
    return VectorTruth(values, lo.unbind(1), _spread(law, sample, a, w, u), kept)


def _prove(law: Law, rows: Sequence[Tensor]) -> list[Tensor]:
    """hi (vector, 7, entry) and lo (vector, 4, entry) of what `_proven` gives, and the margins."""
    with series.precision(PRECISIONS[0]):
        found = [_proven(law, *row) for row in zip(*(part.tolist() for part in rows), strict=True)]
    hi, lo = (
        torch.tensor(part, dtype=torch.float64)
        for part in zip(*((one.hi, one.lo) for one in found), strict=True)
    )
    return [hi, lo, torch.tensor([one.margin for one in found])]


class _Proven(NamedTuple):
    hi: list[list[float]]
    lo: list[list[float]]
    margin: float


def _proven(law: Law, x: list[float], t: list[float], c: list[float]) -> _Proven:
    """The four of ORDERS, a, w and u at one vector; at the precision that they take."""
    for bits in PRECISIONS:
        flint.ctx.prec = bits
        value, a, w, margin = law.exact(x)
        u = _residual(w, t)
        jvp = _product(a, u)
        if law.symmetric:
            vjp = _product(a, _residual(w, c))
        else:
            total = sum(_product(a, map(arb, c)), arb(0))
            vjp = [ai * ci - wi * total for ai, ci, wi in zip(a, c, w, strict=True)]
        parts: tuple[Balls, ...] = (value, jvp, vjp, law.second(a, w, u))
        if all(settled(ball) for part in parts for ball in part):
            break
    else:  # what no precision decides is no truth: NaN, which nothing comes near
        parts = tuple([arb("nan")] * len(x) for _ in parts)
    hi = [[float(ball) for ball in part] for part in (*parts, a, w, u)]
    lo = [list(map(rest, *both)) for both in zip(parts, hi, strict=False)]
    return _Proven(hi, lo, margin)


def _product(one: Iterable[arb], other: Iterable[arb]) -> Balls:
    return [a * b for a, b in zip(one, other, strict=True)]


def _residual(w: Balls, t: list[float]) -> Balls:
    # a constant is no part of it: taken out, zero comes out as zero at any precision
    apart = [arb(entry) - arb(t[0]) for entry in t]
    mean = sum(_product(w, apart), arb(0))
    return [entry - mean for entry in apart]


def _spread(law: Law, sample: Sample, a: Tensor, w: Tensor, u: Tensor) -> tuple[Tensor, ...]:
    dtype = sample.x.dtype
    x, t, c = (ulp(part.double(), dtype)[..., None] for part in sample)
    cotangent, jacobian = sample.cotangent.double(), a[..., None] * residual(w)
    a_bend, w_bend = law.bend(a, w)
    forward = a_bend * u[..., None] - a[..., None] * (w_bend * u[..., None]).sum(1, keepdim=True)
    total = (a * cotangent).sum(-1)[:, None, None]
    pulled = (a_bend * cotangent[..., None]).sum(1, keepdim=True)
    back = a_bend * cotangent[..., None] - w_bend * total - w[..., None] * pulled
    off = (residual(w).abs() @ t)[..., 0] + ulp(u, dtype)
    squares = law.squares(a, w, (2 * u.abs() + off) * off)
    moved = (
        jacobian.abs() @ x,
        forward.abs() @ x + jacobian.abs() @ t,
        back.abs() @ x + jacobian.mT.abs() @ c,
        law.second_by(a, w, u).abs() @ x + squares[..., None],
    )
    return tuple(part[..., 0] for part in moved)


def _chosen(sample: Sample, pieces: int) -> VectorTruth:
    """Maxout: nothing is computed, so nothing may be off."""
    x, t, c = (part.double().tolist() for part in sample)
    value, jvp = [], []
    vjp = torch.zeros_like(sample.x, dtype=torch.float64)
    for row, entries in enumerate(x):
        units = range(0, len(entries), pieces)
        best = [max(range(at, at + pieces), key=entries.__getitem__) for at in units]
        value.append([entries[at] for at in best])
        jvp.append([t[row][at] for at in best])
        for unit, at in enumerate(best):
            vjp[row, at] = c[row][unit]
    both = (torch.tensor(part, dtype=torch.float64) for part in (value, jvp))
    hi = (*both, vjp, torch.zeros(len(x), len(value[0]), dtype=torch.float64))
    nothing = tuple(map(torch.zeros_like, hi))
    return VectorTruth(hi, nothing, nothing, torch.ones(len(x), dtype=torch.bool))


Judged: TypeAlias = Sequence[tuple[Sample, VectorTruth]]


def computed(function: VectorFunction, order: int, judged: Judged) -> list[Tensor]:
    """What the function makes of the samples: one of ORDERS, (vector, entry) each."""
    found = []
    for (x, t, c), true in judged:
        cotangent = c[:, : true.hi[0].shape[-1]]
        found.append(
            (
                lambda x=x: function.f(x),
                lambda x=x, t=t: function.jvp(x, t),
                lambda x=x, c=cotangent: function.vjp(x, c),
                lambda x=x, t=t: function.second(x, t),
            )[order]().detach()
        )
    return found


def vector_check(order: int, results: Sequence[Tensor], judged: Judged) -> Check:
    """What was computed of one of ORDERS, entry by entry, against the truth."""
    columns: list[tuple[Tensor, ...]] = []
    vectors: list[tuple[float, ...]] = []
    for got, ((x, *_), true) in zip(results, judged, strict=True):
        hi, lo, spread = true.hi[order], true.lo[order], true.spread[order]
        kept = true.kept | (order == 0)
        errors = error_beside(got, hi, lo, spread)
        # an entry of a shorter result is called by the first input of its unit
        entry = x[:, :: x.shape[-1] // got.shape[-1]]
        columns.append(tuple(part[kept].flatten() for part in (entry, got, hi, errors)))
        vectors += [tuple(row) for row in x[kept].tolist() for _ in range(got.shape[-1])]
    flat = [torch.cat(part) for part in zip(*columns, strict=True)]
    return summed_up(ORDERS[order], BOUNDS[order], flat, beside=vectors.__getitem__)
