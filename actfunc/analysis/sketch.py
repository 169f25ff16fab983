"""The figures of values that stream past: moments exactly, quantiles and histogram from bins.

The bins are fixed, so memory does not grow with the values, and the order of the batches does not
matter: a value's bin is the leading half of its bits in float32, which is its size to 1/128.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.analysis.summary import QUANTILES, Histogram, TensorSummary, even_edges
from actfunc.number import whole

_SIZES = 2**15
_INFINITY = 0x7F80
"""The bins of one sign, and which of them float32's infinity begins."""
_BELOW, _ABOVE = _SIZES - 1 - _INFINITY, _SIZES + _INFINITY
"""The bins of the two infinities; further out are those of NaN."""


class Sketch(NamedTuple):
    """What is kept of the values; no axes but a stack's, and `counts` (…, bins), the bins in order.

    seen: how many. total, square: sums of them and of their squares, float64. smallest, largest,
    zeros: extremes, and how many are exactly 0.
    """

    seen: Tensor
    total: Tensor
    square: Tensor
    smallest: Tensor
    largest: Tensor
    zeros: Tensor
    counts: Tensor

    def summary(self) -> TensorSummary:
        """What `summarise` gives of all the values, for one network.

        Quantiles to 1/128 of their size, and 0 where that is under float32's normal numbers; the
        spread as √(mean square - mean²).
        """
        mean, kind = self.total / self.seen, self.smallest.dtype
        spread = (self.square / self.seen - mean.square()).clamp(min=0).sqrt()
        at = torch.tensor(QUANTILES, dtype=torch.float64, device=mean.device) * (self.seen - 1)
        # the n-th of the values, from 0, stands in the middle of its n-th share of a bin
        quantiles = _interpolate(at + 0.5, self._below(), self._edges())
        quantiles = quantiles.where(quantiles.abs() >= torch.finfo(torch.float32).tiny, 0)
        return TensorSummary(
            mean=mean.to(kind),
            std=spread.to(kind),
            norm=self.square.sqrt().to(kind),
            smallest=self.smallest,
            largest=self.largest,
            zeros=(self.zeros.double() / self.seen).to(kind),
            quantiles=quantiles.to(kind),
        )

    def histogram(self, bins: int = 50) -> Histogram:
        """What `histogram` gives of all the values, for one network: the same edges, and counts
        that differ by what lies in the bins kept here that an edge cuts: little, unless all values
        are far from 0 beside their spread. Beside values that are not finite the edges are those of
        the outermost bins kept here."""
        finite, bins = self._of_finite(), whole("bins", bins)
        low, high = finite.smallest.double(), finite.largest.double()
        edges = even_edges(low, high, bins)
        below = _interpolate(edges, finite._edges(), finite._below()).round().long()
        below = below.where(low != high, finite.seen * (edges > low))
        below[0], below[-1] = 0, finite.seen
        return Histogram(
            below.diff(),
            edges.to(self.smallest.dtype),
            self.seen - self.counts[_BELOW : _ABOVE + 1].sum(),
            self.counts[_BELOW],
            self.counts[_ABOVE],
        )

    def _of_finite(self) -> Sketch:
        """The same without what is not finite, as far as a histogram looks."""
        if bool(self.smallest.isfinite() & self.largest.isfinite()):
            return self
        counts = torch.zeros_like(self.counts)
        counts[_BELOW + 1 : _ABOVE] = self.counts[_BELOW + 1 : _ABOVE]
        filled, ends = counts.nonzero().flatten(), self._ends()
        most = torch.finfo(torch.float32).max
        low, high = (ends[filled[0]], ends[filled[-1] + 1]) if len(filled) else ends.new_zeros(2)
        return self._replace(
            seen=counts.sum(),
            smallest=low.clamp(min=-most).to(self.smallest.dtype),
            largest=high.clamp(max=most).to(self.largest.dtype),
            counts=counts,
        )

    def _edges(self) -> Tensor:
        return self._ends().clamp(self.smallest.double(), self.largest.double())

    def _ends(self) -> Tensor:
        sizes = torch.arange(_SIZES + 1, dtype=torch.int32, device=self.counts.device)
        ends = (sizes.clamp(max=_INFINITY) << 16).view(torch.float32).double()
        return torch.cat([-ends.flip(0), ends[1:]])

    def _below(self) -> Tensor:
        return torch.cat([self.counts.new_zeros(1), self.counts.cumsum(0)]).double()


def nothing(like: Tensor) -> Sketch:
    """The sketch of no values, of the dtype and on the device of `like`, with its axes."""
    number, whole = like.double() * 0, torch.zeros_like(like, dtype=torch.int64)
    return Sketch(
        seen=torch.zeros((), dtype=torch.int64, device=like.device),
        total=number,
        square=number,
        smallest=torch.full_like(like, math.inf),
        largest=torch.full_like(like, -math.inf),
        zeros=whole,
        counts=whole.unsqueeze(-1).expand(*whole.shape, 2 * _SIZES),
    )


def add(before: Sketch, values: Tensor) -> Sketch:
    """The sketch with a batch of values more, (…, batch, out); the one given stays as it is."""
    flat = values.flatten(-2)
    wide = flat.double()
    low, high = flat.aminmax(dim=-1)
    bits = (flat.float() + 0.0).view(torch.int32) >> 16  # the sum makes -0 a 0
    place = torch.where(bits >= 0, _SIZES + bits, _SIZES - 1 - (bits & (_SIZES - 1))).long()
    return Sketch(
        before.seen + flat.shape[-1],
        before.total + wide.sum(-1),
        before.square + wide.square().sum(-1),
        torch.minimum(before.smallest, low),
        torch.maximum(before.largest, high),
        before.zeros + (flat == 0).sum(-1),
        before.counts.scatter_add(-1, place, torch.ones_like(place)),
    )


def _interpolate(at: Tensor, x: Tensor, y: Tensor) -> Tensor:
    right = torch.searchsorted(x, at, right=True).clamp(1, len(x) - 1)
    left = right - 1
    width = x[right] - x[left]
    share = ((at - x[left]) / width.where(width > 0, 1)).clamp(0, 1)
    return y[left] + share * (y[right] - y[left])
