"""The frame: instant help, one-line errors, exit codes, JSON alone on stdout."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from actfunc.cli import app, run

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
        (["compare", "relu", "--name", "../../elsewhere"], "--name must be the name of one folder"),
        (["compare", "relu", "--name", ".."], "--name must be the name of one folder"),
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
        assert done.code in (2, 4)
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


def test_without_a_word_it_shows_its_help(actfunc):
    assert actfunc() == actfunc("--help")
    assert actfunc().code == 0


def test_help_flows_to_the_width_there_is(actfunc, monkeypatch):
    """A docstring's own line breaks would leave every second line half empty."""
    monkeypatch.setenv("COLUMNS", "60")
    text = actfunc("certify", "--help").out
    paragraph = text[text.index("In float64 and") : text.index("Exit code 1")].splitlines()
    assert all(len(line.strip()) > 40 for line in paragraph[:-1])


QUICK = ("--as", "sigmoid", "--dtype", "float16")


def test_what_ones_own_file_prints_is_not_among_the_results(actfunc):
    Path("loud.py").write_text(
        "print('imported')\ndef f(x):\n    print('called')\n    return x.sigmoid()\n"
    )
    for command in (["show", "loud.py:f"], ["certify", "loud.py:f", *QUICK]):
        done = actfunc(*command, "--json")
        assert done.document
        assert {"imported", "called"} <= set(done.err.splitlines())
        assert not {"imported", "called"} & set(actfunc(*command).out.splitlines())


@pytest.mark.parametrize("place", ["before", "after"])
def test_an_unforeseen_error_is_a_line_and_all_of_it_on_request(actfunc, monkeypatch, place):
    def broken(name: str) -> None:
        raise TypeError("no such thing\nand more")

    monkeypatch.setattr("actfunc.catalogue.find", broken)
    done = actfunc("show", "relu")
    assert done.code == 4
    assert done.out == ""
    assert done.err.splitlines() == [
        "error: something unforeseen, a fault of actfunc: TypeError: no such thing",
        "       please report it, with what the same command prints with --traceback",
    ]
    whole = (
        ["--traceback", "show", "relu"] if place == "before" else ["show", "relu", "--traceback"]
    )
    told = actfunc(*whole)
    assert told.code == 4
    assert "in broken" in told.err
    assert told.err.endswith(done.err)


@pytest.mark.parametrize("last", [KeyboardInterrupt, OSError])
def test_what_is_trained_is_on_the_screen_whatever_ends_the_rest(actfunc, monkeypatch, last):
    from actfunc.storage import RunFolder

    save = RunFolder.save

    def full(folder, progress):
        if "gelu" in folder.path.name:
            raise last(28, "No space left on device") if last is OSError else last
        save(folder, progress)

    monkeypatch.setattr(RunFolder, "save", full)
    done = actfunc("train", "relu", "gelu", "--hidden", "8", "--eager")
    assert done.code == (130 if last is KeyboardInterrupt else 4)
    assert re.search(r"^ *relu +\d", done.out, re.M)
    assert re.search(r"warning: gelu was cut off; last epoch val \d", done.err + done.out)
    assert ("No space left on device" in done.err) == (last is OSError)


OPTIONS_FIRST = {
    "--save": ["certify", "relu", "--save", "file/kept.jsonl"],
    "--against": ["certify", "relu", "--against", "nowhere.jsonl"],
    "--markdown": ["audit", "relu", "--markdown", "file/table.md"],
    "--plot": ["train", "relu", "--plot", "file/figure.svg"],
}


@pytest.mark.parametrize("option", OPTIONS_FIRST)
def test_what_cannot_be_written_or_read_is_said_before_the_work(actfunc, option):
    Path("file").touch()
    done = actfunc(*OPTIONS_FIRST[option])
    assert done.code in (2, 3)
    assert done.out == ""
    assert done.err.count("\n") == 2


def test_a_home_folder_in_a_variable_is_the_home_folder(actfunc, monkeypatch):
    monkeypatch.setenv("HOME", str(Path.cwd() / "home"))
    monkeypatch.setenv("ACTFUNC_RUNS", "~/runs")
    assert actfunc("train", "relu", "--hidden", "8", "--eager").code == 0
    assert [path.name for path in Path("home/runs/silhouettes").iterdir()] == ["relu-seed42"]
    assert actfunc("evaluate", "relu", "--hidden", "8").code == 0


def run_outside(arguments: list[str], redirected: str = "", **variables: str) -> tuple[int, str]:
    """The exit code of a process of its own, its streams redirected by a shell, and its stderr."""
    command = shlex.join([sys.executable, str(ROOT / "cli.py"), *arguments])
    env = {**os.environ, **variables}
    done = subprocess.run(
        ["sh", "-c", f"{command} {redirected}"], capture_output=True, env=env, check=False
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_place_for_the_results_is_said():
    code, err = run_outside(["--help"], ">/dev/full")
    assert code == 4
    assert err.splitlines()[0] == "error: No space left on device"
    assert "Traceback" not in err


def test_readers_who_leave_and_closed_streams_are_no_error():
    assert run_outside(["list", "--json"], "| head -1") == (0, "")
    assert run_outside(["--help"], ">&-") == (0, "")


def test_a_terminal_of_few_letters_and_a_notebooks_backend_stop_nothing(tmp_path):
    figure = tmp_path / "f′.svg"
    surroundings = {
        "PYTHONIOENCODING": "ascii",
        "MPLBACKEND": "no.such.backend",
        "MPLCONFIGDIR": "/dev/null/none",
    }
    assert run_outside(["plot", "relu", "-o", str(figure)], **surroundings) == (0, "")
    assert figure.exists()


def test_a_width_that_says_nothing_and_a_folder_that_is_gone(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "0")
    assert run(["show", "relu"]) == 0
    assert "x if x > 0 else 0" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert run(["show", "relu"]) == 2
    assert capsys.readouterr().err.startswith("error: the current folder is gone\n")
