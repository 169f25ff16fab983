"""Images and labels in batches, so that the memory of a figure does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from actfunc.data import normalise
from actfunc.errors import UsageError


def in_batches(images: Tensor, batch: int) -> tuple[Tensor, ...]:
    """The images `batch` at a time, the last ones fewer; UsageError where there are none."""
    if not len(images):
        raise UsageError("images must be one or more, got none")
    if batch < 1:
        raise UsageError(f"batch must be a positive number of images, got {batch}")
    return images.split(batch)


def labelled(images: Tensor, labels: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The same with the labels (n) of these images; UsageError where they are more or fewer."""
    check_labels(len(images), labels)
    return zip(in_batches(images, batch), labels.split(batch), strict=True)


def check_labels(count: int, labels: Tensor) -> None:
    """Raise UsageError unless there are `count` labels, (…, count): one alone would be taken for
    all the images."""
    found = labels.shape[-1] if labels.ndim else 0
    if found != count:
        raise UsageError(
            f"every image needs a label, got {count} images and {found} labels",
            "labels are whole numbers, (batch)",
        )


def as_float(images: Tensor, dtype: torch.dtype) -> Tensor:
    """uint8 images normalised, in `dtype`; floating-point ones as they are."""
    return images if images.is_floating_point() else normalise(images).to(dtype)
