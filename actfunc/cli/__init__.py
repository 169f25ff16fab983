"""The command line: one file a group of commands. `app` is the Typer app, `main` the program."""

from __future__ import annotations

import os
import sys
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
    gradients,
    neurons,
    reproduce,
    signal,
    training,
)
from actfunc.cli.console import print_error
from actfunc.cli.options import version_callback
from actfunc.errors import ActfuncError, UsageError, in_a_line
from actfunc.places import cache_root

app = typer.Typer(
    name="actfunc",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

GROUPS = (reproduce, activations, certify, audit, data, training, compare)
NETWORK = (gradients, depth, signal, neurons, dead, distribution, curvature)

for group in (*GROUPS, *NETWORK):
    group.register(app)


@app.callback()
def actfunc(version: version_callback = False) -> None:
    """A laboratory for activation functions: is it right, what does it do, does it train better?

    Start with [bold]actfunc reproduce[/bold], the whole tutorial in one go, or
    [bold]actfunc show gelu[/bold]. Every command takes --help.
    """


INTERRUPTED = 130

RESUMING = ("reproduce", "train", "compare")
"""The commands that keep what they have done and go on with it."""

# typer carries click's exceptions, its own copy or click's by version; this is their base
_UsageProblem: type[Exception] = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code: 0 done, 1 not held, 2 usage, 3 data, 130."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries talk to developers, not to our users
    # torch's own choice is a temporary folder; it must be told before it is loaded
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_root() / "inductor"))
    try:
        code = int(app(args=arguments, standalone_mode=False) or 0)
        if code == INTERRUPTED:  # newer typers answer Ctrl-C themselves, without a word
            raise KeyboardInterrupt
        return code
    except ActfuncError as error:
        print_error(error)
        return error.exit_code
    except _UsageProblem as problem:
        print_error(_as_usage_error(problem))
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print_error(ActfuncError("interrupted", _how_to_go_on(arguments)))
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader has left; nothing more to say to it
        return 0
    except SystemExit as error:  # nothing of ours ends so, and its code would be taken for ours
        ended = _told(error) or ActfuncError(f"something has ended the program: {in_a_line(error)}")
        print_error(ended)
        return ended.exit_code
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        print_error(told)
        return told.exit_code


def main() -> None:
    """The installed program."""
    sys.exit(run())


def _how_to_go_on(arguments: Sequence[str] | None) -> str:
    given = sys.argv[1:] if arguments is None else arguments
    if {"--exhaustive", "--fetch"} & {*given} or (given[:1] and given[0] in RESUMING):
        return "the same command goes on where it stopped"
    return "nothing was written; the same command starts again"


def _told(error: BaseException) -> ActfuncError | None:
    """What to say of an error that is no fault of ours: out of memory, or in one's own function."""
    # torch has no class of its own for a CPU that is out of memory
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and "memory" in str(error)
    ):
        what = str(error).partition("\n")[0] or "out of memory"
        return ActfuncError(what, "take smaller layers, a smaller batch or fewer examples")
    from actfunc.catalogue.door import raised_in_own

    return raised_in_own(error)


def _as_usage_error(problem: Exception) -> UsageError:
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "actfunc"
    message = problem.format_message()  # type: ignore[attr-defined]
    return UsageError(message.rstrip("."), f"`{command} --help` shows what it takes")
