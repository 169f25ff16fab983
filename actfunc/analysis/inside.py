"""What the activations in a network are given and give: in the tutorial's network, or in any."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from actfunc import mlp, tree
from actfunc.activation import Activation
from actfunc.data import intake
from actfunc.errors import UsageError
from actfunc.given import Given, taken, value_of
from actfunc.lifting import Slope
from actfunc.networks import OWN, Network, Site
from actfunc.networks.network import Apply, Params, look


@dataclass(frozen=True)
class Inside:
    """One place where a network calls its activation, over a batch.

    name:     what the place is called
    before:   what the activation was given, as the network has it
    after:    what it gave
    function: the activation, or the one that a module has there by itself
    site:     which axis of these has the units; None in a multilayer perceptron, where the last has
    """

    name: str
    before: Tensor
    after: Tensor
    function: Given
    site: Site | None = None

    @property
    def pre(self) -> Tensor:
        """What the activation was given, (example, unit): positions and tokens are examples."""
        return self._by_unit(self.before)

    @property
    def post(self) -> Tensor:
        """What it gave, (example, unit)."""
        return self._by_unit(self.after)

    @property
    def slope(self) -> Tensor:
        """The activation's slope at what it was given, (example, unit)."""
        function = self.function
        slope = function.df if isinstance(function, Activation) else Slope(function)
        return self._by_unit(slope(self.before))

    def value(self, units: Tensor) -> Tensor:
        """The activation's values at a number for each unit, (unit)."""
        function = value_of(self.function)
        if self.site is None:
            return function(units)
        # along the axis that it knows as that of the units
        shape = [1] * self.before.ndim
        shape[self.site.units] = -1
        return function(units.view(shape)).flatten()

    def _by_unit(self, values: Tensor) -> Tensor:
        return values if self.site is None else self.site.per_unit(values)


def inside(
    params: Params, activation: Given, inputs: Tensor, network: Network | None = None
) -> tuple[Inside, ...]:
    """What the activation sees in each place, from the input on, and gives there.

    inputs: a batch, ready to be read; activation: as `given_to` takes it.
    network: what the parameters are of; without one they are a multilayer perceptron's.
    """
    if network is None:
        trace = mlp.trace(params, inputs, activation)
        places = zip(trace.pre_activations, trace.activations, strict=False)
        return tuple(
            Inside(f"hidden layer {number}", before, after, activation)
            for number, (before, after) in enumerate(places, start=1)
        )
    found, seen = look(network, params, inputs, activation)
    parts = zip(found, seen.before, seen.after, seen.functions, strict=True)
    return tuple(
        Inside(site.name, before, after, function, site) for site, before, after, function in parts
    )


def given_to(activation: Given) -> Given:
    """An activation as `given.taken` has it, or `networks.OWN`."""
    return activation if activation is OWN else taken(activation)


def read_images(params: Params, images: object, network: Network | None) -> Tensor:
    """Images as they come in, looked at once: as an MLP takes them, or as any network may."""
    take = intake.taken_images if network is None else intake.taken_inputs
    return take(params, images)


def forward(network: Network | None) -> Apply:
    """The pass of a network; without one a multilayer perceptron's."""
    return mlp.apply if network is None else network.apply


def read_examples(
    network: Network | None, params: Params, activation: Given, images: object, labels: object
) -> tuple[Tensor, Tensor]:
    """Images and their labels as they come in, looked at once."""
    if network is None:
        return intake.taken_examples(params, (images, labels))
    images = read_images(params, images, network)
    return images, read_labels(network, params, activation, images, labels)


def read_labels(
    network: Network, params: Params, activation: Given, inputs: Tensor, labels: object
) -> Tensor:
    """Labels of a batch, int64, looked at once.

    Raises UsageError for what are none, and for a network that gives no logits (batch, class).
    """
    with torch.no_grad():
        logits = network.apply(params, pixels(params, inputs[:1]), activation)
    if logits.ndim != 2 or len(logits) != 1:
        raise UsageError(
            f"{network.name} gives outputs of shape {tuple(logits.shape)} for one image",
            "logits are (batch, class)",
        )
    labels = intake.plain_tensor(labels, "labels", inputs.device)
    return intake.as_labels(labels, len(inputs), logits.shape[-1], "labels")


def pixels(params: Params, images: Tensor) -> Tensor:
    """Images that were looked at, as a network of these parameters reads them."""
    return intake.pixels(images, tree.leaves(params)[0].dtype)
