"""The simulation of `benchmarks/intervals.py`, of which the tests run a little."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType

import pytest

from tests.docs.pages import ROOT


@cache
def simulation() -> ModuleType:
    """benchmarks/intervals.py as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
        return importlib.import_module("intervals")
