"""The IDX format of the MNIST family: a magic number, the sizes, then the bytes."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import torch
from torch import Tensor

from actfunc.errors import DataError

UNSIGNED_BYTE = 0x08


def parse(content: bytes, shape: tuple[int, ...], path: Path, hint: str = "") -> Tensor:
    """The bytes of an IDX file as a uint8 tensor of the given shape; DataError names `path`."""
    wanted = struct.pack(f">4B{len(shape)}I", 0, 0, UNSIGNED_BYTE, len(shape), *shape)
    header = content[: len(wanted)]
    if header != wanted:
        raise DataError(
            f"{path} has a bad IDX header: expected {wanted.hex()} for {_sizes(shape)} bytes,"
            f" found {header.hex() or 'an empty file'}",
            hint,
        )
    expected = len(wanted) + math.prod(shape)
    if len(content) != expected:
        raise DataError(
            f"{path} has {len(content):,} bytes, expected {expected:,}: a header of"
            f" {len(wanted)} and {_sizes(shape)}",
            hint,
        )
    # the copy makes the memory writable, as a tensor's has to be
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)[len(wanted) :].reshape(shape)


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in shape)
