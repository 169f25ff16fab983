"""A tensor's values in a few figures: moments, quantiles, share of zeros, and a histogram."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)


class Summary(NamedTuple):
    """Of all values of a tensor; every figure is 0-dimensional but the quantiles (5)."""

    mean: Tensor
    std: Tensor
    norm: Tensor
    smallest: Tensor
    largest: Tensor
    zeros: Tensor
    quantiles: Tensor


class Histogram(NamedTuple):
    """Counts (bins) of the values between edges (bins + 1)."""

    counts: Tensor
    edges: Tensor


def summarise(values: Tensor) -> Summary:
    """The figures of `values`, any shape. `std` divides by n; `zeros` is the share of exact zeros;
    the quantiles are those of `QUANTILES`, by linear interpolation."""
    flat = values.flatten()
    wide = flat.double()  # the squares of a vanishing signal would be 0 in float32
    return Summary(
        mean=wide.mean().to(flat.dtype),
        std=wide.std(correction=0).to(flat.dtype),
        norm=torch.linalg.vector_norm(wide).to(flat.dtype),
        smallest=flat.min(),
        largest=flat.max(),
        zeros=(wide == 0).double().mean().to(flat.dtype),
        quantiles=_quantiles(flat),
    )


def histogram(values: Tensor, bins: int = 50) -> Histogram:
    """A histogram of all of `values` over equal bins from the smallest to the largest.

    As numpy's: a bin holds its left edge, the last one both of its edges.
    """
    flat = values.flatten()
    low, high = flat.min(), flat.max()
    flatline = (low == high).to(flat.dtype)  # one value alone still needs a bin with a width
    low, high = low - 0.5 * flatline, high + 0.5 * flatline
    steps = torch.linspace(0, 1, bins + 1, dtype=flat.dtype, device=flat.device)
    edges = torch.lerp(low, high, steps)  # exact at both ends
    index = (torch.bucketize(flat, edges, right=True) - 1).clamp(0, bins - 1)
    counts = torch.zeros(bins, dtype=torch.long, device=flat.device)
    return Histogram(counts.scatter_add(0, index, torch.ones_like(index)), edges)


def _quantiles(flat: Tensor) -> Tensor:
    # torch.quantile refuses more than 16 million values; sorting does not
    ordered = flat.sort().values
    place = torch.tensor(QUANTILES, dtype=torch.float64, device=flat.device) * (len(flat) - 1)
    below, above = ordered[place.floor().long()], ordered[place.ceil().long()]
    return torch.lerp(below, above, (place - place.floor()).to(flat.dtype))
