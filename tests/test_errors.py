"""The package's own errors: the exit codes, and what an unknown name is told."""

from __future__ import annotations

import pytest

from actfunc import errors
from actfunc.errors import UnknownNameError


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ActfuncError", 4),
        ("UsageError", 2),
        ("UnknownNameError", 2),
        ("FormulaError", 2),
        ("DataError", 3),
        ("CheckpointError", 3),
    ],
)
def test_a_command_ends_with_the_code_of_its_error(name, code):
    error = getattr(errors, name)("what", "what to do")
    assert (error.exit_code, error.message, error.hint) == (code, "what", "what to do")
    assert str(error) == "what"


def test_the_nearest_names_are_suggested_and_no_others():
    near = UnknownNameError.among("colour", "Gren", ["green", "grey", "blue"], "look")
    assert near.message == "no colour named 'Gren'. Did you mean green or grey?"
    assert len(UnknownNameError.among("colour", "x" * 10**5, ["red"]).message) < 120
    assert near.hint == "look"
    assert UnknownNameError.among("colour", "x", ["blue"]).message == "no colour named 'x'."
