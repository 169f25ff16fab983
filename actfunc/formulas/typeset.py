"""A formula's tree for the reader, and its derivatives, through SymPy: LaTeX, Unicode, one line.

SymPy is imported when the first formula is typeset: it takes longer than all the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from actfunc.formulas.tree import Apply, Node, Number, Symbol


def latex(tree: Node, order: int = 0) -> str:
    """LaTeX of the derivative of that order, cases as cases."""
    import sympy

    shown = expression(tree, order)
    # negative_slope is one word, not a subscript
    words = {
        s: rf"\mathrm{{{s.name}}}".replace("_", r"\_") for s in shown.free_symbols if "_" in s.name
    }
    return sympy.latex(shown, symbol_names=words)


def plain(tree: Node, order: int = 0) -> str:
    """One line, in the language of formulas, of the derivative of that order."""
    import sympy

    shown = expression(tree, order)
    text = _line_printer().doprint(shown)
    return text[1:-1] if isinstance(shown, sympy.Piecewise) else text


def pretty(tree: Node, order: int = 0) -> str:
    """Unicode on several lines, of the derivative of that order."""
    return _block_printer().doprint(expression(tree, order))


@lru_cache(maxsize=256)
def expression(tree: Node, order: int = 0) -> Any:
    """The SymPy expression of a tree, or of its derivative of that order with respect to x."""
    import sympy

    if order == 0:
        return _read(tree)
    derivative = sympy.diff(expression(tree, order - 1), sympy.Symbol("x", real=True))
    # between the joints: steps of max and min as cases, no mass on a point
    return derivative.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero).replace(
        sympy.Heaviside, lambda u, *_: sympy.Piecewise((1, u > 0), (0, True))
    )


def _read(node: Node) -> Any:
    import sympy

    match node:
        case Number(value):
            whole = value.denominator == 1
            return sympy.Integer(value.numerator) if whole else sympy.Float(float(value))
        case Symbol("pi"):
            return sympy.pi
        case Symbol("e"):
            return sympy.E
        case Symbol(name):
            return sympy.Symbol(name, real=True)
        case Apply(name, arguments):
            return _table()[name](*map(_read, arguments))


@cache
def _table() -> dict[str, Callable[..., Any]]:
    import sympy

    class erfc(sympy.Function):  # type: ignore[misc]  # noqa: N801
        """SymPy's own turns erfc(-u) into 2 - erfc(u), which is not what was written."""

        def fdiff(self, _: int = 1) -> Any:
            return -2 * sympy.exp(-(self.args[0] ** 2)) / sympy.sqrt(sympy.pi)

    return {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "**": lambda a, b: a**b,
        "neg": lambda a: -a,
        "<": sympy.Lt,
        "<=": sympy.Le,
        ">": sympy.Gt,
        ">=": sympy.Ge,
        "and": sympy.And,
        "or": sympy.Or,
        "if": lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
        "abs": sympy.Abs,
        "max": sympy.Max,
        "min": sympy.Min,
        "erfc": erfc,
        "expm1": lambda u: sympy.exp(u) - 1,
        "log1p": lambda u: sympy.log(1 + u),
        "sigmoid": lambda u: 1 / (1 + sympy.exp(-u)),
        "softplus": lambda u: sympy.log(1 + sympy.exp(u)),
        **{
            name: getattr(sympy, name)
            for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
        },
        **{name: getattr(sympy, name) for name in ("asinh", "atan", "erf", "sign", "sinc")},
    }


# SymPy finds its printing methods by the names of its own classes
# ruff: noqa: N802, N815


@cache
def _line_printer() -> Any:
    from sympy.printing.str import StrPrinter

    class LinePrinter(StrPrinter):  # type: ignore[misc]
        def _print_Piecewise(self, cases: Any) -> str:
            *tested, (rest, _) = cases.args
            words = [f"{self._print(value)} if {self._print(test)} else " for value, test in tested]
            return f"({''.join(words)}{self._print(rest)})"

        def _print_And(self, both: Any) -> str:
            return " and ".join(map(self._print, both.args))

        def _print_Or(self, either: Any) -> str:
            return " or ".join(map(self._print, either.args))

        def _print_Exp1(self, _: Any) -> str:
            return "e"

        def _print_lower(self, call: Any) -> str:
            return f"{type(call).__name__.lower()}({', '.join(map(self._print, call.args))})"

        _print_Abs = _print_Max = _print_Min = _print_lower

    return LinePrinter({"full_prec": False})


@cache
def _block_printer() -> Any:
    from sympy.printing.pretty.pretty import PrettyPrinter
    from sympy.printing.pretty.stringpict import prettyForm

    class BlockPrinter(PrettyPrinter):  # type: ignore[misc]
        def _print_Symbol(self, symbol: Any, bold_name: bool = False) -> Any:
            if "_" in symbol.name:
                return prettyForm(symbol.name)
            return super()._print_Symbol(symbol, bold_name)

    return BlockPrinter({"use_unicode": True, "wrap_line": False})
