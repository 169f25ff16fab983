"""For the terminal: tables of which nothing is cut off, and a small line plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

ANY_WIDTH = 10_000

FOLDED = 16
"""The narrowest that a column becomes whose words are longer: formulas are, and may be folded."""


class FoldingTable(Table):
    """rich's table, of which nothing is cut off at any width.

    Where it does not fit, columns that may break are made narrower; where that is not enough, each
    row is a list of its cells, with the headers before them.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As rich has it, with widths of our own where there is not room for all."""
        for column in self.columns:
            column.overflow = "fold"
        sizes = [self._size(console, options, column) for column in self.columns]
        whole = self._width(console, options, [size.maximum for size in sizes])
        least = self._width(console, options, [size.minimum for size in sizes])
        room = options.max_width
        if whole <= room:
            yield from super().__rich_console__(console, options)
        elif least <= room:
            with_room = _shared(sizes, room - least)
            before = self._set_widths(with_room)
            yield from super().__rich_console__(console, options)
            self._set_widths(before)
        else:
            yield from self._listed(console)

    def _size(self, console: Console, options: ConsoleOptions, column: Column) -> Measurement:
        """The least width, of the longest word, and the greatest of a column's own text."""
        if column.width is not None:
            return Measurement(column.width, column.width)
        cells = [*([column.header] if self.show_header else []), *column.cells]
        found = [Measurement.get(console, options.update(max_width=ANY_WIDTH), c) for c in cells]
        given = column.min_width or 0
        greatest = max([given, *(each.maximum for each in found)])
        if column.no_wrap:
            return Measurement(greatest, greatest)
        least = max([given, *(min(each.minimum, FOLDED) for each in found)])
        return Measurement(least, max(least, min(greatest, column.max_width or greatest)))

    def _width(self, console: Console, options: ConsoleOptions, widths: Sequence[int]) -> int:
        """The table's, with edges and all, for these widths of its columns."""
        before = self._set_widths(widths)
        width = Measurement.get(console, options.update(max_width=ANY_WIDTH), self).minimum
        self._set_widths(before)
        return width

    def _set_widths(self, widths: Sequence[int | None]) -> list[int | None]:
        before = [column.width for column in self.columns]
        for column, width in zip(self.columns, widths, strict=True):
            column.width = width
        return before

    def _listed(self, console: Console) -> Iterator[RenderableType]:
        if self.title:
            yield _text(console, self.title)
        headers = [_text(console, column.header).plain for column in self.columns]
        for row in zip(*(column.cells for column in self.columns), strict=True):
            yield Text()
            for header, cell in zip(headers, row, strict=True):
                if not isinstance(cell, str | Text):
                    yield cell
                elif shown := _text(console, cell):
                    label = f"{header}: " if self.show_header and header else ""
                    yield Text.assemble((label, "dim"), shown, overflow="fold")
        if self.caption:
            yield Text()
            yield _text(console, self.caption)


def _text(console: Console, text: RenderableType) -> Text:
    return console.render_str(text) if isinstance(text, str) else Text.assemble(text)  # type: ignore


def _shared(sizes: Sequence[Measurement], room: int) -> list[int]:
    """The least widths, and each as much of the room as it has to shrink of all that have to."""
    wanted = [size.maximum - size.minimum for size in sizes]
    shared, left = [], sum(wanted)
    for size, want in zip(sizes, wanted, strict=True):
        given = round(room * want / left) if left else 0
        shared.append(size.minimum + given)
        room, left = room - given, left - want
    return shared


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
