"""Tensors on disk: safetensors, sealed by a digest over all that is in them.

The format itself notices a file cut short, and no flipped bit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from actfunc.errors import CheckpointError
from actfunc.storage import documents, files

SEAL = documents.SEAL
TEXT_SEAL = "sha256 of the text"
"""The digest of the text alone, for who reads no more than that."""

TEXT = "actfunc"
"""The one entry of the format's own text, as JSON: of several the order would not be the same in
each writing."""

HEADER = 8
"""Bytes before the format's JSON header, which say how long that is."""


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], text: Mapping[str, str] | None = None
) -> Path:
    """Write tensors as safetensors, with text beside them and a digest of both."""
    # copies, since the format refuses tensors that share memory
    content = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    beside = dict(text or {})
    beside[TEXT_SEAL] = documents.digest(beside)
    sealed = json.dumps(beside | {SEAL: digest(content, beside)}, sort_keys=True)
    return files.write_bytes(path, safetensors.torch.save(content, {TEXT: sealed}))


def read_tensors(path: Path, hint: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What `write_tensors` wrote, bit for bit and on the CPU: the tensors, the text beside them.

    hint: what to do about a file that is missing or damaged. Raises CheckpointError.
    """
    content = files.read_bytes(path, hint)
    try:
        tensors = safetensors.torch.load(content)
        size = int.from_bytes(content[:HEADER], "little")
        text = _text_in(content[HEADER : HEADER + size])
        expected, found = text.pop(SEAL, None), digest(tensors, text)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        what = documents.described(content, error)
        raise CheckpointError(
            f"{path} is damaged ({len(content):,} bytes): expected safetensors, found {what}", hint
        ) from error
    if expected is None:
        raise documents.damaged(path, f"expected its {SEAL} beside the tensors, found none", hint)
    if found != expected:
        raise documents.not_as_written(path, expected, found, hint)
    text.pop(TEXT_SEAL, None)
    return tensors, text


def read_text(path: Path, hint: str) -> dict[str, str]:
    """The text beside the tensors alone, from the file's head. Raises as `read_tensors` does."""
    try:
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(HEADER), "little")
            text = _text_in(file.read(min(size, os.fstat(file.fileno()).st_size)))
    except OSError:
        files.read_bytes(path, hint)  # which says what is wrong
        raise
    except ValueError as error:
        raise documents.damaged(path, f"expected a head of safetensors: {error}", hint) from error
    text.pop(SEAL, None)
    expected, found = text.pop(TEXT_SEAL, None), documents.digest(text)
    if found != expected:
        raise documents.not_as_written(path, expected, found, hint)
    return text


def _text_in(header: bytes) -> dict[str, str]:
    """The text in the format's JSON header. Raises ValueError."""
    found = documents.parsed(header.decode("utf-8"))
    beside = found.get("__metadata__", {}) if isinstance(found, dict) else None
    if not isinstance(beside, dict):
        raise ValueError("no header of safetensors")
    text = documents.parsed(str(beside.get(TEXT, "{}")))
    if not isinstance(text, dict):
        raise ValueError(f"the text {text!r}")
    return {str(key): str(value) for key, value in text.items()}


def digest(tensors: Mapping[str, Tensor], text: Mapping[str, str]) -> str:
    """The SHA-256 (hexadecimal) of tensors with their names, dtypes and shapes, and of texts."""
    names = sorted(tensors)
    facts = [[name, str(tensors[name].dtype), list(tensors[name].shape)] for name in names]
    told = hashlib.sha256(json.dumps([facts, sorted(text.items())]).encode())
    for name in names:
        told.update(tensors[name].detach().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return told.hexdigest()
