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

# A network that answers one class is right on that class's share: one part in ten, give or take
# 0.3 % on 10,000 images. One that tells a single class from the rest is right on two parts in ten.
# Halfway between is far above what luck gives, and below what anything learnt does.
LEFT_CHANCE = 1.5 / len(CLASSES)
"""Share of validation images right, above which a network counts as having left chance."""


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

    logits: of images (batch, 28, 28) as a network reads them, of `like`'s dtype, (…, batch,
    classes); the result is (…).
    chunk: examples at a time; it bounds the memory and changes nothing else.
    """
    # made on the device: a CUDA graph cannot capture a copy from the host
    correct = torch.zeros((), dtype=torch.int64, device=like.device)
    pairs = zip(examples.images.split(chunk), examples.labels.split(chunk), strict=True)
    for images, labels in pairs:
        answers = logits(intake.pixels(images, like.dtype)).argmax(dim=-1)
        correct = correct + (answers == labels).sum(dim=-1)
    return correct
