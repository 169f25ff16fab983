"""Where things are kept on this machine when nobody says otherwise."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_root() -> Path:
    """The package's own cache folder for this user."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or "")
    # the XDG rules say that a relative path is to be ignored
    return (base if base.is_absolute() else _home() / ".cache") / "actfunc"


def data_root() -> Path:
    """The folder of data sets: the setting ACTFUNC_DATA, else a folder in the cache."""
    return from_home(Path(os.environ.get("ACTFUNC_DATA") or cache_root() / "data"))


def from_home(path: Path) -> Path:
    """The path with ~ as the home folder; a shell does not read what a variable holds."""
    return _home().joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # of a user whom the system does not know, as in some containers
        return Path(tempfile.gettempdir()) / f"actfunc-of-{os.getuid()}"
