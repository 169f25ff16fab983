"""What is given as an activation, a record or any function of tensors, as a place needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn

from actfunc import examination, torch_private
from actfunc.activation import Activation, Sibling
from actfunc.errors import UsageError
from actfunc.examination import TAKES
from actfunc.gated import GatedPair
from actfunc.lifting import Slope
from actfunc.vector import VectorFunction

Given: TypeAlias = Callable[[Tensor], Tensor]
"""A record, or any function of a tensor: `F.gelu`, a module, one's own."""


class ForEachNetwork:
    """What gives each network of a stack an activation of its own, and has taken them in itself."""


def expect_elementwise(activation: Given) -> None:
    """Raise UsageError where a stack of networks would be given what is not: see `taken`."""
    if not isinstance(getattr(activation, "__self__", None), ForEachNetwork):
        taken(activation)


def taken(activation: Given, *ways: str) -> Given:
    """An activation as it comes in, once it is known to be one: elementwise, and to be relied on.

    A record itself, a module as it is in evaluation, its parameters as they are, any other
    function itself. What is not of the catalogue is examined when it first comes; nothing is within
    transforms and compilers, which hide the numbers. Raises UsageError.

    ways: what torch.func is to be able to do with a plain function, "differentiate" or "map" it. A
    record is differentiated by its siblings.
    """
    if isinstance(activation, ForEachNetwork):
        return activation
    if isinstance(activation, (GatedPair, VectorFunction)):
        kind = "a gated pair" if isinstance(activation, GatedPair) else "a vector function"
        raise UsageError(
            f"{activation.name} is {kind}, and an elementwise activation is wanted here", TAKES
        )
    if _is_lifted(activation):
        taken(activation.func)  # type: ignore[attr-defined]
        return activation
    if not isinstance(activation, Activation):
        name = name_of(activation)
        function = examination.taken(activation, name)
        for way in ways:
            examination.check_transform(function, name, way)
        return function
    if not (torch_private.values_are_hidden() or is_ours(activation)):
        examination.once(activation, "values", lambda: _examine(activation))
        if "map" in ways:
            examination.check_transform(activation.f, activation.spec, "map")
    return activation


def _is_lifted(activation: Given) -> bool:
    """Whether it is what `first_order` gives of a record."""
    if not isinstance(activation, partial) or not isinstance(activation.func, Activation):
        return False
    return activation.keywords.keys() <= {"order"} and not activation.args


def _examine(record: Activation) -> None:
    for sibling, name in zip(record.siblings, ("", ".df", ".d2f"), strict=True):
        if isinstance(getattr(sibling, "function", None), Slope):
            continue  # torch's, of the value before it
        # their derivatives are those supplied, and not torch's
        examination.examine(sibling, record.spec + name, gradient=False)


def vouch_for(record: Activation) -> None:
    """Say that a record is of the catalogue, which is certified and need not be examined."""
    examination.once(record, "ours", lambda: None)


def is_ours(record: Activation) -> bool:
    """Whether a record is of the catalogue, or one of it with other parameters."""
    if examination.is_known(record, "ours"):
        return True
    function = record.f.function if isinstance(record.f, Sibling) else record.f
    ours = ("actfunc.catalogue.", "actfunc.formulas.")
    return (getattr(function, "__module__", None) or "").startswith(ours)


def record_of(activation: Given | type[nn.Module]) -> Activation:
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


def activated(activation: Given, z: Tensor) -> Tensor:
    """The activation's values; UsageError where it overwrites z, which is kept as it was."""
    if torch.compiler.is_compiling():
        return activation(z)
    before = torch_private.writes(z)
    y = activation(z)
    if torch_private.writes(z) != before:
        raise UsageError(f"{name_of(activation)} {examination.CHANGES}", examination.IN_PLACE)
    return y


def name_of(activation: Given | type[nn.Module]) -> str:
    """What to call it: a record's spec, a function's name, the kind of what has neither."""
    spec, kind = getattr(activation, "spec", None), type(activation).__name__
    return spec if isinstance(spec, str) else getattr(activation, "__name__", kind)
