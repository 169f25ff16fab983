"""One's own activation on the command line: what it was when it was trained, and when it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = ("--hidden", "8", "--batch-size", "64", "--eager")
COMPARED = ("--seeds", "2", "--processes", "1", *SMALL)


def write(text, path="own.py"):
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(text)


def test_a_run_is_not_taken_for_that_of_an_edited_function(actfunc):
    write("import torch\ndef f(x):\n    return torch.tanh(x)\n")
    assert actfunc("train", "own.py:f", *SMALL).code == 0
    assert actfunc("train", "own.py:f", *SMALL).code == 0
    assert actfunc("evaluate", "own.py:f").code == 0
    write("import torch\ndef f(x):\n    return torch.sin(x)\n")
    for command in (("train", "own.py:f", *SMALL), ("evaluate", "own.py:f"),
                    ("neurons", "own.py:f"), ("distribution", "own.py:f")):  # fmt: skip
        done = actfunc(*command)
        assert done.code == 3, command
        assert "the source of its own activation has changed" in done.err
        assert "--overwrite" in done.err
        assert done.err.count("error:") == 1
    assert actfunc("train", "own.py:f", "--overwrite", *SMALL).code == 0
    assert actfunc("evaluate", "own.py:f").code == 0


def test_what_it_imports_of_ones_own_counts_as_well(actfunc, monkeypatch):
    monkeypatch.syspath_prepend(".")
    write("scale = 1.0\n", "beside_own.py")
    write("import torch, beside_own\ndef f(x):\n    return torch.tanh(beside_own.scale * x)\n")
    assert actfunc("train", "own.py:f", *SMALL).code == 0
    write("scale = 1.5\n", "beside_own.py")
    assert actfunc("train", "own.py:f", *SMALL).code == 3


def test_members_of_an_edited_function_are_not_mixed(actfunc):
    write("import torch\ndef f(x):\n    return torch.tanh(x)\n")
    assert actfunc("compare", "relu", "own.py:f", *COMPARED).code == 0
    assert actfunc("compare", "own.py:f", *COMPARED).code == 0
    write("import torch\ndef f(x):\n    return torch.sin(x)\n")
    assert actfunc("compare", "relu", *COMPARED).code == 0  # which is as it was
    done = actfunc("compare", "own.py:f", *COMPARED)
    assert done.code == 3
    assert "the source of its own activation has changed" in done.err
    assert "--overwrite" in done.err
    assert actfunc("compare", "own.py:f", "--overwrite", *COMPARED).code == 0
    assert actfunc("compare", "own.py:f", *COMPARED).code == 0


def test_two_files_of_one_name_are_two(actfunc):
    for folder, name in (("a", "tanh"), ("b", "sin")):
        write(f"import torch\ndef f(x):\n    return torch.{name}(x)\n", f"{folder}/own.py")
    assert actfunc("train", "a/own.py:f", "b/own.py:f", *SMALL).code == 0
    write("import torch\ndef f(x):\n    return torch.relu(x)\n", "a/own.py")
    assert actfunc("train", "b/own.py:f", "a/own.py:f", *SMALL).code == 3
    assert actfunc("train", "b/own.py:f", *SMALL).code == 0


@pytest.mark.parametrize("code", ["0", "", "None", "3", "'done'"])
def test_the_end_of_the_program_within_ones_own_is_no_success(actfunc, code):
    write(
        f"import sys\ndef f(x):\n    if x.numel() > 1000:\n        sys.exit({code})\n    return x\n"
    )
    for command in (("train", "own.py:f", *SMALL), ("neurons", "own.py:f", "--fresh"),
                    ("compare", "own.py:f", *COMPARED)):  # fmt: skip
        done = actfunc(*command)
        assert done.code == 2, command
        assert "own.py, line 4, in f: SystemExit" in done.err
    write(f"import sys\nsys.exit({code})\n")
    done = actfunc("plot", "own.py:f")
    assert done.code == 2
    assert "own.py cannot be imported: SystemExit" in done.err


def test_an_interruption_within_ones_own_stays_one(actfunc):
    write("def f(x):\n    raise KeyboardInterrupt\n")
    done = actfunc("train", "own.py:f", *SMALL)
    assert done.code == 130
    assert "interrupted" in done.err
