"""Formula text, parsed by an explicit whitelist into a small tree that other modules interpret.

The text comes from users, so it is never evaluated: Python's own parser makes a syntax tree of it
and only the node types named here are taken over; all else is a FormulaError.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from actfunc.errors import FormulaError, UsageError
from actfunc.formulas import typeset
from actfunc.formulas.tree import Apply, Node, Number, Symbol, constant, names, tower

MAX_LENGTH, MAX_DEPTH, MAX_EXPONENT = 1000, 64, 64

ARITY = {
    "abs": 1, "asinh": 1, "atan": 1, "cos": 1, "cosh": 1, "erf": 1, "erfc": 1, "exp": 1,
    "expm1": 1, "log": 1, "log1p": 1, "max": 2, "min": 2, "sigmoid": 1, "sign": 1, "sin": 1,
    "sinc": 1, "sinh": 1, "softplus": 1, "sqrt": 1, "tan": 1, "tanh": 1,
}  # fmt: skip
"""The functions a formula may call, and how many arguments each takes."""

OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
CONDITIONS = {*COMPARISONS.values(), "and", "or"}
CONSTANTS = ("pi", "e")

_REFUSED = {
    ast.Attribute: "attribute access", ast.Subscript: "indexing", ast.Lambda: "lambda",
    ast.NamedExpr: "assignment", ast.Await: "await", ast.Yield: "yield",
    ast.GeneratorExp: "a comprehension", ast.Starred: "a starred argument",
    ast.Tuple: "a tuple", ast.Not: "`not`", ast.FloorDiv: "the operator //",
    ast.Eq: "the comparison ==", ast.Is: "the comparison `is`", ast.In: "the comparison `in`",
}  # fmt: skip
_PLAIN = re.compile(r"[\w\s.+\-*/()<>=,]*", re.ASCII)

TorchFunction: TypeAlias = Callable[..., Tensor]
TORCH: dict[str, TorchFunction] = {
    "+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div, "**": torch.pow,
    "neg": torch.neg, "<": torch.lt, "<=": torch.le, ">": torch.gt, ">=": torch.ge,
    "and": torch.logical_and, "or": torch.logical_or, "if": torch.where,
    "max": torch.maximum, "min": torch.minimum, "softplus": lambda u: torch.logaddexp(u, u * 0),
    "sinc": lambda u: torch.sinc(u / math.pi),
    **{name: getattr(torch, name) for name in
       ("abs", "asinh", "atan", "cos", "cosh", "erf", "erfc", "exp", "expm1", "log", "log1p",
        "sigmoid", "sign", "sin", "sinh", "sqrt", "tan", "tanh")},
}  # fmt: skip


class Formula(NamedTuple):
    """A formula that was accepted: its text, the parameters it may name, its tree."""

    text: str
    params: tuple[str, ...]
    tree: Node

    def evaluate(self, x: Tensor | Sequence[float] | float, **params: float) -> Tensor:
        """The formula in torch's float64: for plots and asymptotes, not a judge of last digits.

        x: a tensor, a list or a number, of any shape; gives a float64 tensor of that shape.
        Raises UsageError where a parameter of the formula is missing or unknown.
        """
        if set(params) != set(self.params):
            wanted, got = ", ".join(self.params) or "none", ", ".join(sorted(params)) or "none"
            raise UsageError(f"{self.text!r} takes the parameters {wanted}; got {got}")
        device = x.device if isinstance(x, Tensor) else "cpu"
        points = torch.as_tensor(x, dtype=torch.float64, device=device)
        symbols = {"pi": math.pi, "e": math.e, **params}

        def value(node: Node) -> Tensor:
            match node:
                case Number(number):
                    return points.new_tensor(float(number))
                case Symbol("x"):
                    return points
                case Symbol(name):
                    return points.new_tensor(symbols[name])
                case Apply(name, arguments):
                    return TORCH[name](*map(value, arguments))

        return value(self.tree).expand(points.shape)

    def latex(self, order: int = 0) -> str:
        """LaTeX of the function (order 0) or of its derivative of that order, cases as cases."""
        return typeset.latex(self.tree, order)

    def plain(self, order: int = 0) -> str:
        """One line of text, in the language of formulas itself, of the derivative of that order."""
        return typeset.plain(self.tree, order)

    def pretty(self, order: int = 0) -> str:
        """Several lines of Unicode for the terminal, of the derivative of that order."""
        return typeset.pretty(self.tree, order)


def parse(text: str, params: Collection[str] = ()) -> Formula:
    """The formula that `text` writes in `x`, the parameters `params`, and the functions of ARITY.

    Accepted besides: numbers, pi, e, + - * / **, comparisons, `and`, `or`, `a if cond else b`.
    Raises FormulaError, which names what is not accepted; nothing of the text is ever run.
    """
    return _parse(text, tuple(params))


@lru_cache(maxsize=256)
def _parse(text: str, params: tuple[str, ...]) -> Formula:
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"a formula has at most {MAX_LENGTH} characters, this one {len(text)}")
    plain = _PLAIN.match(text)
    if plain is None or plain.end() < len(text):
        refused = text[plain.end() if plain else 0]
        raise _error(text, f"the character {refused!r} is not accepted", params)
    reserved = {"x", *CONSTANTS, *ARITY} & set(params)
    if reserved:
        raise FormulaError(f"a parameter cannot be called {min(reserved)!r}: the word is taken")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's remarks on style, such as `1if x else 2`
            source = ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = "it is nested too deeply"
        if isinstance(error, SyntaxError):
            reason = f"{error.msg}, at character {error.offset}"
        raise _error(text, f"cannot be read ({reason})", params) from None
    reader = _Reader(" ".join(text.split()), params)
    return Formula(text, params, reader.number(source, 0))


class _Reader(NamedTuple):
    """Takes over, node by node, what is accepted of Python's syntax tree."""

    text: str
    params: tuple[str, ...]

    def number(self, node: ast.expr, depth: int) -> Node:
        tree = self.node(node, depth)
        if isinstance(tree, Apply) and tree.name in CONDITIONS:
            raise self.error("a comparison stands only between `if` and `else`")
        return tree

    def condition(self, node: ast.expr, depth: int) -> Apply:
        tree = self.node(node, depth)
        if isinstance(tree, Apply) and tree.name in CONDITIONS:
            return tree
        raise self.error("between `if` and `else` stands a comparison, such as `x > 0`")

    def node(self, node: ast.expr, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.error(f"is nested deeper than {MAX_DEPTH} levels")
        depth += 1
        match node:
            case ast.Constant():
                return self.literal(node)
            case ast.Name(name):
                if name not in ("x", *CONSTANTS, *self.params):
                    where = f" without arguments, as in {name}(x)" if name in ARITY else ""
                    raise self.error(f"the name {name!r} is not accepted{where}")
                return Symbol(name)
            case ast.UnaryOp(ast.USub() | ast.UAdd() as plus, operand):
                inner = self.number(operand, depth)
                return Apply("neg", (inner,)) if isinstance(plus, ast.USub) else inner
            case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
                arguments = self.number(left, depth), self.number(right, depth)
                if isinstance(operator, ast.Pow):
                    self.check_exponent(*arguments)
                return Apply(OPERATORS[type(operator)], arguments)
            case ast.Compare(left, operators, others):
                values = [self.number(value, depth) for value in (left, *others)]
                for sign in operators:
                    if type(sign) not in COMPARISONS:
                        raise self.refused(sign)
                words = [COMPARISONS[type(sign)] for sign in operators]
                return _joined("and", list(map(Apply, words, pairwise(values))))
            case ast.BoolOp(operator, others):
                word = "and" if isinstance(operator, ast.And) else "or"
                return _joined(word, [self.condition(value, depth) for value in others])
            case ast.IfExp(test, body, orelse):
                condition = self.condition(test, depth)
                values = [self.number(body, depth), self.number(orelse, depth)]
                return Apply("if", (condition, *values))
            case ast.Call(ast.Name(name), arguments, []) if name in ARITY:
                if len(arguments) != (takes := ARITY[name]):
                    raise self.error(f"{name} takes {takes} argument(s), not {len(arguments)}")
                return Apply(name, tuple(self.number(value, depth) for value in arguments))
            case ast.Call(ast.Name(name), _, []):
                raise self.error(
                    f"the function {name!r}, at character {node.col_offset + 1}, is not accepted"
                )
            case ast.Call(ast.Name(), _, _):
                raise self.error("an argument by keyword is not accepted")
            case ast.UnaryOp(operator, _) | ast.BinOp(_, operator, _):
                raise self.refused(operator)
            case ast.Call(function, _, _) if type(function) in _REFUSED:
                raise self.refused(function)
            case _:
                raise self.refused(node)

    def literal(self, node: ast.Constant) -> Number:
        """A number exactly as written in decimal, which `float` would have rounded."""
        digits = self.text[node.col_offset : node.end_col_offset].replace("_", "")
        value = node.value
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.error(f"{digits!r} is not accepted as a number")
        if set("xob") & set(digits.lower()):
            raise self.error(f"numbers are decimal, {digits!r} is not")
        if not 1e-300 < value < 1e300 and set(digits.lower().partition("e")[0]) & set("123456789"):
            raise self.error("numbers lie between 1e-300 and 1e300")
        return Number(Fraction(digits) if value else Fraction(0))

    def check_exponent(self, base: Node, exponent: Node) -> None:
        used = names(exponent)
        if "x" in used:
            raise self.error("an exponent with x in it is not accepted: a**x is exp(x * log(a))")
        if used - {"neg", "+", "-", "*", "/", *self.params}:
            raise self.error("an exponent is made of numbers and parameters with + - * /")
        value = constant(exponent)
        if value is None and used <= {"neg", "+", "-", "*", "/"}:
            raise self.error("an exponent is divided by zero")
        if value is not None and abs(value) * tower(base) > MAX_EXPONENT:
            raise self.error(f"exponents, and products of exponents, go to {MAX_EXPONENT}")

    def refused(self, node: ast.AST) -> FormulaError:
        word = _REFUSED.get(type(node), f"this form ({type(node).__name__})")
        return self.error(f"{word} is not accepted")

    def error(self, what: str) -> FormulaError:
        return _error(self.text, what, self.params)


def _joined(word: str, parts: list[Apply]) -> Apply:
    """Comparisons in a chain, two at a time."""
    joined = parts[0]
    for part in parts[1:]:
        joined = Apply(word, (joined, part))
    return joined


def _error(text: str, what: str, params: Collection[str]) -> FormulaError:
    shown = text if len(text) <= 60 else text[:57] + "..."
    symbols = ", ".join(("x", *params, *CONSTANTS))
    return FormulaError(
        f"the formula {shown!r}: {what}",
        f"accepted are numbers, {symbols}, + - * / **, < <= > >=, and, or, `a if cond else b`, "
        f"and {', '.join(ARITY)}",
    )
