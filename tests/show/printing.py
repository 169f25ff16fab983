"""What a terminal shows of a table."""

from __future__ import annotations

from rich.console import Console, RenderableType


def printed(shown: RenderableType, width: int = 80) -> str:
    """The text of it, without colours, on a terminal so wide."""
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()
