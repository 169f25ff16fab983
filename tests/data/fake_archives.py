"""Small stand-ins for the published files, for tests that break them on purpose."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import torch

from actfunc.data.fashion_mnist import FILES, File, folder

IMAGES = torch.arange(12 * 28 * 28).reshape(12, 28, 28).remainder(251).to(torch.uint8)
LABELS = torch.arange(12, dtype=torch.uint8) % 10


def idx(tensor: torch.Tensor) -> bytes:
    header = struct.pack(f">4B{tensor.ndim}I", 0, 0, 8, tensor.ndim, *tensor.shape)
    return header + tensor.numpy().tobytes()


CONTENTS = (idx(IMAGES), idx(LABELS), idx(IMAGES[:4]), idx(LABELS[:4]))


def table(contents: tuple[bytes, ...]) -> tuple[File, ...]:
    """The table of files that would be right for these contents."""
    shapes = ((12, 28, 28), (12,), (4, 28, 28), (4,))
    files = []
    for file, content, shape in zip(FILES, contents, shapes, strict=True):
        packed = gzip.compress(content, mtime=0)
        sums = [hashlib.md5(each).hexdigest() for each in (packed, content)]
        files.append(File(file.name, len(packed), sums[0], shape, sums[1]))
    return tuple(files)


def place(root: Path, contents: tuple[bytes, ...] = CONTENTS, packed: bool = True) -> None:
    """Write the contents below a data root as torchvision would."""
    folder(root).mkdir(parents=True, exist_ok=True)
    for file, content in zip(FILES, contents, strict=True):
        path = folder(root) / file.name
        if packed:
            path.write_bytes(gzip.compress(content, mtime=0))
        else:
            path.with_suffix("").write_bytes(content)
