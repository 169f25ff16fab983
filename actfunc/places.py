"""Where things are kept on this machine when nobody says otherwise."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """The package's own cache folder for this user."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or "")
    # the XDG rules say that a relative path is to be ignored
    return (base if base.is_absolute() else Path.home() / ".cache") / "actfunc"


def data_root() -> Path:
    """The folder of data sets: the setting ACTFUNC_DATA, else a folder in the cache."""
    return Path(os.environ.get("ACTFUNC_DATA") or cache_root() / "data").expanduser()
