"""In how many directions a layer's values vary: two continuous counts of a matrix's rank."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Rank(NamedTuple):
    """Two ranks of one matrix, from 0 where its rows are all the same to its smaller side."""

    effective: Tensor
    participation: Tensor


def rank(values: Tensor) -> Rank:
    """The ranks of (…, batch, out) values about their mean over the batch, computed in float64.

    effective: exp of the entropy of the singular values divided by their sum (Roy & Vetterli, The
    effective rank, 2007). participation: (Σλ)² / Σλ² of the covariance's eigenvalues λ, which are
    the singular values' squares. Both are k for k equal singular values; the second counts small
    ones less. NaN of values that are not finite, at which LAPACK would raise.
    """
    finite = values.isfinite().all(-1).all(-1)
    wide = values.double().where(finite[..., None, None], 0)
    sizes = torch.linalg.svdvals(wide - wide.mean(-2, keepdim=True))
    # what is left of a constant column after its mean is rounding, not variation
    noise = torch.finfo(torch.float64).eps * max(values.shape[-2:]) * wide.abs().amax((-2, -1))
    sizes = torch.where(sizes > noise.unsqueeze(-1), sizes, 0.0)
    varies = sizes[..., 0] > 0
    # by the largest, for the squares of tiny ones would be 0
    relative = sizes / torch.where(varies, sizes[..., 0], 1.0).unsqueeze(-1)
    shares = relative / torch.where(varies, relative.sum(-1), 1.0).unsqueeze(-1)
    entropy = -torch.special.xlogy(shares, shares).sum(-1)
    energy = relative.square()
    spread = energy.sum(-1).square() / torch.where(varies, energy.square().sum(-1), 1.0)
    effective = torch.where(varies, entropy.exp(), 0.0)
    return Rank(*(each.where(finite, math.nan) for each in (effective, spread)))
