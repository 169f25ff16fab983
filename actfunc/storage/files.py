"""Writing so that a killed process leaves the old file or the new one, never half of either."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import save
from torch import Tensor

from actfunc.errors import CheckpointError, UsageError


def check_writable(path: Path) -> Path:
    """Refuse what cannot be written to, a folder or what is in another's, before any work."""
    folder = _existing(path)
    if path.is_dir() or not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UsageError(f"cannot write to {path}", "name a file in a folder that is yours")
    return path


def _existing(path: Path) -> Path:
    parent = path.absolute().parent
    return parent if parent.exists() or parent == parent.parent else _existing(parent)


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all, making its folder where needed.

    Raises UsageError where it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}", "choose another folder"
        ) from error
    return path


def write_json(path: Path, document: Any) -> Path:
    """Write a JSON document, indented for people and with no NaN in it."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return write_bytes(path, (text + "\n").encode())


def read_json(path: Path, hint: str = "write it anew with --overwrite") -> Any:
    """Read a JSON document; a missing or broken one is a CheckpointError.

    hint: what to do about a broken one.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"no file {path}", "look at the folder's name") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{path} is damaged: expected a JSON document, found {error}",
            hint,
        ) from error


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> Path:
    """Write tensors as safetensors, with text beside them."""
    # copies, since the format refuses tensors that share memory
    content = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    return write_bytes(path, save(content, dict(metadata or {})))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors onto the CPU and the text beside them; what is broken is a CheckpointError."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise CheckpointError(f"no file {path}", "train first, or look at the name") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    except safetensors.SafetensorError as error:
        raise CheckpointError(
            f"{path} is damaged ({path.stat().st_size:,} bytes): expected safetensors,"
            f" found {error}",
            "train it anew with --overwrite",
        ) from error


def _unreadable(path: Path, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"{path} cannot be read: {error.strerror or error}", "expected a file that you may read"
    )
