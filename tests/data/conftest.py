"""What every test of the data sets stands on."""

from __future__ import annotations

import pytest

from actfunc.data import fashion_mnist
from tests.data.fake_archives import CONTENTS, table


@pytest.fixture
def fakes(monkeypatch):
    """The published files replaced by small ones."""
    monkeypatch.setattr(fashion_mnist, "FILES", table(CONTENTS))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test reads or writes the cache of whoever runs it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
