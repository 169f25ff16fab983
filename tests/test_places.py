"""Where things are kept: the user's cache, and the folder of data that a setting names."""

from __future__ import annotations

from pathlib import Path

import pytest

from actfunc.places import cache_root, data_root


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder, and nothing set."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CACHE_HOME", "ACTFUNC_DATA"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_cache_is_the_users(home, monkeypatch):
    assert cache_root() == home / ".cache/actfunc"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "elsewhere"))
    assert cache_root() == home / "elsewhere/actfunc"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_root() == home / ".cache/actfunc"


def test_data_is_where_the_setting_says_or_in_the_cache(home, monkeypatch):
    assert data_root() == home / ".cache/actfunc/data"
    monkeypatch.setenv("ACTFUNC_DATA", "~/sets")
    assert data_root() == home / "sets"
    monkeypatch.setenv("ACTFUNC_DATA", "here")
    assert data_root() == Path("here")
