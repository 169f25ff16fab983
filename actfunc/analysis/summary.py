"""A tensor's values in a few figures: moments, quantiles, share of zeros, and a histogram."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.errors import UsageError
from actfunc.number import whole

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)


class TensorSummary(NamedTuple):
    """Of all values of a tensor; every figure is 0-dimensional but the quantiles (5)."""

    mean: Tensor
    std: Tensor
    norm: Tensor
    smallest: Tensor
    largest: Tensor
    zeros: Tensor
    quantiles: Tensor


class Histogram(NamedTuple):
    """Counts (bins) of the finite values between edges (bins + 1), which are finite.

    nan, below, above: how many values beside them are NaN, -inf and +inf; 0-dimensional.
    """

    counts: Tensor
    edges: Tensor
    nan: Tensor
    below: Tensor
    above: Tensor


def summarise(values: Tensor) -> TensorSummary:
    """The figures of `values`, any shape. `std` divides by n; `zeros` is the share of exact zeros;
    the quantiles are those of `QUANTILES`, by linear interpolation."""
    flat = _flat(values)
    wide = flat.double()  # the squares of a vanishing signal would be 0 in float32
    return TensorSummary(
        mean=wide.mean().to(flat.dtype),
        std=wide.std(correction=0).to(flat.dtype),
        norm=torch.linalg.vector_norm(wide).to(flat.dtype),
        smallest=flat.min(),
        largest=flat.max(),
        zeros=(wide == 0).double().mean().to(flat.dtype),
        quantiles=_quantiles(flat),
    )


def histogram(values: Tensor, bins: int = 50) -> Histogram:
    """A histogram of all of `values` over equal bins from the smallest to the largest finite one.

    As numpy's: a bin holds its left edge, the last one both of its edges. Without a finite value
    the edges are those about 0, and no bin holds any.
    """
    flat, bins = _flat(values), whole("bins", bins)
    finite = flat.isfinite()
    some = finite.any()
    low = flat.where(finite, torch.inf).min().where(some, 0)
    high = flat.where(finite, -torch.inf).max().where(some, 0)
    edges = even_edges(low, high, bins)
    index = (torch.bucketize(flat, edges, right=True) - 1).clamp(0, bins - 1)
    counts = torch.zeros(bins, dtype=torch.long, device=flat.device)
    return Histogram(
        counts.scatter_add(0, index, finite.long()),
        edges,
        flat.isnan().sum(),
        flat.isneginf().sum(),
        flat.isposinf().sum(),
    )


def even_edges(low: Tensor, high: Tensor, bins: int) -> Tensor:
    """Edges (bins + 1) of bins of one width, exact at both ends."""
    flatline = (low == high).to(low.dtype)  # one value alone still needs a bin with a width
    low, high = low - 0.5 * flatline, high + 0.5 * flatline
    steps = torch.linspace(0, 1, bins + 1, dtype=low.dtype, device=low.device)
    # a distance of which there is no number has halves
    far = 2 * torch.lerp(low / 2, high / 2, steps)
    return torch.lerp(low, high, steps).where((high - low).isfinite(), far)


def _flat(values: Tensor) -> Tensor:
    if not (isinstance(values, Tensor) and values.is_floating_point()):
        kind = getattr(values, "dtype", type(values).__name__)
        raise UsageError(f"values must be a floating-point tensor, got {kind}")
    if not values.numel():
        raise UsageError(f"values must be one or more, got none, of shape {tuple(values.shape)}")
    return values.flatten()


def _quantiles(flat: Tensor) -> Tensor:
    # torch.quantile refuses more than 16 million values; sorting does not
    ordered = flat.sort().values
    place = torch.tensor(QUANTILES, dtype=torch.float64, device=flat.device) * (len(flat) - 1)
    below, above = ordered[place.floor().long()], ordered[place.ceil().long()]
    return torch.lerp(below, above, (place - place.floor()).to(flat.dtype))
