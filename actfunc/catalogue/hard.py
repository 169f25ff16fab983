"""Hard activations: the straight pieces that stand in for a smooth function, and end in corners."""

from __future__ import annotations

from torch import Tensor, relu, where

from actfunc.activation import Activation
from actfunc.numerics.floats import inside, step, zero


def _between(x: Tensor, min_val: float | Tensor, max_val: float | Tensor) -> Tensor:
    """1 between the two, 0 at them and beyond.

    In float64: a parameter such as 0.3 rounded to float32 would be a float next to the joint, and
    that float on the wrong side of it.
    """
    x64 = x.double()
    return inside((x64 > min_val) & (x64 < max_val), x)


def _hardtanh(x: Tensor, min_val: float, max_val: float) -> Tensor:
    # clamp does not take a tensor and a number
    return where(x >= max_val, max_val, where(x <= min_val, min_val, x))


def _hardswish(x: Tensor) -> Tensor:
    inner = x.clamp(-3, 3)
    return where(x >= 3, x, inner * (inner + 3) / 6)


def _hardswish_slope(x: Tensor) -> Tensor:
    # torch 2.14 has the slope 0 at -3 and 1 at 3; older ones had -1/2 and 3/2 (pytorch#147801)
    return where(x >= 3, 1.0, (2 * x.clamp(-3, 3) + 3) / 6 * (x > -3))


def _hard_mish(x: Tensor) -> Tensor:
    inner = x.clamp(-2, 0)
    return where(x > 0, x, inner * (inner + 2) / 2)


def _in_bend(x: Tensor, beta: float) -> Tensor:
    return (x.double() > -beta) & (x.double() <= beta)


def _past_start(x: Tensor, beta: float) -> Tensor:
    # x + beta in the bend, nothing outside: what overflows unseen makes the derivative by beta NaN
    return where(_in_bend(x, beta), x + beta, 0.0)


def _smelu(x: Tensor, beta: float) -> Tensor:
    past = _past_start(x, beta)
    # the quotient first: a square may overflow or vanish
    return where(_in_bend(x, beta), past * (past / (4 * beta)), relu(x))


def _smelu_slope(x: Tensor, beta: float) -> Tensor:
    straight = step(x)
    return where(_in_bend(x, beta), _past_start(x, beta) / (2 * beta), straight)


def _smelu_curvature(x: Tensor, beta: float) -> Tensor:
    return inside(_in_bend(x, beta), x) / (2 * beta)


RECORDS = (
    Activation(
        "hardtanh",
        "min_val if x <= min_val else (max_val if x >= max_val else x)",
        *(_hardtanh, _between, lambda x, min_val, max_val: zero(x)),
        params={"min_val": -1.0, "max_val": 1.0},
        domain={"min_val": "(-inf, max_val)"},
        joints=lambda min_val, max_val: (min_val, max_val),
        range="[min_val, max_val]",
        asymptotes=("min_val", "max_val"),
        source="Collobert 2004, Large scale machine learning",
    ),
    Activation(
        "hardsigmoid",
        "0 if x <= -3 else (1 if x >= 3 else (x + 3) / 6)",
        f=lambda x: ((x + 3) / 6).clamp(0, 1),
        df=lambda x: _between(x, -3, 3) / 6,
        d2f=zero,
        joints=(-3.0, 3.0),
        range="[0, 1]",
        asymptotes=("0", "1"),
        source="Howard et al. 2019 (MobileNetV3), arXiv:1905.02244",
        aliases=("h_sigmoid",),
    ),
    Activation(
        "sparse_sigmoid",
        "0 if x <= -1 else (1 if x >= 1 else (x + 1) / 2)",
        f=lambda x: ((x + 1) / 2).clamp(0, 1),
        df=lambda x: _between(x, -1, 1) / 2,
        d2f=zero,
        joints=(-1.0, 1.0),
        range="[0, 1]",
        asymptotes=("0", "1"),
        source="Blondel, Martins & Niculae 2019 (Fenchel-Young losses), arXiv:1901.02324",
    ),
    Activation(
        "hardswish",
        "0 if x <= -3 else (x if x >= 3 else x * (x + 3) / 6)",
        f=_hardswish,
        df=_hardswish_slope,
        d2f=lambda x: _between(x, -3, 3) / 3,
        joints=(-3.0, 3.0),
        range="[-3/8, inf)",
        asymptotes=("0", "x"),
        source="Howard et al. 2019 (MobileNetV3), arXiv:1905.02244",
        aliases=("hard_silu", "h_swish"),
    ),
    Activation(
        "hard_mish",
        "x if x > 0 else (x * (x + 2) / 2 if x > -2 else 0)",
        f=_hard_mish,
        df=lambda x: where(x > 0, 1.0, (x.clamp(-2, 0) + 1) * (x > -2)),
        d2f=lambda x: inside((x > -2) & (x <= 0), x),
        joints=(-2.0, 0.0),
        range="[-1/2, inf)",
        asymptotes=("0", "x"),
        source="Misra 2020, github.com/digantamisra98/H-Mish; SqREU: Wuraola et al. 2021",
        aliases=("h_mish", "sqreu"),
    ),
    Activation(
        "sparse_plus",
        "x if x > 1 else ((x + 1)**2 / 4 if x > -1 else 0)",
        f=lambda x: _smelu(x, 1.0),
        df=lambda x: _smelu_slope(x, 1.0),
        d2f=lambda x: _smelu_curvature(x, 1.0),
        joints=(-1.0, 1.0),
        range="[0, inf)",
        asymptotes=("0", "x"),
        source="Blondel, Martins & Niculae 2019 (Fenchel-Young losses), arXiv:1901.02324",
    ),
    Activation(
        "smelu",
        "x if x > beta else ((x + beta)**2 / (4 * beta) if x > -beta else 0)",
        *(_smelu, _smelu_slope, _smelu_curvature),
        params={"beta": 2.0},
        domain={"beta": "(0, inf)"},
        joints=lambda beta: (-beta, beta),
        range="[0, inf)",
        asymptotes=("0", "x"),
        source="Shamir & Lin 2022, arXiv:2202.06499; beta: most public code begins with 2",
    ),
)
