"""The tree of a formula: numbers, symbols, and names applied to arguments."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias, Union


class Number(NamedTuple):
    """A number, exactly as written."""

    value: Fraction


class Symbol(NamedTuple):
    """`x`, a parameter, or one of the constants pi and e."""

    name: str


class Apply(NamedTuple):
    """A function or operator on its arguments: `exp`, `+`, `neg`, `<`, `and`, `if`.

    The arguments of `if` are the condition, the value where it holds, the value elsewhere.
    """

    name: str
    arguments: tuple[Node, ...]


Node: TypeAlias = Union[Number, Symbol, Apply]  # noqa: UP007  (a forward reference)


def as_json(node: Node) -> Any:
    """The tree as plain JSON values: {"number": "1/2"}, "x", ["exp", argument]."""
    match node:
        case Number(value):
            return {"number": str(value)}
        case Symbol(name):
            return name
        case Apply(name, arguments):
            return [name, *map(as_json, arguments)]


def names(node: Node) -> set[str]:
    """The symbols, functions and operators that occur in a tree."""
    match node:
        case Number():
            return set()
        case Symbol(name):
            return {name}
        case Apply(name, arguments):
            return {name}.union(*map(names, arguments))


def margins(node: Node) -> list[Node]:
    """What decides between two branches by its sign: the sides of a comparison apart, the argument
    of abs and sign, the difference of what max and min choose from."""
    if not isinstance(node, Apply):
        return []
    found = [margin for argument in node.arguments for margin in margins(argument)]
    match node:
        case Apply("<" | "<=" | ">" | ">=" | "max" | "min", (left, right)):
            found.append(Apply("-", (left, right)))
        case Apply("abs" | "sign", (argument,)):
            found.append(argument)
    return found


def constant(node: Node) -> Fraction | None:
    """The number that a tree of nothing but numbers stands for; None for any other, and for 1/0."""
    match node:
        case Number(value):
            return value
        case Apply("neg" | "+" | "-" | "*" | "/" as operator, arguments):
            values = [value for value in map(constant, arguments) if value is not None]
            if len(values) < len(arguments):
                return None
            match operator, values:
                case "neg", [a]:
                    return -a
                case "+", [a, b]:
                    return a + b
                case "-", [a, b]:
                    return a - b
                case "*", [a, b]:
                    return a * b
                case "/", [a, b] if b:
                    return a / b
    return None


def tower(node: Node) -> Fraction:
    """The largest product of exponents on any path down a tree: 64 for `(1 + x**8)**8`."""
    if not isinstance(node, Apply):
        return Fraction(1)
    below = max(map(tower, node.arguments))
    power = constant(node.arguments[1]) if node.name == "**" else None
    return below * max(abs(power or Fraction(1)), Fraction(1))
