"""What is given as an activation, a record or any function of tensors, as a place needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from torch import Tensor

from actfunc.activation import Activation, Function
from actfunc.gated import GatedPair
from actfunc.vector import VectorFunction

Given: TypeAlias = Callable[[Tensor], Tensor]
"""A record, or any function of a tensor: `F.gelu`, a module, one's own."""


def record_of(activation: Activation | Function) -> Activation:
    """The activation itself; a plain elementwise function with derivatives by forward mode."""
    if isinstance(activation, Activation):
        return activation
    return Activation.from_function(activation, name_of(activation))


def first_order(activation: Given) -> Given:
    """The activation where one derivative is enough, so that a compiler has less to do."""
    if isinstance(activation, (Activation, GatedPair, VectorFunction)):
        return partial(activation, order=1)
    return activation


def value_of(activation: Given) -> Given:
    """The values alone, without a derivative."""
    return activation.f if isinstance(activation, (Activation, VectorFunction)) else activation


def name_of(activation: Given) -> str:
    """What to call it: a record's spec, a function's name."""
    spec = getattr(activation, "spec", None)
    return spec if isinstance(spec, str) else getattr(activation, "__name__", "function")
