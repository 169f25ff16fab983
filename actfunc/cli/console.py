"""What the person sees: results on stdout, talk and progress on stderr, JSON alone on request."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from actfunc.errors import ActfuncError


class Output:
    """Where a command prints: tables to stdout, or with `--json` one document there and talk aside."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = Console(stderr=as_json, highlight=False, soft_wrap=False)

    def print(self, *things: Any) -> None:
        """Print text with rich's markup, or anything rich can render."""
        self.console.print(*things)

    def document(self, document: dict[str, Any]) -> None:
        """Print the JSON document, if that was asked for."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
            sys.stdout.flush()

    def header(self, *parts: str) -> None:
        """The first line: what the command is working on."""
        self.print("[dim]" + escape(" · ".join(part for part in parts if part)) + "[/dim]")

    def wrote(self, what: str, path: object) -> None:
        """Tell where something was written."""
        self.console.print(f"[dim]{what}:[/dim] {escape(str(path))}", soft_wrap=True)

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
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        bar.disable = not bar.console.is_terminal
        with bar:
            yield bar


def print_error(error: ActfuncError) -> None:
    """One line that says what and why, one that says what to do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]error:[/bold red] {escape(error.message)}")
    if error.hint:
        console.print(f"       {escape(error.hint)}")
