"""What is given as an activation, a record or any function of tensors, as a place needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from torch import Tensor

from actfunc import examination, torch_private
from actfunc.activation import Activation, Sibling
from actfunc.errors import UsageError
from actfunc.examination import TAKES
from actfunc.gated import GatedPair
from actfunc.vector import VectorFunction

Given: TypeAlias = Callable[[Tensor], Tensor]
"""A record, or any function of a tensor: `F.gelu`, a module, one's own."""


def taken(activation: Given) -> Given:
    """An activation as it comes in, once it is known to be one: elementwise, and to be relied on.

    A record itself, a module as it is in evaluation, its parameters as they are, any other
    function itself. What is not of the catalogue is examined when it first comes; nothing is within
    transforms and compilers, which hide the numbers. Raises UsageError.
    """
    if isinstance(activation, (GatedPair, VectorFunction)):
        kind = "a gated pair" if isinstance(activation, GatedPair) else "a vector function"
        raise UsageError(
            f"{activation.name} is {kind}, and an elementwise activation is wanted here", TAKES
        )
    if not isinstance(activation, Activation):
        return examination.taken(activation, name_of(activation))
    if not (_is_ours(activation) or torch_private.values_are_hidden()):
        examination.once(activation, "values", lambda: _examine(activation))
    return activation


def _examine(record: Activation) -> None:
    for sibling, name in zip(record.siblings, ("", ".df", ".d2f"), strict=True):
        examination.examine(sibling, record.spec + name)


def _is_ours(record: Activation) -> bool:
    function = record.f.function if isinstance(record.f, Sibling) else record.f
    return (getattr(function, "__module__", None) or "").startswith("actfunc.catalogue.")


def record_of(activation: Given) -> Activation:
    """The activation itself; a plain elementwise function with derivatives by forward mode.

    Raises as `taken` does.
    """
    if isinstance(activation, (Activation, GatedPair, VectorFunction)):
        return taken(activation)  # type: ignore[return-value]
    return Activation.from_function(activation, name_of(activation))


def first_order(activation: Given) -> Given:
    """The activation where one derivative is enough, so that a compiler has less to do."""
    if isinstance(activation, Activation):
        return partial(activation, order=1)
    return activation


def value_of(activation: Given) -> Given:
    """The values alone, without a derivative."""
    return activation.f if isinstance(activation, Activation) else activation


def name_of(activation: Given) -> str:
    """What to call it: a record's spec, a function's name, the kind of what has neither."""
    spec, kind = getattr(activation, "spec", None), type(activation).__name__
    return spec if isinstance(spec, str) else getattr(activation, "__name__", kind)
