"""What a compiled float32 step computes of tanh, erf, GELU and SiLU: one exponential.

The compiler computes a value and its slope in one loop. Where both come from the same exponential,
the slope costs a few multiplications; torch's own erfc and tanh cost three of it and more, and
the compiler would compute them anew for the way back. Its own erf, on a CPU, is off by 1e-7
wherever it is, and 0 next to 0. Eager calls, where each multiplication is a loop of its own, and
float64 do otherwise. `actfunc certify --compiled` judges what is written here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from actfunc.numerics.floats import finite, flushed, lowest

# tanh(x) = x + x³·P(x²) for |x| < 0.625: Moshier's Cephes library, tanhf
_TANH = (-0.333332819422, 0.133314422036, -0.0537397155531, 0.0206390887954, -0.00570498872745)

# erf(x) = x·P(x²) for |x| < 1: Moshier's Cephes library, erff
_ERF = (
    1.128379165726710, -0.3761262582423300, 0.1128358514861418, -0.02685381193529856,
    5.188327685732524e-3, -8.010193625184903e-4, 7.853861353153693e-5,
)  # fmt: skip

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
    # near 0 the difference cancels
    near = x + x * (x * x) * _polynomial(_TANH, x * x)
    return torch.copysign(torch.where(x.abs() < 0.625, near, (1 - e) / (1 + e)), x)  # of -0 too


def erf(x: Tensor) -> Tensor:
    """erf(x), wherever a function needs it; what torch has, where this is not how to compute."""
    if not applies(x):
        return torch.erf(x)
    far = 1 - 2 * _tail(math.sqrt(2) * x.abs(), torch.exp(-x * x))
    return torch.where(x.abs() < 1, x * _polynomial(_ERF, x * x), torch.copysign(far, x))


def normal_cdf(x: Tensor) -> Tensor:
    """Φ(x), which shares e^-x²/2 with its slope."""
    tail = _tail(x.abs(), _bell(x))
    near = 0.5 + x * _polynomial(_CENTRE, x * x)
    return torch.where(x.abs() < 1, near, torch.where(x > 0, 1 - tail, tail))


def gelu_slope(x: Tensor) -> Tensor:
    """The slope of x·Φ(x)."""
    return flushed(normal_cdf(x) + _bell(x) * (finite(x) / math.sqrt(2 * math.pi)))


def _bell(x: Tensor) -> Tensor:
    return torch.exp(-0.5 * x * x)


def _tail(a: Tensor, bell: Tensor) -> Tensor:
    """Φ(-a) for a > 0.9, from e^-a²/2."""
    t = 1 / (1 + 0.4 * a)
    return bell * (t * _polynomial(_MILLS, t))


def swish(x: Tensor, z: Tensor) -> Tensor:
    """x·σ(z), which shares e^-|z| with its slope."""
    e = torch.exp(-z.abs())
    return flushed(lowest(x) * (torch.where(z > 0, 1.0, e) * (1 / (1 + e))))


def swish_slope(z: Tensor) -> Tensor:
    """The slope of x·σ(z) by x, for z a multiple of x."""
    e = torch.exp(-z.abs())
    # σ(z)·(1 + z·σ(-z)) has the roundings of σ(-z) times z; here 1 + z is exact where they cancel
    one = 1 + z.clamp(-1e4, 1e4)
    slope = torch.where(z > 0, 1 + e * one, e * (one + e))
    # and in (1 + e)² the rounding of 1 + e would count twice
    return flushed(slope / (1 + e * (2 + e)))


def _polynomial(coefficients: tuple[float, ...], x: Tensor) -> Tensor:
    y = coefficients[-1] * x + coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        y = y * x + coefficient
    return y
