"""How good a network is on images it was not trained on."""

from __future__ import annotations

from typing import NamedTuple

import torch

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.data import Examples, Split, normalise


class Accuracy(NamedTuple):
    """Of one network, in percent."""

    validation: float
    test: float


def evaluate(params: mlp.Params, activation: Activation, split: Split) -> Accuracy:
    """The accuracy on the validation and on the test part of a split, in percent."""
    return Accuracy(
        validation=100 * accuracy(params, activation, split.validation),
        test=100 * accuracy(params, activation, split.test),
    )


@torch.no_grad()
def accuracy(params: mlp.Params, activation: Activation, examples: Examples) -> float:
    """The share of examples whose largest logit is the label's."""
    correct = 0
    for images, labels in zip(
        examples.images.split(1024), examples.labels.split(1024), strict=True
    ):
        logits = mlp.apply(params, normalise(images).to(params[0].weight.dtype), activation.f)
        correct += (logits.argmax(dim=-1) == labels).sum().item()
    return correct / len(examples.labels)
