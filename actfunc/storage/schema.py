"""What a JSON value has to be, field by field: kinds of values, made of one another.

    EPOCH = record(epoch=whole(1), loss=maybe(number()), seconds=number(0))

A kind is a function that gives the value back, or raises `Unfit` with what it expected, what it
found, and where in the document that was.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

Kind = Callable[[Any], Any]

SHOWN = 40
"""Characters of a value that does not fit, in the message that says so."""


class Unfit(Exception):  # noqa: N818
    """A value is not of its kind. `steps` lead to it from the document's top."""

    def __init__(self, expected: str, found: object) -> None:
        super().__init__(expected)
        self.expected, self.found = expected, _shown(found)
        self.steps: list[str | int] = []

    @property
    def where(self) -> str:
        """The place in the document, `history[2].loss`; empty of the document as a whole."""
        path = ""
        for step in reversed(self.steps):
            path += f"[{step}]" if isinstance(step, int) else f".{step}" * bool(path) or f"{step}"
        return path

    def __str__(self) -> str:
        place = f"{self.where}: " if self.steps else ""
        return f"{place}expected {self.expected}, found {self.found}"


def whole(least: int = 0, most: float = math.inf) -> Kind:
    """A whole number from `least` to `most`."""
    return _numbers("a whole number", least, most, (int,))


def number(least: float = -math.inf, most: float = math.inf) -> Kind:
    """A finite number from `least` to `most`, given as a float."""
    kind = _numbers("a number", least, most, (int, float))
    return lambda value: float(kind(value))


def share() -> Kind:
    """A number from 0 to 1."""
    return number(0, 1)


def text() -> Kind:
    """Text."""
    return _of_type(str, "text")


def flag() -> Kind:
    """true or false."""
    return _of_type(bool, "true or false")


def one_of(*values: Any) -> Kind:
    """One of some texts."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in values:
            raise Unfit(" or ".join(map(repr, values)), value)
        return value

    return check


def maybe(kind: Kind) -> Kind:
    """Of that kind, or null."""
    return lambda value: None if value is None else kind(value)


def either(one: Kind, other: Kind) -> Kind:
    """Of the one kind or the other; what is said of a value that is neither is the other's."""

    def check(value: Any) -> Any:
        try:
            return one(value)
        except Unfit:
            return other(value)

    return check


def each(kind: Kind, fewest: int = 0) -> Kind:
    """A list of at least so many values of a kind."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) < fewest:
            raise Unfit(f"a list of {fewest} or more", value)
        return [_within(kind, index, one) for index, one in enumerate(value)]

    return check


def row(*kinds: Kind) -> Kind:
    """A list of just these kinds, in this order."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) != len(kinds):
            raise Unfit(f"a list of {len(kinds)}", value)
        pairs = enumerate(zip(kinds, value, strict=True))
        return [_within(kind, index, one) for index, (kind, one) in pairs]

    return check


def record(optional: Iterable[str] = (), /, **fields: Kind) -> Kind:
    """An object with just these fields, of which those named in `optional` may be left out."""
    may_lack = set(optional)

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Unfit("an object", value)
        lacking = [name for name in fields if name not in value and name not in may_lack]
        if lacking:
            raise Unfit(f"the field {lacking[0]!r}", sorted(value) or "no field")
        unknown = sorted(value.keys() - fields.keys())
        if unknown:
            raise Unfit(f"no other fields than {', '.join(fields)}", unknown[0])
        return {name: _within(fields[name], name, one) for name, one in value.items()}

    return check


def mapping(kind: Kind) -> Kind:
    """An object of any fields, each of that kind."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Unfit("an object", value)
        return {name: _within(kind, name, one) for name, one in value.items()}

    return check


def anything(value: Any) -> Any:
    """Whatever it is: for what people read and no number depends on."""
    return value


def _within(kind: Kind, step: str | int, value: Any) -> Any:
    try:
        return kind(value)
    except Unfit as unfit:
        unfit.steps.append(step)
        raise


def _of_type(wanted: type, words: str) -> Kind:
    def check(value: Any) -> Any:
        if type(value) is not wanted:
            raise Unfit(words, value)
        return value

    return check


def _numbers(words: str, least: float, most: float, types: tuple[type, ...]) -> Kind:
    ends = [f"{least:g} or more"] * math.isfinite(least) + [f"at most {most:g}"] * (most < math.inf)
    expected = " ".join([words, *filter(None, [", ".join(ends)])])

    def check(value: Any) -> Any:
        # bool is an int to isinstance; an int above the largest float cannot become one
        if (
            type(value) not in types
            or not least <= value <= most
            or abs(value) > sys.float_info.max
        ):
            raise Unfit(expected, value)
        return value

    return check


def _shown(value: object) -> str:
    try:
        whole = repr(value)
    except (ValueError, RecursionError):  # of thousands of digits, or nested as deeply
        return f"a {type(value).__name__} too long to show"
    return whole if len(whole) <= SHOWN else f"{whole[:SHOWN]}…"
