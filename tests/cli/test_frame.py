"""The frame: instant help, one-line errors, exit codes, JSON alone on stdout."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from actfunc.cli import app

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
ROOT = Path(__file__).parents[2]


def test_help_loads_no_heavy_module():
    code = (
        "import sys; from actfunc.cli import run; run(['--help']);"
        "heavy = {'torch', 'matplotlib', 'sympy', 'flint', 'numpy', 'torchvision'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_is_registered():
    assert set(COMMANDS) >= {
        *("certify", "data", "dead", "distribution", "evaluate", "gradients", "list"),
        *("plot", "reproduce", "show", "train"),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(actfunc, command):
    done = actfunc(command, "--help")
    assert done.code == 0
    assert re.search(rf"Example: actfunc {command}\b", done.out)


@pytest.mark.parametrize(
    ("given", "parsed"),
    [
        ([], None),
        (["--pretrained"], "author"),
        (["--pretrained", "--seed", "1"], "author"),
        (["--pretrained", "folder"], "folder"),
        (["--seed", "1", "--pretrained"], "author"),
    ],
)
def test_pretrained_may_stand_alone(given, parsed):
    command = typer.main.get_command(app).commands["reproduce"]  # type: ignore[attr-defined]
    assert command.make_context("reproduce", given).params["pretrained"] == parsed


def test_a_variable_stands_for_its_option_in_every_command_that_has_it(monkeypatch):
    values = {
        "dataset": "silhouettes", "examples": 600, "epochs": 3, "device": "cpu",
        "runs": Path("elsewhere"),
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"ACTFUNC_{name.upper()}", str(value))
    taken, wanted = {}, {}
    for name in COMMANDS:
        command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
        takes_names = any(isinstance(each, typer.core.TyperArgument) for each in command.params)
        found = command.make_context(name, ["relu"] if takes_names else []).params
        for option in command.params:
            # the folder of the runs is --out where it is written and --runs where it is read
            variable = "runs" if option.default == Path("runs") else option.name
            if variable in values:
                taken[name, option.name] = found[option.name]
                wanted[name, option.name] = values[variable]
    assert taken == wanted
    assert {("train", "out"), ("evaluate", "runs"), ("gradients", "examples")} <= taken.keys()


@pytest.mark.parametrize("program", [["-m", "actfunc"], ["cli.py"]])
def test_the_launcher_and_the_module_are_the_same_program(program):
    done = subprocess.run(
        [sys.executable, *program, "--version"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert re.fullmatch(r"actfunc \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["train"], "Missing argument"),
        (["train", "no_such"], "no activation named 'no_such'"),
        (["train", "geluu"], "Did you mean gelu"),
        (["train", "relu:slope=1"], "no parameter named 'slope'; accepted: none"),
        (["train", "elu:alpha=wide"], "'alpha'"),
        (["train", "relu", "--learning-rate", "0"], "learning_rate must be"),
        (["train", "relu", "--learning-rate", "nan"], "learning_rate must be"),
        (["train", "relu", "--learning-rate", "fast"], "--learning-rate"),
        (["train", "relu", "--optimizer", "sgd:momentum=-1"], "momentum must be"),
        (["train", "relu", "--optimizer", "sdg"], "no optimizer named 'sdg'. Did you mean sgd"),
        (["train", "relu", "--optimizer", "adam:momentum=0.9"], "no setting named 'momentum'"),
        (["train", "relu", "--schedule", "cosin"], "no schedule named 'cosin'. Did you mean"),
        (["train", "relu", "--schedule", "warm_up"], "'warm_up' lacks steps"),
        (["train", "relu", "--schedule", "warm_up:steps=99"], "steps of warm_up must be at most"),
        (["train", "relu", "--hidden", "512,x"], "hidden must be positive whole numbers"),
        (["train", "relu", "--hidden", "0"], "hidden must be positive whole numbers"),
        (["train", "relu", "--batch-size", "5000"], "batch_size 5000 is more than"),
        (["train", "relu", "--epochs", "0"], "--epochs"),
        (["train", "relu", "--device", "tpu"], "device"),
        (["train", "relu", "--dataset", "mnist"], "no data set named 'mnist'"),
        (["train", "nowhere/my.py:f"], "no file nowhere/my.py"),
        (["train", "math:hypot"], "math:hypot cannot be called: "),
        (["plot", "relu", "-o", "figure.bmp"], "cannot draw a figure as 'figure.bmp'"),
        (["gradients", "-o", "figure"], "cannot draw a figure as 'figure'"),
        (["certify"], "name an activation"),
        (["certify", "relu", "--dtype", "int8"], "dtype must be"),
        (["certify", "relu", "--formula", "__import__('os')"], "formula"),
    ],
)
def test_wrong_usage_is_one_line_what_and_one_line_what_to_do(actfunc, arguments, said):
    done = actfunc(*arguments)
    assert done.code == 2
    assert done.out == "" or "·" in done.out  # at most the line that says what is worked on
    [first, *rest] = [line for line in done.err.splitlines() if not line.startswith("note:")]
    assert first.startswith("error: ")
    assert said in first
    assert len(rest) <= 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "relu"], "no trained network for relu"),
        (["distribution", "gelu"], "`actfunc train gelu` makes it"),
        (["reproduce", "--pretrained", "nowhere"], "no folder nowhere"),
        (["evaluate", "--pretrained", "nowhere"], "no folder nowhere"),
    ],
)
def test_missing_networks_end_with_3_and_say_what_to_do(actfunc, arguments, said):
    done = actfunc(*arguments)
    assert done.code == 3
    assert said in done.err


def test_a_place_that_cannot_be_written_and_a_lack_of_memory_are_said_in_two_lines(actfunc):
    Path("file").touch()
    for arguments in (
        ["plot", "relu", "-o", "file/figure.svg"],
        ["train", "relu", "--out", "file"],
        ["train", "relu", "--hidden", "1000000000,1000000000"],
    ):
        done = actfunc(*arguments)
        assert done.code in (1, 2)
        assert done.err.count("error:") == 1
        assert len(done.err.splitlines()) == 2


def test_ones_own_function_that_raises_later_is_told_with_its_line(actfunc):
    """At the numbers it was tried with, it did not."""
    Path("own.py").write_text(
        "def f(x):\n    if x.numel() > 1000:\n        raise ValueError('too many')\n    return x\n"
    )
    for command in (["train", "own.py:f", "--hidden", "8"], ["neurons", "own.py:f", "--fresh"]):
        done = actfunc(*command)
        assert done.code == 2
        assert "own.py, line 3, in f: ValueError: too many" in done.err
        assert "an activation takes a floating-point tensor" in done.err


def test_an_interruption_ends_with_130_and_says_how_to_go_on(actfunc, monkeypatch):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("actfunc.catalogue.get", interrupt)
    done = actfunc("train", "relu")
    assert done.code == 130
    assert "the same command goes on" in done.err
