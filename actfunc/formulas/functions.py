"""The functions of a tree, by name, each with its first two derivatives.

They take a jet whose value is a tensor, and keep the digits that a result far out would lose as a
number: each says what its tail is, as a coefficient and an exponent.
"""

from __future__ import annotations

from collections.abc import Callable

from actfunc.formulas import algebra, exponentials, logistic, normal, waves
from actfunc.formulas.scaled import ScaledJet

FUNCTIONS: dict[str, Callable[[ScaledJet], ScaledJet]] = {
    "above_left": algebra.above_left,
    "abs": algebra.absolute,
    "asinh": algebra.asinh,
    "atan": algebra.atan,
    "beyond_expm1": exponentials.beyond_expm1,
    "beyond_tanh": logistic.beyond_tanh,
    "cos": waves.cos,
    "cosh": logistic.cosh,
    "erf": normal.erf,
    "erfc": normal.erfc,
    "exp": exponentials.exp,
    "exp_of_plain": exponentials.exp_of_plain,
    "expm1": exponentials.expm1,
    "inverse_square": algebra.inverse_square,
    "log": exponentials.log,
    "log1p": exponentials.log1p,
    "log_cosh": logistic.log_cosh,
    "log_square": algebra.log_square,
    "sech": logistic.sech,
    "sigmoid": logistic.sigmoid,
    "sign": algebra.sign,
    "sin": waves.sin,
    "sinc": waves.sinc,
    "sinh": logistic.sinh,
    "softplus": logistic.softplus,
    "softsign": algebra.softsign,
    "sqrt": algebra.sqrt,
    "tan": waves.tan,
    "tanh": logistic.tanh,
}
"""Those of the language, and those that a tree is rewritten with."""
