"""Fetching FashionMNIST: torchvision's mirrors in turn, then the authors' own repository."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from actfunc.data.download import DownloadError, Published, Report, download
from actfunc.data.fashion_mnist import File, UnavailableError, folder

ORIGIN = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"
"""The authors' own repository, tried after torchvision's mirrors."""


def mirrors() -> list[str]:
    """Addresses of folders that hold the four archives, in the order they are tried."""
    from torchvision.datasets import FashionMNIST

    return [*FashionMNIST.mirrors, ORIGIN]


def fetch(root: Path, files: Iterable[File], report: Report | None = None) -> None:
    """Fetch the given archives into a data root, replacing what has their name.

    A file gets its name only once its md5 is right. UnavailableError tells each mirror's failure.
    """
    published = [Published(file.name, file.size, file.md5, "md5") for file in files]
    try:
        download(published, mirrors(), folder(root), report or (lambda text: None))
    except DownloadError as why:
        raise UnavailableError(
            why.message, f"{why.hint}; --dataset silhouettes needs no download"
        ) from why
