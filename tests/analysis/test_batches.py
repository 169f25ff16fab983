"""Batches hold every image once with its label, and what cannot be a batch is an error."""

from __future__ import annotations

import pytest
import torch

from actfunc.analysis.batches import as_float, check_labels, in_batches, labelled
from actfunc.data import normalise
from actfunc.errors import UsageError

IMAGES = torch.arange(7 * 4, dtype=torch.uint8).view(7, 2, 2)
LABELS = torch.arange(7)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 100])
def test_every_image_once_with_its_label(batch):
    assert torch.equal(torch.cat(in_batches(IMAGES, batch)), IMAGES)
    parts = list(labelled(IMAGES, LABELS, batch))
    assert [len(part) for part, _ in parts] == [min(batch, 7 - n) for n in range(0, 7, batch)]
    for index in (0, 1):
        assert torch.equal(torch.cat([pair[index] for pair in parts]), (IMAGES, LABELS)[index])


@pytest.mark.parametrize("batch", [0, -3])
def test_a_batch_of_nothing_is_an_error(batch):
    with pytest.raises(UsageError, match=f"batch must be a positive number of images, got {batch}"):
        in_batches(IMAGES, batch)


def test_no_image_is_an_error():
    with pytest.raises(UsageError, match="images must be one or more, got none"):
        labelled(IMAGES[:0], LABELS[:0], 3)


@pytest.mark.parametrize("labels", [LABELS[:1], LABELS[:6], LABELS[0], LABELS[:0]])
def test_a_label_an_image(labels):
    with pytest.raises(UsageError, match=f"got 7 images and {labels.numel() * labels.ndim} labels"):
        labelled(IMAGES, labels, 3)
    check_labels(7, LABELS.expand(2, 7))


def test_pixels_are_normalised_and_floats_are_left_alone():
    got = as_float(IMAGES, torch.float64)
    assert torch.equal(got, normalise(IMAGES).double())
    assert as_float(got, torch.float32) is got
