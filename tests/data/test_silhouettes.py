"""The drawn set: the same bytes everywhere, balanced, learnable, and hard for a linear model."""

from __future__ import annotations

import hashlib

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from actfunc import mlp
from actfunc.data import CLASSES, load, normalise, silhouettes, split
from actfunc.data.silhouettes import BLOCK, draw, examples

FIRST_100 = "ddc687af8c576afd5d7cf3bb587a7b3d94df92f118662df1dee63c11f3299dc8"
"""sha256 of the first hundred training images of seed 0; a new VERSION has a new one."""


def sha256(images: Tensor) -> str:
    return hashlib.sha256(images.numpy().tobytes()).hexdigest()


def test_the_first_images_are_these_bytes():
    drawn = examples(100, seed=0, part=0)
    assert sha256(drawn.images) == FIRST_100
    assert drawn.labels[:10].tolist() == [4, 7, 5, 5, 7, 9, 9, 0, 1, 4]


@pytest.mark.parametrize("chunk", [1, 7, 40, 10_000])
def test_the_chunk_size_changes_nothing(chunk):
    assert sha256(examples(100, 0, 0, chunk).images) == FIRST_100


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_nothing(threads):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        assert sha256(examples(100, 0, 0).images) == FIRST_100
    finally:
        torch.set_num_threads(before)


def test_the_global_generator_and_default_dtype_have_no_part_in_it():
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    try:
        assert sha256(examples(100, 0, 0).images) == FIRST_100
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(torch.rand(2), wanted)


def test_fewer_images_are_the_first_of_more():
    more, fewer = examples(BLOCK + 50, 0, 0), examples(30, 0, 0)
    assert torch.equal(more.images[:30], fewer.images)
    assert torch.equal(more.labels[:30], fewer.labels)
    assert not torch.equal(more.images[BLOCK:], more.images[:50]), "blocks differ"


def test_no_image_is_in_two_parts_or_seeds():
    drawn = [examples(BLOCK, seed, part).images for seed in (0, 1, 2) for part in (0, 1)]
    assert len(torch.cat(drawn).flatten(1).unique(dim=0)) == 6 * BLOCK


def test_sizes_types_and_balance():
    dataset = draw(2 * BLOCK, BLOCK)
    assert dataset.name == "silhouettes"
    assert dataset.classes == CLASSES == tuple(dataset.classes)
    assert set(silhouettes.GARMENTS) == set(CLASSES)
    for part, n in ((dataset.train, 2 * BLOCK), (dataset.test, BLOCK)):
        assert part.images.shape == (n, 28, 28)
        assert part.images.dtype == torch.uint8
        assert part.labels.dtype == torch.int64
        assert part.labels.bincount().tolist() == [n // 10] * 10
    parts = split(dataset)
    assert (len(parts.train.labels), len(parts.validation.labels)) == (1_667, 333)


def test_every_image_shows_a_garment_on_an_empty_ground():
    images = examples(2 * BLOCK, 0, 0).images
    covered = (images > 10).double().mean((1, 2))
    assert covered.min() > 0.03
    assert covered.max() < 0.85
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 0).double().mean() > 0.97
    mean = normalise(images).double().mean()
    assert -0.78 < mean < -0.68


def accuracy(sizes: tuple[int, ...], dataset, steps: int) -> float:
    """Test accuracy, %, after Adam with a falling rate; the same for both models."""
    x, xt = normalise(dataset.train.images), normalise(dataset.test.images)
    params = [p.requires_grad_() for layer in mlp.init(sizes, seed=0) for p in layer]
    layers = [mlp.Layer(*pair) for pair in zip(params[::2], params[1::2], strict=True)]
    optimizer = torch.optim.Adam(params, 1e-3)
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - step / steps)
        index = torch.randint(len(x), (128,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(mlp.apply(layers, x[index], F.relu), dataset.train.labels[index]).backward()
        optimizer.step()
    with torch.no_grad():
        guess = mlp.apply(layers, xt, F.relu).argmax(1)
    return 100 * float((guess == dataset.test.labels).double().mean())


@pytest.mark.full
def test_a_network_learns_it_and_a_linear_model_clearly_less(one_thread):
    dataset = draw(30_000, 2_000)
    linear = accuracy((784, 10), dataset, 2_000)
    network = accuracy((784, 256, 128, 10), dataset, 2_000)
    assert 78 < linear < 84
    assert 86 < network < 93
    assert network - linear > 5.5


def test_the_cache_is_read_the_second_time_and_mended_when_damaged(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said: list[str] = []
    first = silhouettes.load(60, 20, report=said.append)
    assert said == ["drawing 80 silhouettes"]
    (path,) = (tmp_path / "actfunc" / "data" / "silhouettes").iterdir()
    whole = path.read_bytes()

    again = silhouettes.load(60, 20, report=said.append)
    assert len(said) == 1, "nothing was drawn"
    flipped = bytearray(whole)
    flipped[-1000] ^= 1
    silhouettes.load(60, 20, seed=1)
    (other,) = {*path.parent.iterdir()} - {path}
    of_another_seed = other.read_bytes()
    other.unlink()
    signed = whole.replace(b'"U8"', b'"I8"')  # the same bytes, taken for other numbers
    cut = (b"", whole[:500], whole[:-1], b"\xff" * 100)
    for damaged in (*cut, bytes(flipped), signed, of_another_seed):
        path.write_bytes(damaged)
        mended = silhouettes.load(60, 20)
        assert path.read_bytes() == whole
        for got in (again, mended):
            assert torch.equal(got.train.images, first.train.images)
            assert torch.equal(got.test.labels, first.test.labels)
            assert got.note == first.note
    assert list(path.parent.iterdir()) == [path], "no partial file is left"


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert silhouettes.load(6, 1).train.images.shape == (6, 28, 28)


def test_load_with_examples_draws_only_those_and_keeps_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    dataset = load("silhouettes", examples=100)
    assert sha256(dataset.train.images) == FIRST_100
    assert dataset.test.labels.shape == (16,)
    assert "first 100 training and 16 test images" in dataset.note
    assert list(tmp_path.iterdir()) == []
