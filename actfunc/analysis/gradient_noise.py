"""How noisy a gradient is: its examples' spread about it, against its own size."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Noise(NamedTuple):
    """The gradient noise of a layer or a network, without bias, 0-dimensional each.

    spread:    tr Σ, the sum over parameters of the variance of an example's gradient
    strength:  squared norm of the gradient that infinitely many examples would give; the estimate
               falls below 0 where the examples at hand do not tell it from 0
    """

    spread: Tensor
    strength: Tensor

    @property
    def scale(self) -> Tensor:
        """The simple noise scale tr Σ / |G|² in examples: the batch whose gradient is as much noise
        as signal. Infinite where the strength is not above 0."""
        return (self.spread / self.strength).where(self.strength > 0, torch.inf)


def noise(mean_square: Tensor, square_mean: Tensor, count: int) -> Noise:
    """Noise from the mean over examples of |g|², and |mean g|², of `count` examples (2 or more).

    McCandlish et al. 2018, appendix A.1, with batches of 1 and of `count`.
    """
    spread = (mean_square - square_mean) * (count / (count - 1))
    return Noise(spread, square_mean - spread / count)


def mean_cosine(sum_of_units: Tensor, norms: Tensor) -> Tensor:
    """Mean cosine between two different examples' gradients of these norms (…, n), n 2 or more.

    sum_of_units: squared norm of the sum of all gradients, each scaled to norm 1. It holds a 1 for
    each as its cosine with itself; an example without gradient has cosine 0 with everyone.
    """
    count = norms.shape[-1]
    return (sum_of_units - (norms > 0).sum(-1)) / (count * (count - 1))
