"""The loss around one network in figures: the ends of its Hessian's spectrum, traces, stretch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import mlp
from actfunc.analysis.curvature import (
    as_float,
    flatten,
    gauss_newton_product,
    gauss_newton_trace,
    hessian_product,
    operator,
)
from actfunc.analysis.isometry import jacobian_singular_values
from actfunc.analysis.lanczos import (
    Ritz,
    Spectrum,
    Trace,
    gaussian,
    hutchinson,
    lanczos,
    largest,
    rademacher,
    smallest,
    spectrum,
)


class Landscape(NamedTuple):
    """Curvature of the mean cross-entropy at a network's parameters, and its stretch of inputs.

    top, lowest:         the Hessian's largest eigenvalues (k) and its most negative one (1)
    gauss_newton:        the largest eigenvalues of its Gauss-Newton part (k)
    spectrum:            the Hessian's nodes and weights
    trace:               of the Hessian, by random probes
    gauss_newton_trace:  0-dimensional, exact
    stretch:             singular values of each example's input-output Jacobian, (example, class)
    """

    top: Ritz
    lowest: Ritz
    gauss_newton: Ritz
    spectrum: Spectrum
    trace: Trace
    gauss_newton_trace: Tensor
    stretch: Tensor


def landscape(
    params: mlp.Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    *,
    top: int = 5,
    steps: int = 40,
    probes: int = 20,
    seed: int = 0,
    batch: int = 1024,
    on_product: Callable[[int, int], None] | None = None,
) -> Landscape:
    """All of it, from 2·steps + probes products with vectors over the images (see `operator`).

    images: float, or uint8 that stream in batches. `on_product(done, all)` is called as products
    are done.
    """
    steps = min(steps, len(flatten(params)))
    done, whole = 0, 2 * steps + probes

    def counted(of: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def product(vector: Tensor) -> Tensor:
            nonlocal done
            found = of(vector)
            done += 1
            if on_product is not None:
                on_product(done, whole)
            return found

        return product

    hessian, gauss_newton = (
        counted(operator(product, params, activation, images, labels, batch=batch))
        for product in (hessian_product, gauss_newton_product)
    )
    start = gaussian(flatten(params), seed)
    found = lanczos(hessian, start, steps)
    traces, stretches = [], []
    for part in images.split(batch):
        pixels = as_float(part, start.dtype)
        traces.append(gauss_newton_trace(params, activation, pixels) * len(part))
        stretches.append(jacobian_singular_values(params, activation, pixels))
    return Landscape(
        largest(found, top),
        smallest(found),
        largest(lanczos(gauss_newton, start, steps), top),
        spectrum(found),
        hutchinson(hessian, rademacher(start, probes, seed)),
        torch.stack(traces).sum() / len(images),
        torch.cat(stretches),
    )


def gauss_newton_share(found: Landscape) -> Tensor:
    """The Gauss-Newton part's share of the trace, 0-dimensional; above 1 where the rest's trace
    is negative."""
    return found.gauss_newton_trace / found.trace.value
