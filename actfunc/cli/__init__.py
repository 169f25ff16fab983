"""The command line: one file a group of commands. `app` is the Typer app, `main` the program."""

from __future__ import annotations

import logging
import os
import signal as signals
import sys
import traceback
import warnings
from collections.abc import Sequence

import typer

from actfunc.cli import (
    activations,
    audit,
    certify,
    compare,
    curvature,
    data,
    dead,
    depth,
    distribution,
    evaluate,
    gradients,
    neurons,
    reproduce,
    signal,
    train,
)
from actfunc.cli.command import App
from actfunc.cli.console import open_streams, print_error
from actfunc.cli.options import traceback_option, version_callback
from actfunc.errors import INTERRUPTED, ActfuncError, ToldToEnd, UsageError, in_a_line, told_to_end
from actfunc.places import cache_root

app = App(
    name="actfunc",
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

GROUPS = (reproduce, activations, certify, audit, data, train, evaluate, compare)
NETWORK = (gradients, depth, signal, neurons, dead, distribution, curvature)

for group in (*GROUPS, *NETWORK):
    group.register(app)


@app.callback()
def actfunc(version: version_callback = False, traceback: traceback_option = False) -> None:
    """A laboratory for activation functions: is it right, what does it do, does it train better?

    Start with [bold]actfunc reproduce[/bold], the whole tutorial in one go, or
    [bold]actfunc show gelu[/bold]. Every command takes --help.
    """


RESUMING = ("reproduce", "train", "compare")
"""The commands that keep what they have done and go on with it."""

# typer carries click's exceptions, its own copy or click's by version; this is their base
_UsageProblem: type[Exception] = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)


TRACEBACK = "--traceback"

NARROWEST = 20
"""Columns of a terminal."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code: 0 done, 1 not held, 130, or of an error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # wherever it stands: who needs it has just seen the command fail, and adds it
    wanted = [each for each in given if each != TRACEBACK]
    try:
        code = _run(wanted or ["--help"])
        sys.stdout.flush()
        return code
    except BaseException as error:
        # rich makes an exit of it
        if isinstance(error if isinstance(error, OSError) else error.__context__, BrokenPipeError):
            _let_go_of_stdout()
            return 0
        told = _told(error, wanted)
        if told is None:
            raise
        if TRACEBACK in given:
            traceback.print_exception(error)
        print_error(told)
        return INTERRUPTED if _is_interruption(error) else told.exit_code


def _run(arguments: list[str]) -> int:
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries talk to developers, not to our users
    # torch's own choice is a temporary folder; it must be told before it is loaded
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_root() / "inductor"))
    # a notebook's, which it leaves to what it starts, may not be here; we only write files
    os.environ["MPLBACKEND"] = "agg"
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if os.environ.get("COLUMNS", "").isdecimal() and int(os.environ["COLUMNS"]) < NARROWEST:
        del os.environ["COLUMNS"]  # it says that nobody knows
    try:
        os.getcwd()
    except OSError as error:  # torch would be ended by one of its libraries
        raise UsageError("the current folder is gone", "cd to one that is there") from error
    code = int(app(args=arguments, standalone_mode=False) or 0)
    if code == INTERRUPTED:  # newer typers answer Ctrl-C themselves, without a word
        raise KeyboardInterrupt
    return code


def main() -> None:
    """The installed program."""
    open_streams()
    signals.signal(signals.SIGTERM, told_to_end)
    sys.exit(run())


def _let_go_of_stdout() -> None:
    """The reader has left: what is still to be written goes nowhere, without a word."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _is_interruption(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt | typer.Abort)


def _how_to_go_on(given: Sequence[str]) -> str:
    if {"--exhaustive", "--fetch"} & {*given} or (given[:1] and given[0] in RESUMING):
        return "the same command goes on where it stopped"
    return "nothing was written; the same command starts again"


def _told(error: BaseException, given: Sequence[str]) -> ActfuncError | None:
    """What to say of an error, a fault of ours too; None for what is to end the process."""
    if isinstance(error, ActfuncError):
        return error
    if isinstance(error, _UsageProblem):
        return _as_usage_error(error)
    if _is_interruption(error):
        return ActfuncError("interrupted", _how_to_go_on(given))
    if isinstance(error, ToldToEnd):
        return ActfuncError("told to end", _how_to_go_on(given))
    if not isinstance(error, Exception | SystemExit):
        return None
    # torch has no class of its own for a CPU that is out of memory
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and "memory" in str(error)
    ):
        what = str(error).partition("\n")[0] or "out of memory"
        return ActfuncError(what, "take smaller layers, a smaller batch or fewer examples")
    from actfunc.catalogue.door import raised_in_own

    own = raised_in_own(error)
    if own is not None:
        return own
    if isinstance(error, SystemExit):  # nothing of ours ends so, and its code would pass for ours
        return ActfuncError(f"something has ended the program: {in_a_line(error)}", _SHOW_WHERE)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return ActfuncError(f"{where}{error.strerror or error}", _SHOW_WHERE)
    return ActfuncError(
        f"something unforeseen, a fault of actfunc: {in_a_line(error)}",
        f"please report it, with what the same command prints with {TRACEBACK}",
    )


_SHOW_WHERE = f"the same command with {TRACEBACK} shows where"


def _as_usage_error(problem: Exception) -> UsageError:
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "actfunc"
    message = problem.format_message()  # type: ignore[attr-defined]
    return UsageError(message.rstrip("."), f"`{command} --help` shows what it takes")
