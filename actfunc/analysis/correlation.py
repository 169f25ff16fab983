"""What a layer of a wide random network makes of the correlation of two examples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.analysis.gaussian import as_variance, edges, nodes
from actfunc.analysis.signal import variance_map
from actfunc.given import record_of


def correlation_series(
    activation: Activation | Function,
    variance: float,
    gain: float,
    bias: float = 0.0,
    *,
    terms: int = 128,
) -> Callable[[Tensor], Tensor]:
    """The map from the correlation of two examples in a layer to that in the next one, as a power
    series: of correlations in [-1, 1], any shape.

    variance: of both examples' pre-activations; where it is a fixed point, the slope at 1 is χ.
    By Mehler's formula E[φ(x)φ(y)] = Σ aₖ²·cᵏ with φ's coefficients aₖ in normalised Hermite
    polynomials. The last of the terms has all that is left, so that the map is right at 1, and
    elsewhere wrong by at most |c|^(terms - 1) times that; for ReLU by 1e-4 at -1.
    """
    record = record_of(activation)
    v = as_variance(variance)
    x, z, root = nodes(v, edges=edges(record))
    value = torch.where(root > 0, record.f(x) * root, 0.0)
    before, hermite, products = torch.zeros_like(z), root, []
    for k in range(terms - 1):
        products.append((value * hermite).sum().square())
        # hₖ₊₁ = (z·hₖ - √k·hₖ₋₁) / √(k + 1)
        before, hermite = hermite, (z * hermite - k**0.5 * before) / (k + 1) ** 0.5
    rest = (value.square().sum() - sum(products)).clamp(min=0)
    series = gain**2 * torch.stack([*products, rest])
    powers = torch.arange(terms, device=series.device)
    whole = variance_map(record, v, gain, bias)

    def mapped(correlation: Tensor) -> Tensor:
        return ((series * correlation.unsqueeze(-1) ** powers).sum(-1) + bias**2) / whole

    return mapped
