"""Batches hold every image once with its label."""

from __future__ import annotations

import pytest
import torch

from actfunc.analysis.batches import in_batches, labelled
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


@pytest.mark.parametrize("batch", [0, -3, 2.0, True, None, 10**12])
def test_a_batch_of_no_number_of_images_is_an_error(batch):
    with pytest.raises(UsageError, match=f"batch must be a whole number, .*, got {batch}"):
        in_batches(IMAGES, batch)
