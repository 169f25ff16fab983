"""How a network stretches its input: singular values of the input-output Jacobian."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import vjp

from actfunc.analysis.inside import forward, given_to, pixels, read_images
from actfunc.given import first_order
from actfunc.networks import Network
from actfunc.networks.network import Params
from actfunc.torch_private import outside_inference_mode


@outside_inference_mode
def input_jacobian(
    params: Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    network: Network | None = None,
) -> Tensor:
    """Each example's Jacobian of the logits with respect to its pixels: (batch, class, pixel).

    images: see `data.intake`; uint8 ones are normalised, and the pixels are the normalised ones.
    activation: see `given.taken`, or `networks.OWN`. Raises UsageError. One backward pass a class.
    """
    inputs, phi = read_images(params, images, network), first_order(given_to(activation))
    logits, back = vjp(lambda x: forward(network)(params, x, phi), pixels(params, inputs))[:2]
    # an example's logits depend on its own pixels alone, so one pass serves the whole batch;
    # `vmap(jacrev)` says the same, and the compiler breaks off at it
    rows = torch.eye(logits.shape[-1], dtype=logits.dtype, device=logits.device)
    return torch.stack([back(row.expand_as(logits))[0].flatten(1) for row in rows], dim=1)


def jacobian_singular_values(
    params: Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    network: Network | None = None,
) -> Tensor:
    """The singular values of each example's Jacobian, (batch, class), in descending order.

    All equal to 1 is dynamical isometry: a small change of the input is neither lost nor blown up.
    Pennington, Schoenholz & Ganguli, Resurrecting the sigmoid in deep learning through dynamical
    isometry, 2017. NaN for an example whose Jacobian is not finite, at which LAPACK would raise.
    """
    jacobian = input_jacobian(params, activation, images, network=network)
    finite = jacobian.isfinite().all(dim=-1).all(dim=-1)
    values = torch.linalg.svdvals(torch.where(finite[:, None, None], jacobian, 0.0))
    return torch.where(finite[:, None], values, torch.nan)
