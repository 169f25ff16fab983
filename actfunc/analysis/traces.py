"""Traces of the loss's Hessian in two parts for any network, by transforms, example by example.

Where all parameters are affine layers, no example's gradient need be formed: see `curvature`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import grad, jvp, vjp, vmap
from torch.nn import functional as F

from actfunc import tree
from actfunc.given import Given, first_order
from actfunc.networks import Network
from actfunc.networks.network import Params
from actfunc.torch_private import outside_inference_mode

HELD = 2**26
"""Numbers of examples' own gradients that are held at once."""


def examples_at_once(params: Params) -> int:
    """Of how many examples a gradient of all parameters each is held at once."""
    return max(1, HELD // max(1, sum(leaf.numel() for leaf in tree.leaves(params))))


@outside_inference_mode
def gauss_newton_trace(network: Network, params: Params, activation: Given, x: Tensor) -> Tensor:
    """The trace of the Gauss-Newton part over inputs as the network reads them, 0-dimensional.

    As `curvature.gauss_newton_trace`: the mean squared norm of each example's gradient when the
    label is drawn from the network's own prediction.
    """
    phi = first_order(activation)
    classes = network.apply(params, x[:1], phi).shape[-1]

    def of_example(one: Tensor) -> Tensor:
        logits, back = vjp(lambda p: network.apply(p, one.unsqueeze(0), phi).squeeze(0), params)[:2]
        p = logits.softmax(-1)
        towards = p.sqrt().unsqueeze(-1) * (torch.eye(classes, dtype=p.dtype, device=p.device) - p)
        return vmap(lambda row: _square(back(row)[0]))(towards).sum()

    at_once = max(1, examples_at_once(params) // classes)
    found: Tensor = vmap(of_example, chunk_size=at_once)(x).mean()
    return found


@outside_inference_mode
def network_trace(
    network: Network, params: Params, activation: Given, x: Tensor, labels: Tensor, probe: Params
) -> Tensor:
    """The trace of what Gauss-Newton leaves out, as one probe sees it; 0-dimensional.

    probe: in the structure of the parameters, independent ±1 for each example and parameter,
    (batch, *shape). With p - y held, (p - y) times the logits is what curves. Examples have signs
    of their own, so that the error falls with the examples as well as with the probes.
    """

    def of_example(one: Tensor, label: Tensor, signs: Params) -> Tensor:
        def logits_of(params: Params) -> Tensor:
            return network.apply(params, one.unsqueeze(0), activation).squeeze(0)

        logits = logits_of(params)
        pulling = logits.softmax(-1) - F.one_hot(label, logits.shape[-1]).to(logits.dtype)

        def pulled(params: Params) -> Tensor:
            return (pulling * logits_of(params)).sum()

        moved = jvp(grad(pulled), (params,), (signs,))[1]
        each = tree.map(lambda sign, move: (sign * move).sum(), signs, moved)
        return torch.stack(tree.leaves(each)).sum()

    found: Tensor = vmap(of_example, chunk_size=examples_at_once(params))(x, labels, probe).mean()
    return found


def _square(parameters: Params) -> Tensor:
    return torch.stack([leaf.square().sum() for leaf in tree.leaves(parameters)]).sum()
