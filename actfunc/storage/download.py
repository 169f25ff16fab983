"""Fetching a file: checked before it gets its name, quick to give up, never half there."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from pathlib import Path

from actfunc.errors import CheckpointError
from actfunc.storage import files

TIMEOUT = 10.0


def download(url: str, path: Path, *, sha256: str) -> Path:
    """Fetch `url` into `path`, which must come out with this digest.

    Raises CheckpointError where the address cannot be reached (after TIMEOUT seconds), the folder
    cannot be written, or something else was sent.
    """
    by_hand = f"put {path.name} into {path.parent} by hand, or name its folder"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310
            content = answer.read()
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise CheckpointError(f"{path.name} could not be fetched: {reason}", by_hand) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CheckpointError(
            f"{url} sent {len(content):,} bytes with sha256 {found}, expected {sha256}", by_hand
        )
    try:
        return files.write_bytes(path, content)
    except OSError as error:
        raise CheckpointError(
            f"cannot write {path}: {os.strerror(error.errno or 0)}",
            "ACTFUNC_DATA names another data folder",
        ) from error
