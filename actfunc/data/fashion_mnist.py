"""FashionMNIST from torchvision's folder layout: read from the archives, every byte checked.

A data root may be read-only and hold only the archives; nothing is unpacked beside them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc.data import idx
from actfunc.data.dataset import CLASSES, Dataset, Examples
from actfunc.errors import DataError

NAME = "FashionMNIST"


class File(NamedTuple):
    """One published archive: its size in bytes and md5, the shape and md5 of what it holds."""

    name: str
    size: int
    md5: str
    shape: tuple[int, ...]
    unpacked_md5: str


# torchvision's list, which a test compares: importing torchvision takes longer than the reading
FILES = (
    File(
        "train-images-idx3-ubyte.gz",
        26_421_880,
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        (60_000, 28, 28),
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    ),
    File(
        "train-labels-idx1-ubyte.gz",
        29_515,
        "25c81989df183df01b3e8a0aad5dffbe",
        (60_000,),
        "9018921c3c673c538a1fc5bad174d6f9",
    ),
    File(
        "t10k-images-idx3-ubyte.gz",
        4_422_102,
        "bef4ecab320f06d8554ea6380940ec79",
        (10_000, 28, 28),
        "8181f5470baa50b63fa0f6fddb340f0a",
    ),
    File(
        "t10k-labels-idx1-ubyte.gz",
        5_148,
        "bb300cfdad3c16e7a12a480ee83cd310",
        (10_000,),
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
)


class FileCheck(NamedTuple):
    """One file compared with what was published; `found` is None where there is no file."""

    path: Path
    expected: str
    found: str | None

    @property
    def ok(self) -> bool:
        return self.found == self.expected


class UnavailableError(DataError):
    """The data set is not in the data root, and was not or could not be fetched."""


def folder(root: Path) -> Path:
    """Where torchvision keeps the files below a data root."""
    return root / NAME / "raw"


def missing(root: Path) -> tuple[File, ...]:
    """The files that are there neither as an archive nor unpacked."""
    return tuple(file for file in FILES if not os.path.exists(_path(root, file)))


def verify(root: Path) -> tuple[FileCheck, ...]:
    """The md5 of each of the four files, against the published one."""
    return tuple(check(root, file) for file in FILES)


def check(root: Path, file: File) -> FileCheck:
    """One file's md5, of the archive or, where only that is there, of what it unpacked to."""
    path = _path(root, file)
    expected = file.md5 if path.name == file.name else file.unpacked_md5
    return FileCheck(path, expected, _md5(_bytes(path)) if os.path.exists(path) else None)


def read(root: Path) -> Dataset:
    """The whole data set; DataError names the file that is missing or not as published."""
    if absent := missing(root):
        raise UnavailableError(
            f"FashionMNIST is not in {folder(root)}: no {_listed(file.name for file in absent)}",
            "`actfunc data --fetch` fetches it; ACTFUNC_DATA names another data folder",
        )
    images, labels, test_images, test_labels = (_tensor(root, file) for file in FILES)
    return Dataset(
        NAME,
        CLASSES,
        Examples(images, _classes(labels, root, FILES[1])),
        Examples(test_images, _classes(test_labels, root, FILES[3])),
        f"FashionMNIST, every file as published (md5), from {folder(root)}.",
    )


def _tensor(root: Path, file: File) -> Tensor:
    path = _path(root, file)
    content = _bytes(path)
    if path.name == file.name:
        _expect_md5(content, file.md5, path, f"{file.size:,} bytes")
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as why:
            raise DataError(f"{path} cannot be unpacked: {why}", _hint(path)) from why
        return idx.parse(content, file.shape, path, _hint(path))
    # header and length first: they say more about what happened to a file than its md5
    tensor = idx.parse(content, file.shape, path, _hint(path))
    _expect_md5(content, file.unpacked_md5, path, f"{len(content):,} bytes")
    return tensor


def _expect_md5(content: bytes, expected: str, path: Path, size: str) -> None:
    if (found := _md5(content)) != expected:
        raise DataError(
            f"{path} is damaged: expected md5 {expected} and {size},"
            f" found {found} and {len(content):,} bytes",
            _hint(path),
        )


def _classes(labels: Tensor, root: Path, file: File) -> Tensor:
    if int(labels.max()) >= len(CLASSES):
        path = _path(root, file)
        raise DataError(f"{path} holds the label {int(labels.max())}, expected 0 to 9", _hint(path))
    return labels.to(torch.int64)


def _path(root: Path, file: File) -> Path:
    """The archive, or the unpacked file where only that is there."""
    archive = folder(root) / file.name
    unpacked = archive.with_suffix("")
    # os.path: a folder that may not be looked into counts as empty, where Path.exists raises
    return unpacked if os.path.exists(unpacked) and not os.path.exists(archive) else archive


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as why:
        raise DataError(f"{path} cannot be read: {why.strerror or why}", _hint(path)) from why


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _hint(path: Path) -> str:
    return f"`actfunc data --fetch` replaces {path.name} by the published one"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
