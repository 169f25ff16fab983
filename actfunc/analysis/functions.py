"""What is given as an activation, a record or any elementwise callable, as a figure needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from actfunc.activation import Activation, Function


def record_of(activation: Activation | Function) -> Activation:
    """The activation itself; a plain elementwise function with derivatives by forward mode."""
    if isinstance(activation, Activation):
        return activation
    return Activation.from_function(activation, getattr(activation, "__name__", "function"))


def first_order(activation: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The activation where one derivative is enough; any other callable as it is."""
    return partial(activation, order=1) if isinstance(activation, Activation) else activation
