"""What a parameter may be: a number or a tensor of numbers, finite, in the interval of the record.

An interval is a text, `(0, inf)` or `[-1, 1]`; an end may be another parameter, `(-inf, max_val]`,
or a product, `(0, e * alpha)`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc import torch_private
from actfunc.errors import UsageError
from actfunc.number import as_number, shown

EVERYTHING = "(-inf, inf)"

_FORM = re.compile(r"([\[(])\s*(.+?)\s*,\s*(.+?)\s*([\])])")


class Interval(NamedTuple):
    """Two ends, and whether each belongs to it."""

    low: Any
    high: Any
    with_low: bool
    with_high: bool

    def holds(self, number: Any) -> Any:
        """Whether a number lies in it; of a tensor each."""
        above = number >= self.low if self.with_low else number > self.low
        return above & (number <= self.high if self.with_high else number < self.high)


def interval(text: str, params: Mapping[str, Any]) -> Interval:
    """The interval that a text means, where these are the values of the parameters it names."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(f"no interval: {text!r}")
    opening, low, high, closing = form.groups()
    return Interval(_end(low, params), _end(high, params), opening == "[", closing == "]")


def _end(text: str, params: Mapping[str, Any]) -> Any:
    known = {"e": math.e, "inf": math.inf, **params}
    end = -1.0 if text.startswith("-") else 1.0
    for factor in text.removeprefix("-").split("*"):
        name = factor.strip()
        end = end * (known[name] if name in known else float(name))
    return end


def checked(
    record: str, given: Mapping[str, Any], known: Mapping[str, Any], domain: Mapping[str, str]
) -> dict[str, float | Tensor]:
    """The given parameters of a record, numbers of any kind as floats. Raises UsageError.

    known:  its parameters with the values they have where none is given.
    domain: what each may be. Tensors that a transform or a compiler holds are taken on trust.
    """
    for name in given:
        if name not in known:
            accepted = ", ".join(f"{key}={value}" for key, value in known.items()) or "none"
            raise UsageError(f"no parameter named {name!r}; accepted: {accepted}")
    found = {name: _number(record, name, value) for name, value in given.items()}
    if not torch.compiler.is_compiling():
        everything = {**known, **found}
        for name in known:
            text = domain.get(name, EVERYTHING)
            if name in found or any(other in text for other in found):
                _check(record, name, everything, text)
    return found


def bound(
    record: str, given: Mapping[str, Any], known: Mapping[str, Any], domain: Mapping[str, str]
) -> dict[str, float]:
    """The given parameters as floats, which a record keeps and its spec can say.

    As `checked`; but a tensor is one number, that nobody learns.
    """
    found = {}
    for name, value in checked(record, given, known, domain).items():
        alone = as_number(value)
        if alone is None or getattr(value, "requires_grad", False):
            raise UsageError(
                f"{record}: {name} must be a number to be kept, got {shown(value)}",
                f"a tensor is given where the function is called: {record}(x, {name}=...)",
            )
        found[name] = float(alone)
    return found


def _number(record: str, name: str, value: Any) -> float | Tensor:
    if isinstance(value, Tensor) and value.dtype != torch.bool and not value.is_complex():
        return value
    number = None if isinstance(value, Tensor) else as_number(value)
    try:
        return float(number)  # type: ignore[arg-type]  # what is none raises
    except (TypeError, OverflowError) as error:
        raise UsageError(
            f"{record}: {name} must be a number or a tensor, got {shown(value)}"
        ) from error


def _check(record: str, name: str, values: Mapping[str, Any], text: str) -> None:
    tensors = [each for each in values.values() if isinstance(each, Tensor)]
    if tensors and (
        torch_private.values_are_hidden()
        # to look at what is elsewhere would be to wait for it
        or any(each.device.type != "cpu" for each in tensors)
    ):
        return
    value = values[name]
    number = (
        value
        if isinstance(value, Tensor)
        else torch.tensor(value, dtype=torch.float64, device="cpu")
    )
    right: Tensor = interval(text, values).holds(number)
    if not right.all():
        wrong = number.expand(right.shape)[~right].flatten()[0].item()
        raise UsageError(f"{record}: {name} must be in {text}, got {wrong:g}")
