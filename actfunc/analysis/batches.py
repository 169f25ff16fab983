"""Images and labels in batches, so that the memory of a figure does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from actfunc.number import whole


def in_batches(images: Tensor, batch: int) -> tuple[Tensor, ...]:
    """The images `batch` at a time, the last ones fewer. Raises UsageError for no such number."""
    return images.split(whole("batch", batch))


def labelled(images: Tensor, labels: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The same with the labels (n) of these images."""
    return zip(in_batches(images, batch), in_batches(labels, batch), strict=True)
