"""Choices written as `name:key=value`: functions by their names, settings by their signatures."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from actfunc.catalogue.named import spelling_key
from actfunc.errors import UnknownNameError, UsageError
from actfunc.number import shown

Made = TypeVar("Made")

Parameters = Mapping[str, inspect.Parameter]

WRITTEN = "settings are written name:key=value,key=value"
"""What to do about one that cannot be read."""


class Makers(Generic[Made]):
    """Functions that make things of one kind, by their names. `kind` is the word for one thing.

    A function's signature says which settings there are, of what type (bool, int, float or
    several ints, 512-256) and with which defaults. A setting of any other type is itself a choice
    among the same functions, written last: it takes the rest of the text. The functions judge the
    values.
    """

    def __init__(self, kind: str, *makers: Callable[..., Made]) -> None:
        self.kind = kind
        self._makers = {maker.__name__: maker for maker in makers}
        self._settings: dict[str, Parameters] = {
            name: inspect.signature(maker, eval_str=True).parameters
            for name, maker in self._makers.items()
        }
        self._names = {spelling_key(name): name for name in self._makers}

    def names(self) -> tuple[str, ...]:
        """The names, in the order given."""
        return tuple(self._makers)

    def make(self, text: str) -> Made:
        """What `text` means. Raises UnknownNameError (with the nearest names) or UsageError."""
        name, settings = self._read(text)
        return self._makers[name](**settings)

    def canonical(self, text: str, **defaults: Any) -> str:
        """The one text for what `text` means: every setting, in the signature's order.

        defaults: in place of the signature's, where it has such settings. Raises as `make` does.
        """
        name, settings = self._read(text, defaults)
        self._makers[name](**settings)
        written = ",".join(
            f"{key}={self.canonical(value) if isinstance(value, str) else _written(value)}"
            for key, value in settings.items()
        )
        return f"{name}:{written}" if written else name

    def _read(
        self, text: str, defaults: Mapping[str, Any] = MappingProxyType({})
    ) -> tuple[str, dict[str, Any]]:
        """The name and all settings, defaults included."""
        if not isinstance(text, str):
            raise UsageError(
                f"{self.kind} must be text, a name with settings, got {shown(text)}", WRITTEN
            )
        head, _, rest = text.partition(":")
        name = self._names.get(spelling_key(head.strip()))
        if name is None:
            raise UnknownNameError.among(
                self.kind, head, self._makers, f"accepted: {', '.join(self._makers)}"
            )
        known = self._settings[name]
        given: dict[str, Any] = {}
        while rest:
            setting, _, after = rest.partition(",")
            key, _, value = (part.strip() for part in setting.partition("="))
            if key not in known:
                raise UsageError(
                    f"no setting named {key!r} in {text!r}; {_accepted(known)}", WRITTEN
                )
            if key in given:
                raise UsageError(f"setting {key!r} stands twice in {text!r}")
            if known[key].annotation in _READERS:
                given[key] = _value(key, value, text, known[key].annotation)
                rest = after
            else:
                given[key], rest = rest.partition("=")[2], ""
        for key, parameter in known.items():
            if key not in given and parameter.default is parameter.empty:
                last = next((k for k in given if known[k].annotation not in _READERS), None)
                raise UsageError(
                    f"{text!r} lacks {key}; {_accepted(known)}",
                    f"what follows {last}= belongs to it, so it is written last"
                    if last
                    else WRITTEN,
                )
        return name, {
            key: given.get(key, defaults.get(key, parameter.default))
            for key, parameter in known.items()
        }


def _accepted(known: Parameters) -> str:
    settings = (
        key if parameter.default is parameter.empty else f"{key}={_written(parameter.default)}"
        for key, parameter in known.items()
    )
    return f"accepted: {', '.join(settings) or 'none'}"


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value + 0.0  # -0.0 becomes 0.0, so that one value has one text


def _true_or_false(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("-")))


def _written(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)


_READERS: Mapping[Any, tuple[Callable[[str], Any], str]] = {
    bool: (_true_or_false, "true or false"),
    int: (int, "a whole number"),
    float: (_finite, "a finite number"),
    Sequence[int]: (_whole_numbers, "whole numbers, 512-256"),
}


def _value(key: str, value: str, text: str, kind: type) -> Any:
    reader, accepted = _READERS[kind]
    try:
        return reader(value)
    except ValueError:
        raise UsageError(
            f"setting {key!r} of {text!r} must be {accepted}, got {value!r}",
            WRITTEN,
        ) from None
