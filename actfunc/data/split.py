"""The tutorial's split of the training images into a training and a validation part."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.data.dataset import Dataset, Examples
from actfunc.errors import UsageError
from actfunc.generator import seeded


class Split(NamedTuple):
    """Three disjoint parts: what is trained on, what chooses the epoch, what is reported."""

    train: Examples
    validation: Examples
    test: Examples


def split(dataset: Dataset, seed: int = 42) -> Split:
    """Five sixths of the training images to train on, one sixth to validate, in the seed's order.

    Of 60,000 images 50,000 and 10,000: the same, in the same order, as the tutorial's
    `random_split(train, [50000, 10000])` after `manual_seed(seed)`. The test part stays as it is.
    """
    n = len(dataset.train.labels)
    if n < 6:
        raise UsageError(f"a split needs 6 training images or more, {dataset.name} has {n}")
    order = torch.randperm(n, generator=seeded(seed), device="cpu")
    order = order.to(dataset.train.labels.device)
    cut = n - n // 6
    return Split(_take(dataset.train, order[:cut]), _take(dataset.train, order[cut:]), dataset.test)


def _take(examples: Examples, index: Tensor) -> Examples:
    return Examples(examples.images[index], examples.labels[index])
