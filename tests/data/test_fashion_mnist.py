"""Reading FashionMNIST: the real archives, small fakes, and every kind of damage."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
import torch

from actfunc.data import CLASSES, fashion_mnist, load, split
from actfunc.data.fashion_mnist import FILES, UnavailableError, folder, read, verify
from actfunc.errors import DataError
from tests.data.fake_archives import CONTENTS, IMAGES, LABELS, idx, place, table

ROOT = Path(os.environ.get("ACTFUNC_DATA") or "/nonexistent")
real = pytest.mark.skipif(
    bool(not ROOT.is_dir() or fashion_mnist.missing(ROOT)),
    reason="ACTFUNC_DATA names no folder with FashionMNIST",
)


def test_the_list_of_files_is_torchvisions():
    from torchvision.datasets import FashionMNIST

    assert [(file.name, file.md5) for file in FILES] == FashionMNIST.resources
    assert list(CLASSES) == FashionMNIST.classes


@real
def test_the_real_data_set():
    before = sorted(folder(ROOT).iterdir())
    start = time.perf_counter()
    dataset = load("fashion_mnist", root=ROOT, download=False)
    seconds = time.perf_counter() - start
    assert seconds < 6, f"loading took {seconds:.1f} s; it is about 0.5 s on an idle machine"
    assert dataset.name == "FashionMNIST"
    for part, n in ((dataset.train, 60_000), (dataset.test, 10_000)):
        assert part.images.shape == (n, 28, 28)
        assert part.images.dtype == torch.uint8
        assert part.labels.dtype == torch.int64
        assert part.labels.bincount().tolist() == [n // 10] * 10
    # the mean and spread that are published with the data set: 0.2860 and 0.3530
    pixels = dataset.train.images.double() / 255
    assert round(float(pixels.mean()), 4) == 0.2860
    assert round(float(pixels.std()), 4) == 0.3530
    assert dataset.train.labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert split(dataset).validation.labels.shape == (10_000,)
    assert sorted(folder(ROOT).iterdir()) == before


@real
def test_the_real_files_verify():
    assert all(check.ok for check in verify(ROOT))


# From here on small fakes: the same reading, from a table of files of a few hundred bytes


@pytest.mark.parametrize("packed", [True, False])
def test_archives_and_unpacked_files_read_alike(fakes, tmp_path, packed):
    place(tmp_path, packed=packed)
    before = sorted(folder(tmp_path).iterdir())
    dataset = read(tmp_path)
    assert torch.equal(dataset.train.images, IMAGES)
    assert torch.equal(dataset.train.labels, LABELS.long())
    assert torch.equal(dataset.test.images, IMAGES[:4])
    assert torch.equal(dataset.test.labels, LABELS[:4].long())
    assert str(folder(tmp_path)) in dataset.note
    assert sorted(folder(tmp_path).iterdir()) == before
    assert all(check.ok for check in verify(tmp_path))


def test_a_missing_file_is_named_with_what_to_do(fakes, tmp_path):
    place(tmp_path)
    (folder(tmp_path) / FILES[2].name).unlink()
    with pytest.raises(UnavailableError, match=FILES[2].name) as error:
        load("fashion_mnist", root=tmp_path, download=False)
    assert error.value.exit_code == 3
    assert "actfunc data --fetch" in error.value.hint
    assert [check.found is None for check in verify(tmp_path)] == [False, False, True, False]


def damage(name: str, content: bytes) -> bytes:
    return {
        "flipped bit": content[:-1] + bytes([content[-1] ^ 1]),
        "truncated": content[: -len(content) // 3],
        "longer": content + b"\0",
        "empty": b"",
        "a page instead": b"<html>404</html>",
    }[name]


DAMAGES = ["flipped bit", "truncated", "longer", "empty", "a page instead"]


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("name", ["auto", "fashion_mnist"])
def test_a_damaged_archive_is_an_error_and_never_a_reason_to_fall_back(
    fakes, tmp_path, kind, index, name
):
    place(tmp_path)
    path = folder(tmp_path) / FILES[index].name
    path.write_bytes(damage(kind, path.read_bytes()))
    with pytest.raises(DataError, match="is damaged") as error:
        load(name, root=tmp_path)
    file = fashion_mnist.FILES[index]
    found = hashlib.md5(path.read_bytes()).hexdigest()
    for piece in (str(path), file.md5, f"{file.size:,} bytes", found):
        assert piece in error.value.message
    assert "--fetch" in error.value.hint
    assert [check.ok for check in verify(tmp_path)] == [i != index for i in range(4)]


@pytest.mark.parametrize("kind", DAMAGES)
def test_of_both_the_archive_counts(fakes, tmp_path, kind):
    """So that to fetch it mends what lies unpacked and damaged beside it."""
    place(tmp_path)
    place(tmp_path, packed=False)
    unpacked = folder(tmp_path) / FILES[0].name.removesuffix(".gz")
    unpacked.write_bytes(damage(kind, unpacked.read_bytes()))
    assert torch.equal(read(tmp_path).train.images, IMAGES)
    assert all(check.ok and check.path.suffix == ".gz" for check in verify(tmp_path))


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("index", range(4))
def test_a_damaged_unpacked_file_is_an_error(fakes, tmp_path, kind, index):
    place(tmp_path, packed=False)
    path = folder(tmp_path) / FILES[index].name.removesuffix(".gz")
    path.write_bytes(damage(kind, path.read_bytes()))
    with pytest.raises(DataError) as error:
        load("auto", root=tmp_path)
    assert str(path) in error.value.message
    assert "expected" in error.value.message


def test_an_archive_that_ends_early_is_an_error_even_with_the_right_md5(
    fakes, tmp_path, monkeypatch
):
    place(tmp_path)
    path = folder(tmp_path) / FILES[0].name
    path.write_bytes(path.read_bytes()[:-12])
    file = fashion_mnist.FILES[0]
    file = file._replace(md5=hashlib.md5(path.read_bytes()).hexdigest())
    monkeypatch.setattr(fashion_mnist, "FILES", (file, *fashion_mnist.FILES[1:]))
    with pytest.raises(DataError, match=r"cannot be unpacked: .*end-of-stream"):
        read(tmp_path)


def test_a_wrong_header_is_shown_beside_the_right_one(tmp_path, monkeypatch):
    swapped = (idx(IMAGES.reshape(12, 14, 56)), *CONTENTS[1:])
    monkeypatch.setattr(fashion_mnist, "FILES", table(swapped))
    place(tmp_path, swapped)
    with pytest.raises(DataError, match="bad IDX header") as error:
        read(tmp_path)
    assert "000008030000000c0000001c0000001c" in error.value.message
    assert "000008030000000c0000000e00000038" in error.value.message


def test_a_label_beyond_the_classes_is_an_error(tmp_path, monkeypatch):
    wrong = (CONTENTS[0], idx(LABELS + 3), *CONTENTS[2:])
    monkeypatch.setattr(fashion_mnist, "FILES", table(wrong))
    place(tmp_path, wrong)
    with pytest.raises(DataError, match="holds the label 12, expected 0 to 9"):
        read(tmp_path)


def test_a_folder_where_a_file_should_be_is_an_error(fakes, tmp_path):
    place(tmp_path)
    path = folder(tmp_path) / FILES[1].name
    path.unlink()
    path.mkdir()
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read(tmp_path)
