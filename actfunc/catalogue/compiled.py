"""What a compiled float32 step computes of tanh, GELU and SiLU: one exponential.

The compiler computes a value and its slope in one loop. Where both come from the same exponential,
the slope costs a few multiplications; torch's own erfc and tanh cost three of it and more, and
the compiler would compute them anew for the way back. Eager calls, where each multiplication is a
loop of its own, and float64 do otherwise. `actfunc certify --compiled` judges what is written here.
"""

from __future__ import annotations

import torch
from torch import Tensor

from actfunc.catalogue.floats import flushed, lowest

# tanh(x) = x + x³·P(x²) for |x| < 0.625: Moshier's Cephes library, tanhf
_TANH = (-0.333332819422, 0.133314422036, -0.0537397155531, 0.0206390887954, -0.00570498872745)

# Φ(x) = ½ + x·R(x²) for |x| < 1, fitted to 9e-10
_CENTRE = (
    0.3989422917366028, -0.06649035215377808, 0.009973284788429737, -0.0011862110113725066,
    0.00011333781731082126, -7.589942470076494e-06,
)  # fmt: skip

# e^(a²/2)·Φ(-a) = t·Q(t) with t = 1 / (1 + 0.4·a) for 0.9 < a < 14.5, fitted to 1.3e-7
_MILLS = (
    0.15959258377552032, 0.15915966033935547, 0.13856641948223114, 0.05714314430952072,
    0.10221938788890839, -0.1832914650440216, 0.06687160581350327,
)  # fmt: skip


def applies(x: Tensor) -> bool:
    """Whether this is how to compute at x."""
    return torch.compiler.is_compiling() and x.dtype == torch.float32


def tanh(x: Tensor) -> Tensor:
    """tanh(x), which shares e^-|2x| with its slope."""
    e = torch.exp(-(2 * x).abs())
    far = torch.copysign((1 - e) / (1 + e), x)
    # near 0 the difference cancels
    return torch.where(x.abs() < 0.625, x + x * (x * x) * _polynomial(_TANH, x * x), far)


def normal_cdf(x: Tensor) -> Tensor:
    """Φ(x), which shares e^-x²/2 with its slope."""
    t = 1 / (1 + 0.4 * x.abs())
    tail = torch.exp(-0.5 * x * x) * (t * _polynomial(_MILLS, t))
    near = 0.5 + x * _polynomial(_CENTRE, x * x)
    return torch.where(x.abs() < 1, near, torch.where(x > 0, 1 - tail, tail))


def swish(x: Tensor, z: Tensor) -> Tensor:
    """x·σ(z), which shares e^-|z| and the quotient with its slope."""
    opened, _ = _gates(z)
    return flushed(lowest(x) * opened)


def swish_slope(z: Tensor) -> Tensor:
    """The slope of x·σ(z) by x, for z a multiple of x."""
    z = z.clamp(-1e4, 1e4)
    opened, closed = _gates(z)
    return flushed(opened * (1 + z * closed))


def _gates(z: Tensor) -> tuple[Tensor, Tensor]:
    """σ(z) and σ(-z)."""
    e = torch.exp(-z.abs())
    large = 1 / (1 + e)
    small = e * large
    return torch.where(z > 0, large, small), torch.where(z > 0, small, large)


def _polynomial(coefficients: tuple[float, ...], x: Tensor) -> Tensor:
    y = coefficients[-1] * x + coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        y = y * x + coefficient
    return y
