"""What a layer of a wide random network makes of the correlation of two examples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.analysis.functions import record_of
from actfunc.analysis.gaussian import edges, expectation, nodes
from actfunc.analysis.signal import variance_map


def correlation_map(
    activation: Activation | Function,
    correlation: Tensor | float,
    variance: float,
    gain: float,
    bias: float = 0.0,
) -> Tensor:
    """The next layer's correlation of two examples, (point) for correlations (point) in [-1, 1].

    variance: of both examples' pre-activations; where it is a fixed point, the slope at 1 is χ.
    Two inputs of correlation c are √|c|·s + √(1 - |c|)·t with a common s, so the average is one
    over s of the product of two averages over t, each split at the joints.
    """
    record = record_of(activation)
    joints, order = record.joint_points, 8
    v = torch.as_tensor(variance, dtype=torch.float64)

    def product(c: Tensor) -> Tensor:
        shared = c.abs()

        def averages(s: Tensor) -> Tensor:
            return expectation(record.f, v * (1 - shared), s, joints=joints, order=order)

        def both(s: Tensor) -> Tensor:
            return averages(s) * averages(s * torch.where(c < 0, -1.0, 1.0))

        return expectation(both, v * shared, joints=joints, order=order)

    points = torch.as_tensor(correlation, dtype=torch.float64).clamp(-1, 1)
    products = torch.stack([product(c) for c in points.flatten()]).reshape(points.shape)
    return (gain**2 * products + bias**2) / variance_map(record, v, gain, bias)


def correlation_series(
    activation: Activation | Function,
    variance: float,
    gain: float,
    bias: float = 0.0,
    *,
    terms: int = 128,
) -> Callable[[Tensor], Tensor]:
    """The same map as a power series: far quicker, and less exact near ±1 where φ has joints.

    By Mehler's formula E[φ(x)φ(y)] = Σ aₖ²·cᵏ with φ's coefficients aₖ in normalised Hermite
    polynomials. The last of the terms has all that is left, so that the map is right at 1, and
    elsewhere wrong by at most |c|^(terms - 1) times that.
    """
    record = record_of(activation)
    v = torch.as_tensor(variance, dtype=torch.float64)
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
