"""Jets: every function and operation against autograd, and the tails of gates."""

from __future__ import annotations

import pytest
import torch
from torch.func import grad, vmap

from actfunc import Activation
from actfunc.catalogue import jets
from actfunc.catalogue.jets import Jet, gated, siblings, where
from actfunc.certify import parse
from actfunc.certify.certificate import checked, on_grid

pytestmark = pytest.mark.usefixtures("one_thread")
X = torch.linspace(0.05, 3, 60, dtype=torch.float64)
FUNCTIONS = {
    "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p,
    "reciprocal": torch.reciprocal, "sqrt": torch.sqrt, "sigmoid": torch.sigmoid,
    "softplus": torch.nn.functional.softplus, "tanh": torch.tanh, "erf": torch.erf,
    "erfc": torch.erfc, "sin": torch.sin, "cos": torch.cos,
}  # fmt: skip
COMPOSED = {
    "sum and difference": (lambda x: 2 - x + x * 3 - 1.5, lambda x: 2 - x + x * 3 - 1.5),
    "product": (lambda x: x * x * jets.sin(x), lambda x: x * x * torch.sin(x)),
    "quotients": (lambda x: 1 / x + x / (1 + x) - x / 4, lambda x: 1 / x + x / (1 + x) - x / 4),
    "chain": (lambda x: jets.tanh(jets.exp(-x)), lambda x: torch.tanh(torch.exp(-x))),
    "branches": (
        lambda x: where(x.value > 1, x * x, jets.sin(x)),
        lambda x: torch.where(x > 1, x * x, torch.sin(x)),
    ),
    "a constant": (lambda x: x * 0.0 + 2.0, lambda x: x * 0 + 2),
}


def same_derivatives(ours, plain):
    f, df, d2f = siblings(ours)
    torch.testing.assert_close(f(X), plain(X))
    torch.testing.assert_close(df(X), vmap(grad(plain))(X))
    torch.testing.assert_close(d2f(X), vmap(grad(grad(plain)))(X))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_its_derivatives(name):
    function, plain = getattr(jets, name), FUNCTIONS[name]
    same_derivatives(function, plain)
    same_derivatives(lambda x: function(x * x), lambda x: plain(x * x))


@pytest.mark.parametrize("name", COMPOSED)
def test_operations_follow_the_rules_of_differentiation(name):
    same_derivatives(*COMPOSED[name])


def test_no_more_is_computed_than_is_asked():
    seen = []

    def counting(x: Jet) -> Jet:
        seen.append(len(x.parts))
        return x * x

    for sibling in siblings(counting):
        sibling(X)
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("rate", [1.0, 2.0, 3.5])
def test_a_gates_tails_keep_their_digits(rate):
    """A logistic gate of any rate: down to the smallest normal number, out to the largest."""
    f, df, d2f = gated(lambda x: jets.sigmoid(x * rate), left=(1.0, rate), right=(1.0, rate))
    record = Activation("gate", f"x * sigmoid({rate} * x)", f, df, d2f, asymptotes=("0", "x"))
    without = Activation("gate", record.formula, *siblings(lambda x: x * jets.sigmoid(x * rate)))
    formula = parse(record.formula)
    for dtype in (torch.float64, torch.float32):
        searched = checked(record, formula, on_grid(record, formula, dtype))
        # jets lose a digit in the middle, 8.1 of the slope at rate 3.5, and none in the tails
        assert all(one.worst.ulp < 10 for one in searched)
        assert on_grid(without, formula, dtype).errors.max() > 1e4
