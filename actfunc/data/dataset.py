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
    """Images (n, 28, 28) uint8, 0 is background, and their labels (n,) int64."""

    images: Tensor
    labels: Tensor

    def first(self, n: int) -> Examples:
        """The first n examples, or all where there are fewer."""
        return Examples(self.images[:n], self.labels[:n])


class Dataset(NamedTuple):
    """A data set as it is published: a training and a test part, both in memory.

    name:     "FashionMNIST" or "silhouettes"
    classes:  the ten class names, in the order of the labels
    note:     one or two sentences for the reader: where it came from and why it was chosen
    """

    name: str
    classes: tuple[str, ...]
    train: Examples
    test: Examples
    note: str


def normalise(images: Tensor) -> Tensor:
    """Pixels as the network reads them: uint8 of any shape to float32 in [-1, 1], out of place.

    Bit-equal to torchvision's ToTensor and Normalize((0.5,), (0.5,)), on the images' own device.
    """
    # twice is exactly the division by one half, and half as dear
    return images.to(torch.float32, copy=True).div_(255).sub_(0.5).mul_(2)
