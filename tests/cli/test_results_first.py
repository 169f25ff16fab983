"""What was computed is printed whatever becomes of the figure, and of a command that is stopped."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from actfunc.__main__ import main
from actfunc.errors import UsageError
from actfunc.show import style

LAYERS = ("--hidden", "8,6")
COMMANDS = {
    "signal": ("relu", "--depth", "3"),
    "depth": ("relu", "--layers", "3", "--width", "8"),
    "gradients": ("relu", *LAYERS),
    "neurons": ("relu",),
    "dead": ("relu",),
    "distribution": ("relu",),
    "curvature": ("relu", "--batch", "16", "--steps", "6", "--probes", "2"),
}


@pytest.fixture
def trained(actfunc):
    """A folder with a small trained network."""
    assert actfunc("train", "relu", *LAYERS).code == 0
    return actfunc


@pytest.mark.parametrize("command", COMMANDS)
def test_a_figure_that_cannot_be_written_takes_no_result_with_it(trained, monkeypatch, command):
    call = (command, *COMMANDS[command])
    made = trained(*call, "--json").document
    *table, figure = trained(*call).out.splitlines()
    assert figure.startswith("figure: ")

    def full(figure, path):
        raise UsageError(f"{path} cannot be written: No space left on device", "make room")

    monkeypatch.setattr(style, "save", full)
    told = trained(*call, "--json")
    assert told.code == 2
    assert "No space left" in told.err
    assert told.document.keys() == made.keys()
    assert "made_by" in told.document
    assert trained(*call).out.splitlines() == table


@pytest.mark.parametrize(
    ("command", "said"),
    [("signal", "nothing was written"), ("train", "goes on where it stopped")],
)
def test_an_interrupted_command_tells_what_the_next_one_does(actfunc, monkeypatch, command, said):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("actfunc.catalogue.get", stop)
    monkeypatch.setattr("actfunc.storage.prepare", stop)
    stopped = actfunc(command, "relu")
    assert stopped.code == 130
    assert said in stopped.err


def test_interrupted_while_it_is_loaded_it_says_so_in_a_line(monkeypatch, capsys):
    class Loading(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "actfunc.cli", Loading("actfunc.cli"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "error: interrupted before it began\n"
