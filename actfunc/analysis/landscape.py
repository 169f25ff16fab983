"""The loss around one network in figures: the ends of its Hessian's spectrum, traces, stretch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vmap

from actfunc.analysis import traces as by_transforms
from actfunc.analysis.batches import in_batches, labelled
from actfunc.analysis.curvature import (
    flatten,
    gauss_newton_product,
    gauss_newton_trace,
    hessian_product,
    network_trace,
    operator,
    unflatten,
)
from actfunc.analysis.inside import given_to, pixels, read_examples
from actfunc.analysis.isometry import jacobian_singular_values
from actfunc.analysis.lanczos import (
    Ritz,
    Spectrum,
    TraceEstimate,
    gaussian,
    lanczos,
    largest,
    mean,
    signs,
    smallest,
    spectrum,
)
from actfunc.defaults import EIGENVALUES, LANCZOS_STEPS, TRACE_PROBES
from actfunc.errors import UsageError
from actfunc.generator import seeded
from actfunc.networks import Network
from actfunc.networks.network import Params
from actfunc.number import whole


class Landscape(NamedTuple):
    """Curvature of the mean cross-entropy at a network's parameters, and its stretch of inputs.

    top, lowest:         the Hessian's largest eigenvalues (k) and its most negative one (1)
    gauss_newton:        the largest eigenvalues of its Gauss-Newton part (k)
    spectrum:            the Hessian's nodes and weights
    trace:               of the Hessian; random probes only see what Gauss-Newton leaves out
    gauss_newton_trace:  0-dimensional, exact
    stretch:             singular values of each example's input-output Jacobian, (example, class)
    """

    top: Ritz
    lowest: Ritz
    gauss_newton: Ritz
    spectrum: Spectrum
    trace: TraceEstimate
    gauss_newton_trace: Tensor
    stretch: Tensor


@torch.no_grad()
def landscape(
    params: Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    *,
    network: Network | None = None,
    top: int = EIGENVALUES,
    steps: int = LANCZOS_STEPS,
    probes: int = TRACE_PROBES,
    seed: int = 0,
    batch: int = 1024,
    on_product: Callable[[int, int], None] | None = None,
) -> Landscape:
    """All of it, from 2·steps + probes products with vectors over the images (see `operator`).

    images, labels: see `data.intake`; they stream in batches; how large these are changes nothing
    but the rounding. activation: see `given.taken`, or `networks.OWN`. Raises UsageError.
    `on_product(done, all)` is called as products are done, a probe counting as one.
    """
    activation, n = given_to(activation), len(flatten(params))
    images, labels = read_examples(network, params, activation, images, labels)
    steps, top, probes = min(whole("steps", steps), n), whole("top", top), whole("probes", probes)
    if top > steps:
        raise UsageError(
            f"top must be from 1 to the {steps} eigenvalues that are found, got {top}",
            f"as many are found as there are steps, at most one a parameter, here {n}",
        )
    products, done = 2 * steps + probes, itertools.count(1)

    def told(found: Tensor) -> Tensor:
        if on_product is not None:
            on_product(next(done), products)
        return found

    hessian, gauss_newton = (
        operator(product, params, activation, images, labels, network=network, batch=batch)
        for product in (hessian_product, gauss_newton_product)
    )
    start = gaussian(flatten(params), seed)
    found = lanczos(lambda vector: told(hessian(vector)), start, steps)
    part_found = lanczos(lambda vector: told(gauss_newton(vector)), start, steps)
    traces, stretches = [], []
    for part in in_batches(images, batch):
        x = pixels(params, part)
        if network is None:
            trace = gauss_newton_trace(params, activation, x)
        else:
            trace = by_transforms.gauss_newton_trace(network, params, activation, x)
        traces.append(trace * len(part))
        stretches.append(jacobian_singular_values(params, activation, x, network=network))
    exact = torch.stack(traces).sum() / len(images)
    generator = seeded(seed)
    rest = mean(
        [
            told(_left_out(network, params, activation, images, labels, generator, batch))
            for _ in range(probes)
        ]
    )
    return Landscape(
        largest(found, top),
        smallest(found),
        largest(part_found, top),
        spectrum(found),
        rest._replace(value=exact + rest.value),
        exact,
        torch.cat(stretches),
    )


def gauss_newton_share(found: Landscape) -> Tensor:
    """The Gauss-Newton part's share of the trace, 0-dimensional; above 1 where the rest's trace
    is negative, NaN where both traces are 0."""
    return found.gauss_newton_trace / found.trace.value


def _left_out(
    network: Network | None,
    params: Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    generator: torch.Generator,
    batch: int,
) -> Tensor:
    """What Gauss-Newton leaves out of the trace over all of the images, by one probe."""
    # of affine layers a sign for each neuron is enough
    like = torch.cat([layer.bias for layer in params]) if network is None else flatten(params)
    total = like.new_zeros(())
    at_once = batch if network is None else by_transforms.examples_at_once(params)
    for part, answers in labelled(images, labels, at_once):
        # row by row, so that an example's signs are the same in batches of any size
        drawn = signs(like.expand(len(part), -1), generator)
        x = pixels(params, part)
        if network is None:
            probe = drawn.split([len(layer.bias) for layer in params], dim=-1)
            seen = network_trace(params, activation, x, answers, probe)
        else:
            each = vmap(partial(unflatten, params))(drawn)
            seen = by_transforms.network_trace(network, params, activation, x, answers, each)
        total = total + seen * (len(part) / len(images))
    return total
