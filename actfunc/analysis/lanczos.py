"""Of a symmetric matrix known by its products alone: extreme eigenvalues, spectrum and trace."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.errors import UsageError
from actfunc.generator import seeded


class Tridiagonal(NamedTuple):
    """What `lanczos` found: QᵀAQ = T, with `diagonal` (step) and `beside` (step − 1) those of T.

    basis: (step, n), orthonormal rows; remainder: 0-dimensional, the norm that was left over, 0
    where the basis holds all of A.
    """

    diagonal: Tensor
    beside: Tensor
    basis: Tensor
    remainder: Tensor


class Ritz(NamedTuple):
    """Approximate eigenvalues (k), and for each the norm of its residual Av − λv (k).

    An eigenvalue of A lies within the residual of each value. None is below the rounding of the
    largest value, which the recurrence does not see.
    """

    values: Tensor
    residuals: Tensor


class Spectrum(NamedTuple):
    """Nodes (step) in ascending order and their weights (step), which sum to 1: the share of the
    eigenvalues near a node, as far as the start vector was a random one."""

    nodes: Tensor
    weights: Tensor


class TraceEstimate(NamedTuple):
    """An estimated trace and its standard error, both 0-dimensional; the error is NaN from one
    probe."""

    value: Tensor
    standard_error: Tensor


def lanczos(product: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> Tridiagonal:
    """So many steps of Lanczos' iteration for a symmetric `product`, from a vector `start` (n).

    Every new vector is orthogonalised against all before it, twice: without that, converged
    eigenvalues come again as ghosts. Where the products stop leading out of the basis, it goes on
    with a new direction, so that `steps = n` gives the whole spectrum.
    Under `vmap`, draw `start` outside.
    Golub & Van Loan, Matrix Computations, 4th ed., section 10.3.
    """
    n = len(start)
    if not 1 <= steps <= n:
        raise UsageError(f"steps must be from 1 to the vector's length {n}, got {steps}")
    v = start / _norm(start)
    moved = product(v)
    # made of a product, they have the axis that `vmap` maps over, whatever `start` is
    basis, scale = moved.new_zeros(steps, n), moved.new_zeros(())
    diagonal, beside = [], []
    for step in range(steps):
        basis[step] = v
        moved = product(v) if step else moved
        diagonal.append((v * moved).sum())
        rest = _orthogonal(basis[: step + 1], moved)
        beta = _norm(rest)
        scale = torch.maximum(scale, _norm(moved))
        ended = beta <= 100 * torch.finfo(start.dtype).eps * scale
        beta = torch.where(ended, 0.0, beta)
        if step < steps - 1:
            beside.append(beta)
            other = _orthogonal(basis[: step + 1], _direction(start, step))
            v = torch.where(ended, other / _norm(other), rest / torch.where(ended, 1.0, beta))
    off = torch.stack(beside) if beside else start.new_zeros(0)
    return Tridiagonal(torch.stack(diagonal), off, basis, beta)


def largest(found: Tridiagonal, k: int = 1) -> Ritz:
    """The k largest eigenvalues, in descending order."""
    values, residuals = _ritz(found, k)
    return Ritz(values.flip(0)[:k], residuals.flip(0)[:k])


def smallest(found: Tridiagonal, k: int = 1) -> Ritz:
    """The k smallest eigenvalues (the most negative ones), in ascending order."""
    values, residuals = _ritz(found, k)
    return Ritz(values[:k], residuals[:k])


def spectrum(found: Tridiagonal) -> Spectrum:
    """The spectrum as Gauss' quadrature of it sees it: the Ritz values and their weights.

    Ghorbani, Krishnan & Xiao, An investigation into neural net optimization via Hessian
    eigenvalue density, 2019.
    """
    values, vectors = _eigh(found)
    dtype = found.diagonal.dtype
    return Spectrum(values.to(dtype), vectors[0].square().to(dtype))


def mean(seen: Sequence[Tensor]) -> TraceEstimate:
    """Of what single probes gave of a trace, 0-dimensional each; UsageError without any."""
    if not seen:
        raise UsageError("a trace needs one or more probes, got none")
    values = torch.stack(list(seen))
    spread = values.std(dim=0) if len(values) > 1 else torch.full_like(values[0], torch.nan)
    return TraceEstimate(values.mean(), spread / math.sqrt(len(values)))


def signs(like: Tensor, generator: torch.Generator) -> Tensor:
    """Independent ±1 in the shape of `like`, drawn on the CPU."""
    drawn = torch.randint(0, 2, like.shape, generator=generator, dtype=torch.int8, device="cpu")
    return (2 * drawn - 1).to(like.device, like.dtype)


def gaussian(like: Tensor, seed: int) -> Tensor:
    """A random start for `lanczos` in the shape of `like`, drawn on the CPU."""
    generator = seeded(seed)
    return torch.randn(like.shape, generator=generator, dtype=torch.float64, device="cpu").to(like)


def _orthogonal(basis: Tensor, vector: Tensor) -> Tensor:
    for _ in range(2):  # once leaves behind what was rounded; Kahan: twice is enough
        vector = vector - basis.mT @ (basis @ vector)
    return vector


def _norm(vector: Tensor) -> Tensor:
    # torch adds up float32 in float32: over 600,000 entries the fifth digit is wrong
    return torch.linalg.vector_norm(vector, dtype=torch.float64).to(vector.dtype)


def _direction(like: Tensor, step: int) -> Tensor:
    """A vector without a pattern, the same at every call: under `vmap` nothing may be drawn."""
    places = torch.arange(1, len(like) + 1, device=like.device, dtype=torch.float64)
    return torch.sin(places.square() * (step + math.sqrt(2))).to(like.dtype)


def _ritz(found: Tridiagonal, k: int) -> tuple[Tensor, Tensor]:
    if not 1 <= k <= len(found.diagonal):
        raise UsageError(
            f"k must be from 1 to the number of steps {len(found.diagonal)}, got {k}",
            "more steps find more eigenvalues",
        )
    values, vectors = _eigh(found)
    dtype = found.diagonal.dtype
    rounding = torch.finfo(dtype).eps * values.abs().amax()
    residuals = torch.hypot(found.remainder * vectors[-1].abs(), rounding)
    return values.to(dtype), residuals.to(dtype)


def _eigh(found: Tridiagonal) -> tuple[Tensor, Tensor]:
    """Of T; NaN where T is not finite, at which LAPACK would raise."""
    beside = found.beside.double()
    matrix = found.diagonal.double().diag() + beside.diag(1) + beside.diag(-1)
    finite = matrix.isfinite().all()
    values, vectors = torch.linalg.eigh(torch.where(finite, matrix, 0.0))
    return torch.where(finite, values, torch.nan), torch.where(finite, vectors, torch.nan)
