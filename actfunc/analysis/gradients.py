"""How gradients flow: what each layer's weights and each example's signal receive from the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.func import grad
from torch.nn import functional as F

from actfunc import mlp, tree
from actfunc.analysis.inside import given_to, pixels, read_images, read_labels
from actfunc.analysis.per_example import examples, mean
from actfunc.data import intake
from actfunc.given import first_order, taken
from actfunc.networks import Network, observe, sites
from actfunc.networks.network import Params
from actfunc.torch_private import outside_inference_mode


class LayerGradient(NamedTuple):
    """What one layer receives.

    signal:  gradient with respect to the pre-activations, (batch, out), an example a row
    weight:  gradient with respect to the weight, (out, in)
    bias:    gradient with respect to the bias, (out)
    """

    signal: Tensor
    weight: Tensor
    bias: Tensor


def backpropagate(
    params: mlp.Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
) -> tuple[LayerGradient, ...]:
    """The gradients of the mean cross-entropy of a batch, layer by layer from the input.

    images, labels: see `data.intake`; activation: see `given.taken`; UsageError for what is none.
    The weight's gradient is the signal's outer product with what the layer read, so no hook is
    needed and no second pass.
    """
    images, labels = intake.taken_batch(params, images, labels)
    return tuple(
        LayerGradient(layer.signal / labels.shape[-1], *mean(*layer))
        for layer in examples(params, taken(activation), images, labels)
    )


class NetworkGradient(NamedTuple):
    """What any network receives.

    parameters: gradient with respect to each parameter, by its path, `stem.weight`
    signals:    gradient with respect to what the activation is given, by the name of the place,
                (example, unit): positions and tokens are examples
    """

    parameters: dict[str, Tensor]
    signals: dict[str, Tensor]


@outside_inference_mode
def received(
    network: Network,
    params: Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
) -> NetworkGradient:
    """The gradients of the mean cross-entropy of a batch in any network that gives logits.

    images: (batch, …) as the network reads them, labels: (batch), see `data.intake`; activation:
    see `given.taken`, or `networks.OWN`. Raises UsageError. The signals are the gradients with
    respect to zeros that are added to what the activation is given.
    """
    inputs = pixels(params, read_images(params, images, network))
    phi = first_order(given_to(activation))
    labels = read_labels(network, params, phi, inputs, labels)
    places = sites(network, params, inputs, phi)
    taps = tuple(inputs.new_zeros(place.shape) for place in places)

    def loss(params: Params, taps: tuple[Tensor, ...]) -> Tensor:
        seen = observe(network.apply, params, inputs, phi, taps)
        return F.cross_entropy(seen.output, labels)

    gradient, signals = grad(loss, argnums=(0, 1))(params, taps)
    return NetworkGradient(
        tree.named_leaves(gradient),
        {place.name: place.per_unit(signal) for place, signal in zip(places, signals, strict=True)},
    )
