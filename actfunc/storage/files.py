"""Files as bytes: written whole or not at all, read with errors that say what to do."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from actfunc.errors import CheckpointError, UsageError, WriteError

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}
"""What is no fault of the place."""

LONGEST = 96
"""Bytes of a `slug`: file systems allow names of 255, with digests, endings and processes' ids."""


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

    A process that is killed leaves the old file or the new one, never half of either. Raises
    WriteError.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise unwritable(f"{path} cannot be written", error) from error
    return path


def write_json(path: Path, document: Any) -> Path:
    """Write a JSON document for people and other programs, indented and with no NaN in it.

    What is read again is written by `documents.write_sealed`.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    # half a character, as of a file's name that is no text, becomes the escape that JSON has for it
    return write_bytes(path, (text + "\n").encode(errors="backslashreplace"))


def read_bytes(path: Path, missing: str = "look at the folder's name") -> bytes:
    """All of a file. Raises CheckpointError; `missing` says what to do where there is none."""
    try:
        if not path.is_file() and path.exists():
            raise CheckpointError(
                f"{path} cannot be read: it is a folder or a device", "expected a file"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(f"no file {path}", missing) from error
    except (OSError, ValueError, MemoryError) as error:
        raise _unreadable(path, error) from error


def exists(path: Path) -> bool:
    """Whether there is something of this name.

    Raises CheckpointError where that cannot be known, as in a folder that may not be searched.
    """
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return True


def remove(path: Path) -> None:
    """Remove a file if it is there. Raises WriteError where that cannot be done."""
    try:
        path.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise unwritable(f"{path} cannot be removed", error) from error


def remove_partial(folder: Path) -> None:
    """Remove what writers that were killed have left half written in a folder, at any depth.

    Only for who is alone in it: another's file on its way has such a name too.
    """
    for left in sorted(folder.rglob(".*.partial")) if exists(folder) else ():
        remove(left)


def slug(text: str) -> str:
    """Text as a part of a file's name on any system, cut to LONGEST: `elu:alpha=0.5` becomes
    `elu-alpha=0.5`. Different texts may have the same."""
    return _plain(text).encode(errors="replace")[:LONGEST].decode(errors="ignore")


def _plain(text: str) -> str:
    return re.sub(r"[^\w.=+-]+", "-", text)


_FORMULA = re.compile(r"[*()<>]|\bx\s*/|/\s*[\d(]|\d\s*/")


def file_name(text: str) -> str:
    """The slug of a text; of a long one with a digest of it, so that it is no other's.

    So of a formula, whose signs a file's name cannot hold: `x*2` and `x/2` have one slug.
    """
    short = slug(text)
    if len(_plain(text)) == len(short) and not _FORMULA.search(text):
        return short
    return f"{short}-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}"


def unwritable(what: str, error: Exception) -> WriteError:
    """The error for what the system would not let us write; `what` says what it was."""
    full = getattr(error, "errno", None) in _DISK
    hint = "make room, and start again" if full else "choose another folder"
    return WriteError(f"{what}: {_reason(error)}", hint, full=full)


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path} cannot be read: {_reason(error)}", "expected a file that you may read"
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
