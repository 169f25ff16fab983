"""A command line run in this process, in an empty folder, on a little of the drawn data."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from actfunc.cli import run


class Outcome(NamedTuple):
    """How a command ended: exit code, what it printed, and its JSON document."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; anything else there is an error."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _figures(request):
    """Nobody looks at them here, unless the test asks for `drawn`."""
    if "drawn" not in request.fixturenames:
        request.getfixturevalue("empty_figures")


@pytest.fixture
def drawn():
    """Figures are drawn."""


@pytest.fixture
def actfunc(capsys, monkeypatch, tmp_path):
    """`actfunc("train", "relu")` in an empty folder, with 1,536 drawn images and one epoch."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "ACTFUNC_DATASET": "silhouettes",
        "ACTFUNC_EXAMPLES": "1536",
        "ACTFUNC_EPOCHS": "1",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Outcome:
        code = run(list(arguments))
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call
