"""What every command has in common: help that flows, results alone on stdout, spellings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand

from actfunc.cli.console import results_alone

AUTHOR = "author"
"""What a `--pretrained` that stands alone means: the networks of the tutorial's author."""

Function = TypeVar("Function", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command during which stdout is for its results: what anybody else prints goes to stderr."""

    def invoke(self, ctx: Any) -> Any:
        """Run it; its options are parsed, and its help is already printed."""
        with results_alone():
            return super().invoke(ctx)


class OptionalValueCommand(Command):
    """A command whose `--pretrained` may stand alone, which Typer has no word for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a lone `--pretrained` its value, then parse as always."""
        spelled = []
        for index, this in enumerate(args):
            spelled.append(this)
            following = args[index + 1 : index + 2] or ["-"]
            if this == "--pretrained" and following[0].startswith("-"):
                spelled.append(AUTHOR)
        return super().parse_args(ctx, spelled)


class App(typer.Typer):
    """The app whose commands are of the kind above, with their docstrings as help."""

    def command(  # type: ignore[override]
        self, name: str | None = None, *, cls: type[Command] = Command, epilog: str = ""
    ) -> Callable[[Function], Function]:
        """Register a function as a command; its paragraphs flow to the terminal's width."""
        plain = super().command

        def register(function: Function) -> Function:
            paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
            text = "\n\n".join(" ".join(each.split()) for each in paragraphs)
            return plain(name, cls=cls, epilog=epilog, help=text)(function)

        return register
