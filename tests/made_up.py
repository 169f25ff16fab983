"""A small data set made for the tests."""

from __future__ import annotations

import torch

from actfunc.data import CLASSES, Dataset, Examples


def small_dataset() -> Dataset:
    """Ten blurred patterns under noise: 1,200 images to train on, 200 to test, learnt in a few
    epochs."""
    generator = torch.Generator().manual_seed(0)
    patterns = torch.randint(0, 256, (10, 28, 28), generator=generator)

    def draw(n: int) -> Examples:
        labels = torch.randint(0, 10, (n,), generator=generator)
        noise = torch.randint(0, 256, (n, 28, 28), generator=generator)
        return Examples(((patterns[labels] + 3 * noise) // 4).to(torch.uint8), labels)

    return Dataset("made-up", CLASSES, draw(1200), draw(200), "Made for the tests.")
