"""Where things are kept when nobody says otherwise, and where somebody does."""

from __future__ import annotations

from pathlib import Path

import pytest

from actfunc.places import cache_root, data_root


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """A home of its own, and no variable set."""
    for name in ("ACTFUNC_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("base", [None, "", "relative/folder"])
def test_the_cache_is_in_the_users_home(home, monkeypatch, base):
    if base is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", base)
        monkeypatch.setenv("ACTFUNC_DATA", "")
    assert cache_root() == home / ".cache" / "actfunc"
    assert data_root() == home / ".cache" / "actfunc" / "data"


def test_the_cache_is_where_the_variable_says(home, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "other"))
    assert cache_root() == home / "other" / "actfunc"


@pytest.mark.parametrize(
    ("said", "meant"), [("~/data", "data"), ("~", "."), ("{}/elsewhere", "elsewhere")]
)
def test_the_folder_of_data_is_the_one_that_is_named(home, monkeypatch, said, meant):
    monkeypatch.setenv("ACTFUNC_DATA", said.format(home))
    assert data_root() == home / meant


def test_a_user_whom_the_system_does_not_know_has_a_place_too(monkeypatch):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert cache_root().is_absolute()
    monkeypatch.setenv("ACTFUNC_DATA", "~/data")
    assert data_root().is_absolute()
