"""How good a network is on images it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc import tree
from actfunc.data import CLASSES, Examples, Split, intake
from actfunc.given import Given, taken, value_of
from actfunc.networks import Network
from actfunc.training import losses
from actfunc.training.losses import GivenLoss
from actfunc.training.objective import objective_of

MARGIN = 0.05
"""Above chance, at most, beyond which a network counts as having left it. Luck gives a tenth of it:
0.3 % on 10,000 images."""


def left_chance(classes: int = len(CLASSES)) -> float:
    """The share of validation images right, above which a network counts as having left chance.

    A network that answers one class is right on that class's share, 1 / classes. One that tells a
    single class from the rest is right on two such shares. The bound is halfway between, and five
    points above the one at most: 0.15 of ten classes, 0.55 of two, 0.015 of a hundred. Of no
    classes, in a regression, the share is of the variance explained, of which chance has nothing.
    """
    if not classes:
        return MARGIN
    return 1 / classes + min(0.5 / classes, MARGIN)


class Accuracy(NamedTuple):
    """Of one network: shares of images right, in [0, 1]; of a regression, of variance explained."""

    validation: float
    test: float


def evaluate(
    params: Any,
    activation: Given,
    split: Split,
    *,
    network: Network | None = None,
    loss: GivenLoss = losses.CROSS_ENTROPY,
) -> Accuracy:
    """The accuracy on the validation and on the test part of a split; see `accuracy`."""
    return Accuracy(
        *(
            accuracy(params, activation, part, network=network, loss=loss)
            for part in (split.validation, split.test)
        )
    )


def accuracy(
    params: Any,
    activation: Given,
    examples: Examples,
    *,
    network: Network | None = None,
    loss: GivenLoss = losses.CROSS_ENTROPY,
) -> float:
    """The share of examples, in [0, 1], whose largest logit is the label's.

    Of a network with one output, those where it is above 0 for label 1 alone; where targets are
    numbers, the share of their variance that the outputs explain. network: the multilayer
    perceptron by default; loss: says what targets are taken.
    examples, activation: as people bring them, see `intake` and `given.taken`. Raises UsageError.
    """
    objective = objective_of(network, loss)
    examples = objective.taken_examples(params, examples)
    outputs = partial(objective.outputs, params, activation=value_of(taken(activation)))
    total = right_answers(outputs, tree.leaves(params)[0], examples, chunk=1024)
    return losses.share(total, len(examples.labels), examples.labels).item()


@torch.no_grad()
def right_answers(
    outputs: Callable[[Tensor], Tensor], like: Tensor, examples: Examples, chunk: int
) -> Tensor:
    """How many examples are answered right, int64; where targets are numbers, the sum of squared
    errors, in `like`'s dtype. See `losses.counted`.

    Outputs of which one is NaN, as of a network that has diverged, are no answer and never right.

    outputs: of images (batch, …) as a network reads them, of `like`'s dtype, (…, batch, out); the
    result is (…).
    chunk: examples at a time; it bounds the memory and changes nothing else.
    """
    # made on the device: a CUDA graph cannot capture a copy from the host
    counts = losses.counts_in(examples.labels, like.dtype)
    total = torch.zeros((), dtype=counts, device=like.device)
    pairs = zip(examples.images.split(chunk), examples.labels.split(chunk), strict=True)
    for images, labels in pairs:
        found = outputs(intake.pixels(images, like.dtype))
        counted = losses.counted(found, labels)
        if not labels.is_floating_point():
            # argmax would take a NaN for the largest
            counted = ~found.amax(dim=-1).isnan() & counted
        total = total + counted.sum(dim=-1)
    return total
