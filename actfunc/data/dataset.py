"""What a data set is here, where data sets live, and how pixels become the network's input."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""FashionMNIST's ten classes in the order of their labels; the drawn set has the same."""


class Examples(NamedTuple):
    """Images (n, …) uint8 from 0 to 255, or floating, and their labels (n,) int64.

    Of a regression, the labels are targets (n,) or (n, out), floating.
    """

    images: Tensor
    labels: Tensor

    def first(self, n: int) -> Examples:
        """The first n examples, or all where there are fewer."""
        return Examples(self.images[:n], self.labels[:n])


class Dataset(NamedTuple):
    """A data set as it is published: a training and a test part, both in memory.

    name:     its own, "FashionMNIST", or the place of a person's own
    classes:  the classes' names, in the order of the labels; empty of a regression
    note:     one or two sentences for the reader: where it came from and why it was chosen
    """

    name: str
    classes: tuple[str, ...]
    train: Examples
    test: Examples
    note: str


def outputs(dataset: Dataset) -> int:
    """How many numbers a network gives for an example: one a class, or as many as the targets."""
    if dataset.classes:
        return len(dataset.classes)
    targets = dataset.train.labels
    return 1 if targets.ndim == 1 else targets.shape[1]


def normalise(images: Tensor) -> Tensor:
    """Pixels as the network reads them: uint8 of any shape to float32 in [-1, 1], out of place.

    Bit-equal to torchvision's ToTensor and Normalize((0.5,), (0.5,)), on the images' own device.
    """
    # twice is exactly the division by one half, and half as dear
    return images.to(torch.float32, copy=True).div_(255).sub_(0.5).mul_(2)
