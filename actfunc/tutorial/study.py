"""The study: what the tutorial asks of its six networks, each question a function of records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.analysis import (
    LayerActivations,
    LayerGradient,
    backpropagate,
    dead_neurons,
    distribution,
)
from actfunc.catalogue import get
from actfunc.data import normalise
from actfunc.storage import HIDDEN, WorkingSet
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.training import Accuracy, Epoch, evaluate
from actfunc.tutorial import SIX

if TYPE_CHECKING:
    from actfunc.certify import Certificate

DEEP = (*[256] * 5, *[128] * 5)
"""The hidden layers of the tutorial's ten-layer network."""

GRADIENT_BATCH, DISTRIBUTION_BATCH = 256, 1024
"""So many of the first training images the tutorial looks at."""


class Study(NamedTuple):
    """What has been found so far; mappings go by the tutorial's names, in its order.

    A part that is not there yet is empty. gradients, distributions: of each network's layers, the
    gradients of the weights and the values before and after the activation. accuracy: as shares.
    histories: the epochs of networks trained here. dead: dead neurons by hidden layer of the ReLU
    networks of `relu_networks`. pretrained: whether the networks are the author's.
    """

    work: WorkingSet
    activations: Mapping[str, Activation]
    certificates: Mapping[str, Certificate] = {}
    gradients: Mapping[str, Sequence[LayerGradient | mlp.Layer]] = {}
    histories: Mapping[str, Sequence[Epoch]] = {}
    accuracy: Mapping[str, Accuracy] = {}
    distributions: Mapping[str, Sequence[LayerActivations]] = {}
    dead: Mapping[str, Sequence[int]] = {}
    pretrained: bool = False
    seconds: float = 0.0


def activations() -> dict[str, Activation]:
    """The tutorial's activations by its names."""
    return {name: get(spec) for name, spec in SIX.items()}


def gradient_flow(work: WorkingSet) -> dict[str, tuple[LayerGradient, ...]]:
    """Every layer's gradients at initialisation, one network's weights for all activations."""
    params = work.fresh()
    images, labels = work.split.train.first(GRADIENT_BATCH)
    return {
        name: backpropagate(params, activation, normalise(images), labels)
        for name, activation in activations().items()
    }


def accuracies(work: WorkingSet, networks: Mapping[str, Checkpoint]) -> dict[str, Accuracy]:
    """Validation and test accuracy of each network."""
    return {
        name: evaluate(network.params, network.activation, work.split)
        for name, network in networks.items()
    }


@torch.no_grad()
def distributions(
    work: WorkingSet, networks: Mapping[str, Checkpoint]
) -> dict[str, tuple[LayerActivations, ...]]:
    """Values in each trained network over a batch."""
    images = normalise(work.split.train.first(DISTRIBUTION_BATCH).images)
    return {
        name: distribution(network.params, network.activation.f, images)
        for name, network in networks.items()
    }


def relu_networks(
    work: WorkingSet, trained: mlp.Params | None, hidden: tuple[int, ...] = HIDDEN
) -> dict[str, mlp.Params]:
    """The networks whose dead neurons the tutorial counts: fresh, trained, ten layers deep."""
    networks = {"untrained": work.fresh(hidden), "trained": trained, "deep": work.fresh(DEEP)}
    return {name: params for name, params in networks.items() if params is not None}


def count_dead(
    params: mlp.Params,
    activation: Activation,
    images: Tensor,
    on_batch: Callable[[int, int], None] | None = None,
) -> list[int]:
    """The number of dead neurons in each hidden layer."""
    dead = dead_neurons(params, activation.f, images, on_batch=on_batch)
    return [int(layer.sum()) for layer in dead]
