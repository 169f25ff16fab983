"""What the person sees: results on stdout, talk and progress on stderr, JSON alone on request."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from actfunc.errors import ActfuncError, visible

_results: ContextVar[TextIO | None] = ContextVar("results", default=None)


@contextmanager
def results_alone() -> Iterator[None]:
    """Keep stdout for `Output`: what anybody else prints meanwhile, one's own files, is talk."""
    before = _results.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _results.reset(before)


def open_streams() -> None:
    """Let anything be printed: `?` for what a terminal cannot show, nowhere for what is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def as_told(text: str) -> str:
    """Text that is not ours as it is: no markup of rich's, no order to the terminal."""
    return escape(visible(text))


class Output:
    """Where a command prints: to stdout; with `--json` one document there, all else on stderr.

    A silent one prints nothing: where several processes do one thing, the first speaks for all.
    """

    def __init__(self, as_json: bool = False, *, silent: bool = False) -> None:
        self.as_json = as_json
        self.silent = silent
        self._results = _results.get() or sys.stdout
        talk = sys.stderr if as_json else self._results
        self.console = Console(file=talk, highlight=False, quiet=silent, emoji=False)

    def print(self, *things: Any) -> None:
        """Print text with rich's markup, or anything rich can render."""
        self.console.print(*things)

    def document(self, document: dict[str, Any]) -> None:
        """Print the JSON document, if that was asked for."""
        if self.as_json and not self.silent:
            text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
            print(text, file=self._results, flush=True)

    def header(self, *parts: str) -> None:
        """The first line: what the command is working on."""
        self.console.print(f"[dim]{as_told(' · '.join(parts))}[/dim]", soft_wrap=True)

    def done(self, held: bool, what: str, found: str) -> None:
        """A finished part of a longer work, and its result in a few words."""
        mark = "[green]✓[/green]" if held else "[red]✗ NOT HELD[/red]"
        line = f"{mark} {as_told(what):<40} [dim]{as_told(found)}[/dim]"
        self.console.print(line, soft_wrap=True)

    def warning(self, text: str) -> None:
        """Something is not as it should be, though a result is there."""
        warn(self.console, text)

    def note(self, text: str) -> None:
        """Something that one should know of the results that follow."""
        warn(self.console, text, "note")

    def line(self, text: str) -> None:
        """A plain line of progress where no bar is drawn: in a pipe or a log file."""
        if not (self.silent or Console(stderr=True).is_terminal):
            print(visible(text), file=sys.stderr, flush=True)

    def wrote(self, what: str, path: object) -> None:
        """Tell where something was written."""
        self.console.print(f"[dim]{what}:[/dim] {as_told(str(path))}", soft_wrap=True)

    @contextmanager
    def status(self, doing: str) -> Iterator[Callable[[str], None]]:
        """A spinner with one line that says what is being done; gives a function to change it."""
        console = Console(stderr=True, highlight=False, quiet=self.silent)
        with console.status(as_told(doing)) as status:
            yield lambda text: status.update(as_told(text))

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Bars with what is done, how good it is so far (a task's `note`) and the time left.

        Where nobody watches (a pipe, a log file) no bar is drawn.
        """
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False, emoji=False),
            transient=True,
        )
        bar.disable = self.silent or not bar.console.is_terminal
        with bar:
            yield bar


def warn(console: Console, text: str, kind: str = "warning") -> None:
    """A warning, on a console of its own where a bar is drawn; one line where nobody watches."""
    told = f"[yellow]{kind}:[/yellow] {as_told(text)}"
    console.print(told, soft_wrap=not console.is_terminal)


def print_error(error: ActfuncError) -> None:
    """One line that says what and why, one that says what to do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    console.print(f"[bold red]error:[/bold red] {as_told(error.message)}")
    if error.hint:
        console.print(f"       {as_told(error.hint)}")


def advance(bar: Progress, task: TaskID, done: int, total: int) -> None:
    """So many of a total are done: what `on_batch` and its like are told, shown on a bar."""
    bar.update(task, completed=done, total=total)
