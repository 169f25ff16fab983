"""Which records a test is given: a handful that between them have everything, and all in full."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from actfunc import Activation

HANDFUL = (
    "gelu",  # smooth, and torch has it
    "elu",  # a joint, a parameter, and torch has it
    "hardshrink",  # joints at which the value jumps, that move with the parameter
    "signed_sqrt",  # a pole
    "sin",  # no limit at infinity, periodic, a parameter
    "tanh_exp",  # composed by jets
    "xielu",  # three parameters and a joint
    "exponential",  # steep, and beyond every dtype
)
"""What is smooth, bent, broken, periodic, steep, composed, and with parameters."""


full = False
"""Whether everything runs: set by conftest.py before any test is collected."""


def each(records: Iterable[Activation], few: Iterable[str] = HANDFUL) -> pytest.MarkDecorator:
    """The test's `record` is each of these; those whose name is not among the few only in full."""
    few = tuple(few)
    chosen = [record for record in records if full or record.name in few]
    return pytest.mark.parametrize("record", chosen, ids=lambda record: record.spec)
