"""Functions of vectors: the ways onto the simplex, and maxout.

All but maxout have the Jacobian aᵢ(δᵢₖ - wₖ), a residual from the mean under weights w, scaled by
a. To add one, write it into `RECORDS`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, exp, log1p, relu, where, zeros_like

from actfunc.catalogue.named import ByName
from actfunc.errors import UsageError
from actfunc.vector import VectorFunction


class _Weights(NamedTuple):
    """Weights that add up to one, and the largest of them as a mask: the first where some tie.

    A weight is a product of two numbers: as one it could be subnormal or zero before a large
    tangent, which the product with it is not, has its say.
    """

    half: Tensor
    other: Tensor | float
    top: Tensor
    dim: int

    def of(self, t: Tensor) -> Tensor:
        """w·t."""
        return t * self.half * self.other

    def residual(self, t: Tensor) -> Tensor:
        """t - ⟨w, t⟩; where t is the largest weight's and would cancel against itself, what the
        other weights say of the difference."""
        largest = where(self.top, t, 0.0).sum(self.dim, keepdim=True)
        apart = where(self.top, 0.0, self.of(largest - t)).sum(self.dim, keepdim=True)
        return where(self.top, apart, t - self.of(t).sum(self.dim, keepdim=True))


def _largest(x: Tensor, dim: int) -> Tensor:
    return zeros_like(x, dtype=torch.bool).scatter(dim, x.argmax(dim, keepdim=True), True)


def _shifted(x: Tensor, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """x less its largest entry, which one that is, and the sum of the others' exponentials."""
    largest, top = x.amax(dim, keepdim=True), _largest(x, dim)
    z = x - largest
    others = where(top, 0.0, exp(z)).sum(dim, keepdim=True)
    # in 1 + others the 1 meets the rest once, and not entry by entry; an infinity makes all NaN
    return z, top, others + (largest - largest)


def _softmax(x: Tensor, dim: int) -> Tensor:
    z, _, others = _shifted(x, dim)
    return exp(z) / (1 + others)


def _softmax_weights(x: Tensor, dim: int) -> _Weights:
    z, top, others = _shifted(x, dim)
    half = exp(0.5 * z)
    return _Weights(half, half / (1 + others), top, dim)


def _softmax_jvp(x: Tensor, t: Tensor, dim: int) -> Tensor:
    weights = _softmax_weights(x, dim)
    return weights.of(weights.residual(t))


def _softmax_second(x: Tensor, t: Tensor, dim: int) -> Tensor:
    weights = _softmax_weights(x, dim)
    return weights.of(weights.residual(weights.residual(t).square()))


def _log_softmax(x: Tensor, dim: int) -> Tensor:
    z, _, others = _shifted(x, dim)
    return z - log1p(others)  # the logarithm of 1 + 1e-20 would be 0


def _log_softmax_second(x: Tensor, t: Tensor, dim: int) -> Tensor:
    weights = _softmax_weights(x, dim)
    variance = weights.of(weights.residual(t).square()).sum(dim, keepdim=True)
    return -variance.expand_as(t)


def _from_the_largest(x: Tensor, dim: int, scale: float) -> Tensor:
    # no threshold is lower than -1 when the largest is 0: what lies there is out, infinities too
    return (scale * (x - x.amax(dim, keepdim=True))).clamp(min=-1.0)


def _descending(z: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The entries sorted, and the numbers 1, 2, … along the dimension."""
    ranked = z.sort(dim, descending=True).values
    return ranked, torch.ones_like(z).cumsum(dim)


def _above_sparse_threshold(x: Tensor, dim: int) -> Tensor:
    """x - τ where that is positive, else 0, with τ such that these add up to one."""
    z = _from_the_largest(x, dim, 1.0)
    ranked, k = _descending(z, dim)
    inside = 1 + k * ranked > ranked.cumsum(dim)
    size = inside.sum(dim, keepdim=True).to(x.dtype)
    threshold = (where(inside, ranked, 0.0).sum(dim, keepdim=True) - 1) / size
    above = relu(z - threshold)
    # what rounding left: one step of Newton's on the sum
    size = (above > 0).sum(dim, keepdim=True).to(x.dtype)
    return relu(z - (threshold + (above.sum(dim, keepdim=True) - 1) / size))


def _sparsemax_jvp(x: Tensor, t: Tensor, dim: int) -> Tensor:
    inside = (_above_sparse_threshold(x, dim) > 0).to(x.dtype)
    return inside * (t - (inside * t).sum(dim, keepdim=True) / inside.sum(dim, keepdim=True))


def _entmax_root(x: Tensor, dim: int) -> Tensor:
    """x/2 - τ where that is positive, else 0, with τ such that the squares add up to one."""
    z = _from_the_largest(x, dim, 0.5)
    ranked, k = _descending(z, dim)
    mean = ranked.cumsum(dim) / k
    lacking = (1 - (ranked.square().cumsum(dim) - k * mean.square())) / k
    thresholds = mean - lacking.clamp(min=0.0).sqrt()
    size = (thresholds <= ranked).sum(dim, keepdim=True)
    threshold = thresholds.gather(dim, (size - 1).clamp(min=0))
    for _ in range(2):  # the squares of what cancels: two steps of Newton's on their sum
        root = relu(z - threshold)
        step = (root.square().sum(dim, keepdim=True) - 1) / (2 * root.sum(dim, keepdim=True))
        threshold = threshold + step
    return relu(z - threshold)


def _entmax_weights(x: Tensor, dim: int) -> tuple[Tensor, _Weights]:
    root = _entmax_root(x, dim)
    return root, _Weights(root / root.sum(dim, keepdim=True), 1.0, _largest(x, dim), dim)


def _entmax_jvp(x: Tensor, t: Tensor, dim: int) -> Tensor:
    root, weights = _entmax_weights(x, dim)
    return root * weights.residual(t)


def _entmax_second(x: Tensor, t: Tensor, dim: int) -> Tensor:
    root, weights = _entmax_weights(x, dim)
    square = where(root > 0, weights.residual(t).square(), 0.0)
    return 0.5 * (square - weights.of(square.sum(dim, keepdim=True)))


def _in_pieces(x: Tensor, dim: int, pieces: int) -> tuple[Tensor, int]:
    dim %= x.dim()
    if pieces < 1 or x.shape[dim] % pieces:
        raise UsageError(f"{x.shape[dim]} entries are not units of {pieces} pieces each")
    shape = *x.shape[:dim], x.shape[dim] // pieces, pieces, *x.shape[dim + 1 :]
    return x.reshape(shape), dim + 1


def _maxout_jvp(x: Tensor, t: Tensor, dim: int, pieces: int) -> Tensor:
    units, axis = _in_pieces(x, dim, pieces)
    first = units.argmax(axis, keepdim=True)
    return _in_pieces(t, dim, pieces)[0].gather(axis, first).squeeze(axis)


RECORDS = (
    VectorFunction(
        "softmax",
        "exp(x_i) / sum_j exp(x_j)",
        f=_softmax,
        jvp=_softmax_jvp,
        second=_softmax_second,
        source="Bridle 1990, Probabilistic interpretation of feedforward network outputs",
    ),
    VectorFunction(
        "softmin",
        "exp(-x_i) / sum_j exp(-x_j)",
        f=lambda x, dim: _softmax(-x, dim),
        jvp=lambda x, t, dim: -_softmax_jvp(-x, t, dim),
        second=lambda x, t, dim: _softmax_second(-x, t, dim),
        source="softmax of -x; torch.nn.functional.softmin",
    ),
    VectorFunction(
        "log_softmax",
        "x_i - log(sum_j exp(x_j))",
        f=_log_softmax,
        jvp=lambda x, t, dim: _softmax_weights(x, dim).residual(t),
        second=_log_softmax_second,
        source="the logarithm of softmax; torch.nn.functional.log_softmax",
    ),
    VectorFunction(
        "sparsemax",
        "max(x_i - tau, 0), tau such that these add up to 1",
        f=_above_sparse_threshold,
        jvp=_sparsemax_jvp,
        second=lambda x, t, dim: zeros_like(t),
        source="Martins & Astudillo 2016, arXiv:1602.02068",
    ),
    VectorFunction(
        "entmax15",
        "max(x_i / 2 - tau, 0)**2, tau such that these add up to 1",
        f=lambda x, dim: _entmax_root(x, dim).square(),
        jvp=_entmax_jvp,
        second=_entmax_second,
        source="Peters, Niculae & Martins 2019, arXiv:1905.05702",
        aliases=("entmax", "entmax_1.5"),
    ),
    VectorFunction(
        "maxout",
        "the largest of each unit's pieces, neighbours in x; of equals the first",
        f=lambda x, dim, pieces: _maxout_jvp(x, x, dim, pieces),
        jvp=_maxout_jvp,
        second=lambda x, t, dim, pieces: zeros_like(_maxout_jvp(x, t, dim, pieces)),
        params={"pieces": 2},
        source="Goodfellow et al. 2013, arXiv:1302.4389",
    ),
)

VECTORS: ByName[VectorFunction] = ByName("vector function", RECORDS)
