"""How good a network is on images it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import mlp
from actfunc.data import CLASSES, Examples, Split, intake
from actfunc.given import Given, taken, value_of

MARGIN = 0.05
"""Above chance, at most, beyond which a network counts as having left it. Luck gives a tenth of it:
0.3 % on 10,000 images."""


def left_chance(classes: int = len(CLASSES)) -> float:
    """The share of validation images right, above which a network counts as having left chance.

    A network that answers one class is right on that class's share, 1 / classes. One that tells a
    single class from the rest is right on two such shares. The bound is halfway between, and five
    points above the one at most: 0.15 of ten classes, 0.55 of two, 0.015 of a hundred.
    """
    return 1 / classes + min(0.5 / classes, MARGIN)


class Accuracy(NamedTuple):
    """Of one network: shares of images right, in [0, 1]."""

    validation: float
    test: float


def evaluate(params: mlp.Params, activation: Given, split: Split) -> Accuracy:
    """The accuracy on the validation and on the test part of a split."""
    return Accuracy(
        validation=accuracy(params, activation, split.validation),
        test=accuracy(params, activation, split.test),
    )


def accuracy(params: mlp.Params, activation: Given, examples: Examples) -> float:
    """The share of examples, in [0, 1], whose largest logit is the label's.

    examples, activation: as people bring them, see `intake` and `given.taken`. Raises UsageError.
    """
    examples = intake.taken_examples(params, examples)
    logits = partial(mlp.apply, params, activation=value_of(taken(activation)))
    correct = right_answers(logits, params[0].weight, examples, chunk=1024)
    return correct.item() / len(examples.labels)


@torch.no_grad()
def right_answers(
    logits: Callable[[Tensor], Tensor], like: Tensor, examples: Examples, chunk: int
) -> Tensor:
    """How many examples have their largest logit at the label, int64.

    Logits of which one is NaN, as of a network that has diverged, are no answer and never right.

    logits: of images (batch, 28, 28) as a network reads them, of `like`'s dtype, (…, batch,
    classes); the result is (…).
    chunk: examples at a time; it bounds the memory and changes nothing else.
    """
    # made on the device: a CUDA graph cannot capture a copy from the host
    correct = torch.zeros((), dtype=torch.int64, device=like.device)
    pairs = zip(examples.images.split(chunk), examples.labels.split(chunk), strict=True)
    for images, labels in pairs:
        found = logits(intake.pixels(images, like.dtype))
        answered = ~found.amax(dim=-1).isnan()  # argmax would take a NaN for the largest
        correct = correct + (answered & (found.argmax(dim=-1) == labels)).sum(dim=-1)
    return correct
