"""The package's own errors: what was wrong, with which value, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

USAGE, DATA, FAILED = 2, 3, 4
"""Exit codes of the command line: wrong usage, missing or damaged data, work that could not be done
(no memory, a full disk, a process that died, a fault of ours). 1 is a check that did not hold."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


LONGEST = 80
"""Letters of a name that is not known which are shown."""


def in_a_line(error: BaseException) -> str:
    """The kind of an error that is not ours, and the first line of what it says."""
    return f"{type(error).__name__}: {first_line(error)}"


def first_line(error: BaseException) -> str:
    """The first line of what an error says, without what a terminal would obey."""
    return visible(str(error).strip().partition("\n")[0])


def visible(text: str) -> str:
    """The text with control characters written out: a file's or a server's words are no orders."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


class ActfuncError(Exception):
    """Base of every error the package raises on purpose.

    `hint` says what to do next; `exit_code` is what the command line ends with.
    """

    exit_code = FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ToldToEnd(BaseException):
    """The process was told to end, by SIGTERM.

    No Exception: torch's compiler takes those for its own failures, whoever raised them.
    """


def told_to_end(*_: object) -> None:
    """What a process does on SIGTERM that is to say so before it ends."""
    raise ToldToEnd


class UsageError(ActfuncError, ValueError):
    """An argument has a value that is not accepted."""

    exit_code = USAGE


class WriteError(UsageError):
    """A file or a folder cannot be written: the place is no good, or the disk (`full`)."""

    def __init__(self, message: str, hint: str, *, full: bool = False) -> None:
        super().__init__(message, hint)
        self.exit_code = FAILED if full else USAGE


class UnknownNameError(UsageError, KeyError):
    """A name that nothing answers to; the message suggests the nearest ones.

    It is a KeyError because the catalogue is a mapping: there `get` and `in` depend on it.
    """

    def __str__(self) -> str:
        return self.message  # a KeyError would show it in quotes

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str], hint: str = "") -> UnknownNameError:
        near = difflib.get_close_matches(name.lower(), list(known), n=3, cutoff=0.6)
        guess = f" Did you mean {_one_of(near)}?" if near else ""
        shown = repr(name) if len(name) <= LONGEST else f"{name[:LONGEST]!r}…"
        return cls(f"no {kind} named {shown}.{guess}", hint)


class FormulaError(UsageError):
    """Formula text that is not in the small language of formulas."""


class DataError(ActfuncError):
    """A data set is missing, damaged or cannot be fetched."""

    exit_code = DATA


class CheckpointError(ActfuncError):
    """A checkpoint or run folder is missing, damaged, unsafe or of another network."""

    exit_code = DATA


def _one_of(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
