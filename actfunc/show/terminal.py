"""A small line plot for the terminal, eight dots a character."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

# the dots of a braille character by (row, column), as Unicode numbers them
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def line_plot(
    curves: Sequence[tuple[str, str, Sequence[float]]],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    columns: int = 64,
    rows: int = 15,
) -> Text:
    """Curves (label, style, values at equal steps over `x_range`), the last on top, with axes."""
    low, high = y_range
    cells: dict[tuple[int, int], tuple[int, str]] = {}
    for _, style, values in curves:
        for column in range(2 * columns):
            y = values[round(column * (len(values) - 1) / (2 * columns - 1))]
            if low <= y <= high:
                dot = round((high - y) / (high - low) * (4 * rows - 1))
                place = (dot // 4, column // 2)
                bits = _DOTS[dot % 4][column % 2]
                before, style_before = cells.get(place, (0, style))
                # a character has one colour: the curve drawn last keeps only its own dots
                cells[place] = (bits | before if style_before == style else bits, style)
    text = Text()
    zero_row = round(high / (high - low) * (4 * rows - 1)) // 4
    for row in range(rows):
        label = {0: f"{high:g}", zero_row: "0", rows - 1: f"{low:g}"}.get(row, "")
        text.append(f"{label:>6} ", style="dim").append("┼" if label else "│", style="dim")
        for column in range(columns):
            bits, style = cells.get((row, column), (0, ""))
            blank = "·" if row == zero_row else " "
            text.append(chr(0x2800 + bits) if bits else blank, style=style or "dim")
        text.append("\n")
    left, right = (f"{end:g}" for end in x_range)
    text.append(" " * 8 + left + f"{right:>{columns - len(left)}}\n", style="dim")
    text.append(" " * 8)
    for label, style, _ in reversed(curves):
        text.append("━━ ", style=style).append(label + "   ")
    return text
