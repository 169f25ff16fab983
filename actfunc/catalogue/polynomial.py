"""Polynomials, the identity first: activations with no bound, no joint and no exponential."""

from __future__ import annotations

import math

import torch

from actfunc.activation import Activation
from actfunc.numerics.floats import zero

_HALF = math.sqrt(0.5)

RECORDS = (
    Activation(
        "identity",
        "x",
        f=lambda x: x,
        df=lambda x: 1 + zero(x),
        d2f=zero,
        asymptotes=("x", "x"),
        source="classical; a network of it is linear",
        aliases=("linear",),
    ),
    Activation(
        "square",
        "x**2",
        f=torch.square,
        df=lambda x: 2 * x,
        d2f=lambda x: 2 + zero(x),
        range="[0, inf)",
        asymptotes=("x**2", "x**2"),
        source="Livni, Shalev-Shwartz & Shamir 2014, arXiv:1410.1141",
        aliases=("quadratic",),
        steep=True,
    ),
    Activation(
        "cube",
        "x**3",
        f=lambda x: x * x * x,
        df=lambda x: 3 * x * x,
        d2f=lambda x: 6 * x,
        asymptotes=("x**3", "x**3"),
        source="Chen & Manning 2014, A fast and accurate dependency parser using neural networks",
        aliases=("cubic",),
        steep=True,
    ),
    Activation(
        "hermite_2",
        "(x**2 - 1) / sqrt(2)",
        # √½ first: x² overflows before x²/√2 does
        f=lambda x: (x - 1) * _HALF * (x + 1),
        df=lambda x: 2 * _HALF * x,
        d2f=lambda x: 2 * _HALF + zero(x),
        range="[-1 / sqrt(2), inf)",
        asymptotes=("(x**2 - 1) / sqrt(2)", "(x**2 - 1) / sqrt(2)"),
        source="the second Hermite polynomial, of unit variance; neural-tangents' Hermite",
        steep=True,
    ),
    Activation(
        "squ",
        "x**2 + x",
        f=lambda x: x * (x + 1),
        df=lambda x: 2 * x + 1,
        d2f=lambda x: 2 + zero(x),
        range="[-1 / 4, inf)",
        asymptotes=("x * (x + 1)", "x * (x + 1)"),
        source="Noel et al. 2021, arXiv:2111.04020",
        aliases=("shifted quadratic unit",),
        steep=True,
    ),
    Activation(
        "ncu",
        "x - x**3",
        f=lambda x: x * (1 - x) * (1 + x),
        df=lambda x: 1 - 3 * x * x,
        d2f=lambda x: -6 * x,
        asymptotes=("x * (1 - x**2)", "x * (1 - x**2)"),
        source="Noel et al. 2021, arXiv:2111.04020",
        aliases=("non-monotonic cubic unit",),
        steep=True,
    ),
)
