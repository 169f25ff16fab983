"""A tree written so that it keeps its digits: what a person writes, as what a computer should do.

Each rule is an identity. It puts a function that has its digits, `expm1`, `log1p`, `sigmoid`,
`erfc`, where one was written whose digits cancel, or that overflows before the result does. The
functions of `functions.py` that the language does not have come from here alone.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from actfunc.formulas.terms import UNIT, Term, linear, multiple, negative, simple, terms, total
from actfunc.formulas.tree import Apply, Node, Number, Symbol, constant, names

X = Symbol("x")
TWO = Number(Fraction(2))
ZERO = Number(Fraction(0))
QUARTER = Apply("/", (Symbol("pi"), TWO))
POLYNOMIAL = {"x", "+", "-", "*", "neg"}


def rewritten(node: Node, *, slopes: bool = False) -> Node:
    """The tree with every rule applied, from the leaves upwards, until none does any more.

    slopes: leave out the rules that help the value alone: where a number is taken from a function,
    the slope has nothing to do with it.
    """
    for _ in range(8):
        found = _once(_inside(node), slopes)
        if found == node:
            break
        node = found
    return _plain_exponentials(node)


def _once(node: Node, slopes: bool) -> Node:
    if not isinstance(node, Apply):
        return node
    node = Apply(node.name, tuple(_once(argument, slopes) for argument in node.arguments))
    if node.name in ("+", "-"):
        found = _sum(node, slopes)
    else:
        found = RULES[node.name](node) if node.name in RULES else None
    return node if found is None else found


# --- sums


def _sum(node: Apply, slopes: bool) -> Node | None:
    """The first pair of terms that are better written as one."""
    parts = terms(node)
    for at, one in enumerate(parts):
        for other in parts[at + 1 :]:
            for pair in ((one, other), (other, one)):
                joined = _pair(*pair, slopes)
                if joined is not None:
                    rest = [part for part in parts if part is not one and part is not other]
                    return total([*rest, (Fraction(1), joined)])
    return None


def _pair(one: Term, other: Term, slopes: bool) -> Node | None:
    """The sum of two terms in a form that does not cancel; None where there is none known."""
    (c, plain), (k, term) = one, other
    if isinstance(plain, Number):
        return _beside(c, k, term) or (None if slopes else _less(c, k, term))
    match plain, term:
        case Symbol("pi"), Apply("atan", (u,)) if abs(c) == abs(k) / 2:
            side = u if c == k / 2 else negative(u)
            return multiple(2 * c, Apply("above_left", (side,)))
        case Apply("log", (number,)), Apply("softplus", (u,)) if (
            number == TWO and c == -k and not slopes
        ):
            return multiple(k, Apply("log1p", (multiple(Fraction(1, 2), Apply("expm1", (u,))),)))
        case Apply("softplus", (v,)), Apply("softplus", (u,)) if c == -k:
            apart = linear(Apply("-", (u, v)))
            if apart is not None and apart[0] == Number(Fraction(0)):
                ratio = Apply("*", (Apply("sigmoid", (v,)), Apply("expm1", (apart[1],))))
                return multiple(k, Apply("log1p", (ratio,)))
        case _, Apply("root", (u, by, under)) if plain == u and c == k and by == UNIT:
            left = Apply("/", (under, Apply("-", (term, u))))
            return multiple(k, _if_negative(u, left, Apply("+", (u, term))))
        case _, Apply("tanh" | "expm1" as name, (u,)) if plain == u and c == -k:
            return multiple(c if name == "tanh" else k, Apply(f"beyond_{name}", (u,)))
    return None


def _beside(c: Fraction, k: Fraction, term: Node) -> Node | None:
    """c + k·term."""
    match term:
        case Apply("exp", (u,)) if c == -k:
            return multiple(k, Apply("expm1", (u,)))
        case Apply("erf", (u,)) if abs(c) == abs(k):
            return multiple(c, Apply("erfc", (negative(u) if c == k else u,)))
        case Apply("tanh", (u,)) if abs(c) == abs(k):
            side = multiple(Fraction(2), u if c == k else negative(u))
            return multiple(2 * c, Apply("sigmoid", (side,)))
        case Apply("sigmoid", (u,)) if c == -k:
            return multiple(c, Apply("sigmoid", (negative(u),)))
        case Apply("/", (Apply("atan", (u,)), Symbol("pi"))) if abs(c) == abs(k) / 2:
            side = u if c == k / 2 else negative(u)
            return multiple(2 * c, Apply("/", (Apply("above_left", (side,)), Symbol("pi"))))
        case Apply("softsign", (u,)) if c == k:
            left = Apply("/", (UNIT, Apply("+", (UNIT, Apply("abs", (u,))))))
            return multiple(k, _if_negative(u, left, Apply("keep+", (UNIT, term))))
        case Apply("over_root", (u, by, under)) if c == k and by == UNIT:
            root = Apply("root", (u, by, under))
            left = Apply("/", (Apply("/", (under, root)), Apply("-", (root, u))))
            return multiple(k, _if_negative(u, left, Apply("keep+", (UNIT, term))))
    return None


def _less(c: Fraction, k: Fraction, term: Node) -> Node | None:
    """c + k·term, where it is the value alone that may cancel."""
    match term:
        case Apply("root", (u, by, Number(under))) if c == -k and under == 1:
            less = Apply("*", (Apply("*", (by, u)), Apply("/", (u, Apply("+", (term, UNIT))))))
            return multiple(k, less)
        case Apply("**", (base, exponent)) if c == -k and not _whole(exponent):
            return multiple(k, Apply("expm1", (Apply("*", (exponent, Apply("log", (base,)))),)))
    return None


def _whole(exponent: Node) -> bool:
    value = constant(exponent)
    return value is not None and value.denominator == 1


def _if_negative(u: Node, yes: Node, no: Node) -> Node:
    return Apply("if", (Apply("<", (u, ZERO)), yes, no))


# --- logarithms, roots, powers


def _log(node: Apply) -> Node | None:
    (inner,) = node.arguments
    match inner:
        case Apply("cosh", (u,)):
            return Apply("log_cosh", (u,))
        case Apply("exp", (u,)):
            return u
    parts = terms(inner)
    number = sum((c for c, term in parts if isinstance(term, Number)), Fraction(0))
    rest = [(c, term) for c, term in parts if not isinstance(term, Number)]
    if not rest or "x" not in names(inner):
        return None
    if number == 1:
        return Apply("log1p", (total(rest),))
    less = total([(number - 1, UNIT), *rest])
    if number > 1 and isinstance(less, Apply) and (joined := _sum(less, False)):
        return Apply("log1p", (joined,))
    return None


def _log1p(node: Apply) -> Node | None:
    (inner,) = node.arguments
    match inner:
        case Apply("exp", (u,)):
            return Apply("softplus", (u,))
        case Apply("**", (u, Number(exponent))) if exponent == 2:
            return Apply("log_square", (u,))
    return None


def _sqrt(node: Apply) -> Node | None:
    """sqrt(c + a·u²), c and a without x."""
    constants: list[Node] = []
    squares: list[tuple[Node, Node]] = []
    for factor, term in terms(node.arguments[0]):
        if "x" not in names(term):
            constants.append(multiple(factor, term))
            continue
        match term:
            case Apply("**", (u, Number(exponent))) if exponent == 2:
                squares.append((multiple(factor, UNIT), u))
            case Apply("*", (a, Apply("**", (u, Number(exponent))))) if (
                exponent == 2 and "x" not in names(a)
            ):
                squares.append((multiple(factor, a), u))
            case _:
                return None
    if len(squares) != 1 or not constants:
        return None
    under = constants[0]
    for one in constants[1:]:
        under = Apply("+", (under, one))
    (by, u) = squares[0]
    return Apply("root", (u, by, under))


# --- quotients


def _quotient(node: Apply) -> Node | None:
    above, below = node.arguments
    if "x" not in names(below):
        match above:
            case Apply("*", (a, b)) if "x" in names(a) and "x" in names(b):
                return Apply("*", (a, Apply("/", (b, below))))
        return None
    match below:
        case Apply("*", (a, b)) if constant(a) is not None or constant(b) is not None:
            factor, rest = (a, b) if constant(a) is not None else (b, a)
            return Apply("/", (Apply("/", (above, rest)), factor))
        case Apply("cosh", (u,)):
            return _times(above, Apply("sech", (u,)))
        case Apply("root", (u, by, under)) if above == u:
            return Apply("over_root", (u, by, under))
        case Apply("**", (base, exponent)) if constant(exponent) is None:
            return _times(above, Apply("**", (base, negative(exponent))))
    own = _over_own(above, below) if above == X else None
    return own or _by_sum(above, below)


def _by_sum(above: Node, below: Node) -> Node | None:
    """What stands over 1 + e^u, 1 + u² and 1 + |u|."""
    match terms(below):
        case [(c, Number()), (k, term)] | [(k, term), (c, Number())]:
            pass
        case _:
            return None
    match term:
        case Apply("exp", (u,)) if c * k > 0:
            # c + k·e^u is c·(1 + e^(u + log(k/c)))
            shifted = u if c == k else Apply("+", (u, Apply("log", (Number(k / c),))))
            if k == c:
                for sign, inner in ((1, u), (-1, negative(u))):
                    half = multiple(Fraction(sign, 2), u)
                    if above == Apply("expm1", (u,)):
                        return multiple(1 / k, Apply("tanh", (half,)))
                    if above == negative(Apply("expm1", (inner,))) and sign == 1:
                        return multiple(-1 / k, Apply("tanh", (half,)))
            over = _over_exponential(above, u)
            if over is not None:
                return _times(over, multiple(1 / k, Apply("sigmoid", (shifted,))))
            return _times(above, multiple(1 / c, Apply("sigmoid", (negative(shifted),))))
        case Apply("**", (u, Number(exponent))) if exponent == 2 and c == k:
            return _times(above, multiple(1 / c, Apply("inverse_square", (u,))))
        case Apply("abs", (u,)) if c == k and above == u:
            return multiple(1 / c, Apply("softsign", (u,)))
    return None


def _over_exponential(above: Node, u: Node) -> Node | None:
    """What is left of a product without its factor e^u; None where it has none."""
    match above:
        case Apply("exp", (v,)) if v == u:
            return UNIT
        case Apply("*", (a, b)):
            for one, other in ((a, b), (b, a)):
                over = _over_exponential(one, u)
                if over is not None:
                    return _times(over, other)
    return None


def _times(a: Node, b: Node) -> Node:
    return simple("*", a, b)


def _over_own(above: Node, below: Node) -> Node | None:
    """x / (k·x + c) as 1 / (k + c/x) for |x| > 1, where the slope of k·x would cancel with that
    of x if c vanishes."""
    parts = terms(below)
    for at, (factor, term) in enumerate(parts):
        line = linear(multiple(factor, term))
        rest = parts[:at] + parts[at + 1 :]
        if line is not None and line[0] != ZERO and line[1] == ZERO and rest:
            c = total(rest)
            if names(c) & {"exp", "exp_of_plain"}:
                far = Apply("/", (UNIT, Apply("+", (line[0], Apply("/", (c, X))))))
                test = Apply(">", (Apply("abs", (X,)), UNIT))
                return Apply("if", (test, far, Apply("keep/", (above, below))))
    return None


def _sin(node: Apply) -> Node | None:
    """sin(pi/2·σ(u)), whose cosine vanishes on the right, as cos(pi/2·σ(-u)) there."""
    match terms(node.arguments[0]):
        case [(factor, Apply("*", (Apply("/", (Symbol("pi"), two)), Apply("sigmoid", (u,)))))] if (
            factor == 1 and two == TWO
        ):
            other = Apply("*", (QUARTER, Apply("sigmoid", (negative(u),))))
            return Apply("if", (Apply(">", (u, ZERO)), Apply("cos", (other,)),
                                Apply("keepsin", node.arguments)))  # fmt: skip
    return None


def _sinc(node: Apply) -> Node | None:
    """sinc(u + pi) and sinc(u - pi)."""
    match terms(node.arguments[0]):
        case [(k, Symbol("pi")), (c, u)] | [(c, u), (k, Symbol("pi"))] if abs(k) == 1:
            return Apply("sinc_past", (multiple(c, u), multiple(k, Symbol("pi"))))
    return None


# --- branches


def _inside(node: Node) -> Node:
    """Branches that are asked no further than where they are taken, so that none overflows."""
    if not isinstance(node, Apply):
        return node
    arguments = tuple(map(_inside, node.arguments))
    match node.name, arguments:
        case "if", (Apply("<" | "<=" | ">" | ">=" as sign, (left, right)) as test, yes, no):
            if left == X and "x" not in names(right):
                above = sign in (">", ">=")
                yes, no = _limited(yes, right, above), _limited(no, right, not above)
                return Apply("if", (test, yes, no))
    return Apply(node.name, arguments)


def _limited(node: Node, end: Node, above: bool) -> Node:
    if not names(node) - POLYNOMIAL - names(end) or "at_least" in names(node):
        return node
    if "at_most" in names(node):
        return node
    return _replaced(node, Apply("at_least" if above else "at_most", (X, end)))


def _replaced(node: Node, x: Node) -> Node:
    if node == X:
        return x
    if not isinstance(node, Apply):
        return node
    return Apply(node.name, tuple(_replaced(argument, x) for argument in node.arguments))


def _plain_exponentials(node: Node) -> Node:
    """Exponentials within exponentials told apart from those that have them."""
    if not isinstance(node, Apply):
        return node
    name = node.name.removeprefix("keep")
    if name == "exp" and not names(node.arguments[0]) & {"exp", "expm1", "sinh", "cosh"}:
        name = "exp_of_plain"
    return Apply(name, tuple(map(_plain_exponentials, node.arguments)))


RULES: dict[str, Callable[[Apply], Node | None]] = {
    "/": _quotient,
    "log": _log,
    "log1p": _log1p,
    "sin": _sin,
    "sinc": _sinc,
    "sqrt": _sqrt,
}
