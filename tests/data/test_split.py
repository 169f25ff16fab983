"""The split and the pixels are the tutorial's: random_split's and torchvision's own."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import random_split

from actfunc.data import CLASSES, Dataset, Examples, normalise, split
from actfunc.errors import UsageError


def numbered(n: int) -> Dataset:
    """A data set whose labels count the training images."""
    images = (torch.arange(n) % 256).to(torch.uint8)[:, None, None].expand(n, 28, 28)
    test = Examples(torch.zeros(3, 28, 28, dtype=torch.uint8), torch.arange(3))
    return Dataset("numbered", CLASSES, Examples(images, torch.arange(n)), test, "")


@pytest.mark.parametrize("n", [6, 7, 11, 12, 600, 60_000])
@pytest.mark.parametrize("seed", [42, 0])
def test_split_is_random_split_after_manual_seed(n, seed):
    parts = split(numbered(n), seed)
    torch.manual_seed(seed)
    wanted = random_split(range(n), [n - n // 6, n // 6])
    assert parts.train.labels.tolist() == list(wanted[0].indices)
    assert parts.validation.labels.tolist() == list(wanted[1].indices)


def test_split_takes_image_and_label_together_and_leaves_the_test_part():
    dataset = numbered(600)
    parts = split(dataset)
    for part in (parts.train, parts.validation):
        assert torch.equal(part.images[:, 5, 7].long(), part.labels % 256)
    together = torch.cat([parts.train.labels, parts.validation.labels])
    assert torch.equal(together.sort().values, torch.arange(600))
    assert parts.test is dataset.test


def test_split_does_not_touch_the_global_generator():
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    split(numbered(60))
    assert torch.equal(torch.rand(3), wanted)


def test_split_of_too_few_images_says_how_many_it_needs():
    with pytest.raises(UsageError, match="needs 6 training images or more, numbered has 5"):
        split(numbered(5))


def test_normalise_is_torchvisions_for_every_pixel_value():
    from torchvision import transforms

    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)
    picture = transforms.ToPILImage()(pixels)
    tutorial = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    got = normalise(pixels)
    assert got.dtype == torch.float32
    assert torch.equal(got, tutorial(picture))
    assert got.min() == -1
    assert got.max() == 1
    assert torch.equal(pixels.flatten(), torch.arange(256, dtype=torch.uint8))


def test_normalise_compiles_whole_to_the_same_bits():
    pixels = torch.arange(256, dtype=torch.uint8)
    compiled = torch.compile(normalise, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(pixels), normalise(pixels))
    assert torch.equal(torch.func.vmap(normalise)(pixels[:, None])[:, 0], normalise(pixels))
