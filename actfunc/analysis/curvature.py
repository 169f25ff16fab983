"""Curvature of the loss: products of its Hessian, and of the Gauss-Newton part of it, with vectors.

No matrix is formed. The second derivative of the activation in them is the record's own `d2f`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.func import grad, jvp, vjp
from torch.nn import functional as F

from actfunc import mlp, tree
from actfunc.activation import Function
from actfunc.analysis.batches import labelled
from actfunc.analysis.inside import forward, given_to, pixels, read_examples
from actfunc.data import intake
from actfunc.given import first_order, taken
from actfunc.networks import Network
from actfunc.networks.network import Params
from actfunc.torch_private import outside_inference_mode

Product: TypeAlias = Callable[..., Params]
"""A matrix of the loss times a vector, which has the parameters' structure."""


@outside_inference_mode
def hessian_product(
    params: Params,
    activation: Function,
    images: Tensor,
    labels: Tensor,
    vector: Params,
    *,
    network: Network | None = None,
) -> Params:
    """The Hessian of the mean cross-entropy of a batch, times a vector: `jvp` of `grad`.

    images, labels: see `data.intake`; activation: see `given.taken`; vector and result have the
    structure of the parameters. Raises UsageError. Pearlmutter, Fast exact multiplication by the
    Hessian, 1994.
    """
    phi = given_to(activation)
    images, labels = _batch(network, params, phi, images, labels)

    def loss(params: Params) -> Tensor:
        return F.cross_entropy(forward(network)(params, images, phi), labels)

    return jvp(grad(loss), (params,), (vector,))[1]


@outside_inference_mode
def gauss_newton_product(
    params: Params,
    activation: Function,
    images: Tensor,
    labels: Tensor,
    vector: Params,
    *,
    network: Network | None = None,
) -> Params:
    """The Gauss-Newton part of that Hessian, JᵀH_L J with J the Jacobian of the logits, times a
    vector. H_L = diag(p) − ppᵀ is the cross-entropy's own Hessian, so no label is looked at.

    What it leaves out is the curvature of the network itself. Arguments as `hessian_product`'s.
    Schraudolph, Fast curvature matrix-vector products for second-order gradient descent, 2002.
    """
    phi = first_order(given_to(activation))
    images, labels = _batch(network, params, phi, images, labels)

    def logits_of(params: Params) -> Tensor:
        return forward(network)(params, images, phi)

    pushed = jvp(logits_of, (params,), (vector,))
    logits, moved = pushed[0], pushed[1]
    p = logits.softmax(dim=-1)
    pulled = (p * moved - p * (p * moved).sum(dim=-1, keepdim=True)) / len(labels)
    return vjp(logits_of, params)[1](pulled)[0]


@outside_inference_mode
def gauss_newton_trace(params: mlp.Params, activation: Function, images: Tensor) -> Tensor:
    """The trace of the Gauss-Newton part, exactly and without a probe; 0-dimensional.

    diag(p) − ppᵀ = Σ_c p_c (e_c − p)(e_c − p)ᵀ, so it is the mean squared norm of each example's
    gradient when the label is drawn from the network's own prediction: one backward pass a class.
    That norm is |signal|² (|input|² + 1) a layer, so no example's gradient is formed.
    """
    images, phi = intake.taken_pixels(params, images), first_order(taken(activation))
    taps = mlp.zero_taps(params, len(images))

    def logits(taps: mlp.Taps) -> tuple[Tensor, mlp.Trace]:
        trace = mlp.trace(params, images, phi, taps)
        return trace.logits, trace

    output, back, trace = vjp(logits, taps, has_aux=True)  # type: ignore[misc]
    p = output.softmax(dim=-1)
    total = output.new_zeros(())
    for c in range(output.shape[-1]):
        one_hot = torch.zeros_like(p[0]).index_fill(0, torch.tensor([c], device=p.device), 1.0)
        signals = back(p[:, c : c + 1].sqrt() * (one_hot - p))[0]
        for signal, read in zip(signals, trace.inputs, strict=True):
            total = total + (signal.square().sum(-1) * (read.square().sum(-1) + 1)).sum()
    return total / len(images)


@outside_inference_mode
def network_trace(
    params: mlp.Params, activation: Function, images: Tensor, labels: Tensor, probe: mlp.Taps
) -> Tensor:
    """The trace of what Gauss-Newton leaves out of the Hessian, as one probe sees it.

    probe: independent ±1, one for each example and neuron, in the shape of `mlp.zero_taps`. Its
    mean over probes is the trace; 0-dimensional, and 0 for a piecewise linear activation.

    With p − y held, pᵢ − yᵢ times the logits is what curves. A weight's second derivative of it
    is its neuron's, times the input's square. So only a neuron's own curvature is needed, and an
    example's neurons have signs of their own: the error falls with the examples as well as with
    the probes, where probes of the whole Hessian see all of its off-diagonal.
    """
    images, labels = intake.taken_batch(params, images, labels)
    activation, taps = taken(activation), mlp.zero_taps(params, len(images))
    forward = mlp.trace(params, images, activation, taps)
    pulling = forward.logits.softmax(dim=-1)
    pulling = pulling - F.one_hot(labels, pulling.shape[-1]).to(pulling.dtype)

    def pulled(taps: mlp.Taps) -> Tensor:
        return (pulling * mlp.apply(params, images, activation, taps)).sum()

    moved = jvp(grad(pulled), (taps,), (probe,))[1]
    total = forward.logits.new_zeros(())
    for sign, move, read in zip(probe, moved, forward.inputs, strict=True):
        total = total + ((sign * move).sum(-1) * (read.square().sum(-1) + 1)).sum()
    return total / len(images)


def operator(
    product: Product,
    params: mlp.Params,
    activation: Function,
    images: Tensor,
    labels: Tensor,
    *,
    network: Network | None = None,
    batch: int = 1024,
) -> Function:
    """A product as a function of one flat vector (parameter), the mean over all of the images.

    images, labels: see `data.intake`; uint8 ones are normalised batch by batch: they stream, so
    memory does not grow with their number. activation: see `given.taken`. The vector has the
    parameters' dtype. Raises UsageError for what is none of these, and for a batch below 1.
    """
    activation = given_to(activation)
    images, labels = read_examples(network, params, activation, images, labels)
    labelled(images, labels, batch)  # what is wrong is said here, not at the first product

    def of(vector: Tensor) -> Tensor:
        total = torch.zeros_like(vector)
        shaped = unflatten(params, vector)
        for part, answers in labelled(images, labels, batch):
            read = pixels(params, part)
            moved = product(params, activation, read, answers, shaped, network=network)
            total = total + flatten(moved) * (len(answers) / len(labels))
        return total

    return of


def flatten(params: Params) -> Tensor:
    """The parameters as one vector (parameter): in the tree's order."""
    return torch.cat([leaf.flatten() for leaf in tree.leaves(params)])


def unflatten(params: Params, vector: Tensor) -> Params:
    """A vector (parameter) in the structure of `params`, the inverse of `flatten`."""
    parts = iter(vector.split([leaf.numel() for leaf in tree.leaves(params)]))
    return tree.map(lambda leaf: next(parts).view_as(leaf), params)


def _batch(
    network: Network | None, params: Params, activation: Function, images: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    images, labels = read_examples(network, params, activation, images, labels)
    return pixels(params, images), labels
