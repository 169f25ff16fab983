"""From the text a person writes to the activation meant: names, parameters, a user's own file."""

from __future__ import annotations

import importlib
import importlib.util
import math
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import ModuleType

import torch

from actfunc.activation import Activation, Function, Sibling
from actfunc.catalogue.named import ByName
from actfunc.errors import UnknownNameError, UsageError, in_a_line

_TAKES = (
    "an activation takes a floating-point tensor of any shape and gives one of the same shape and"
    " dtype, element by element, made of torch's own operations"
)
_MODULE = "actfunc_own_"
_OWN = "your own activation is path/to/file.py:name or package.module:name"


def raised_in_own(error: Exception) -> UsageError | None:
    """What to say of an error raised within a function of the user's own file; else None."""
    frames = [
        (frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).startswith(_MODULE)
    ]
    if not frames:
        return None
    code, line = frames[-1]
    what = in_a_line(error)
    return UsageError(f"{code.co_filename}, line {line}, in {code.co_name}: {what}", _TAKES)


class Catalogue(ByName[Activation]):
    """The activations by name, in the order of their families."""

    def __init__(
        self,
        families: Mapping[str, tuple[Activation, ...]],
        beside: Mapping[str, str] | None = None,
    ) -> None:
        """families: their records; beside: functions of other kinds, and the words for the kind."""
        super().__init__("activation", chain.from_iterable(families.values()))
        self._beside = dict(beside or {})
        self._family = {
            record.name: family for family, records in families.items() for record in records
        }

    def names(self) -> tuple[str, ...]:
        """The names, without aliases."""
        return tuple(self._records)

    def family(self, name: str) -> str:
        """The family a record stands in."""
        return self._family[name]

    def named(self, text: str) -> Activation:
        """The activation that `text` means, which is more than `[]` takes.

        text: a name or alias in any capitals, with or without underscores (`leaky_relu`,
        `LeakyReLU`, `swish`); with parameters (`leaky_relu:negative_slope=0.1`); or one's own,
        `path/to/file.py:name` or `package.module:name`, a record or a plain function, with
        parameters behind a further colon.
        Raises UnknownNameError (with the nearest names) or UsageError.
        """
        head, _, tail = text.partition(":")
        if tail and "=" not in tail.partition(":")[0]:
            attribute, _, settings = tail.partition(":")
            own = _own(head, attribute)
            return own.bind(**_settings(text, settings)) if settings else own
        record = self[head]
        return record.bind(**_settings(text, tail)) if tail else record

    def function(self, text: str) -> Function:
        """What `text` means as a plain function: a lifted record, or one's own as it is written."""
        record = self.named(text)
        sibling = record.f
        if record.formula or not isinstance(sibling, Sibling):
            return record
        return sibling.function

    def _unknown(self, name: str) -> UnknownNameError:
        if name in self._beside:
            return UnknownNameError(
                f"{name} is {self._beside[name]}, and an elementwise activation is wanted here",
                "`actfunc list` shows which is which",
            )
        return UnknownNameError.among(
            self.kind,
            name,
            [*self.spellings(), *self._beside],
            f"`actfunc list` shows all {len(self)}; your own is path/to/file.py:name",
        )


def _settings(text: str, tail: str) -> dict[str, float]:
    settings = {}
    for setting in tail.split(","):
        key, _, value = setting.partition("=")
        try:
            settings[key.strip()] = float(value)
        except ValueError:
            settings[key.strip()] = math.nan
        if not math.isfinite(settings[key.strip()]):
            raise UsageError(
                f"parameter {key.strip()!r} of {text!r} must be a finite number, got {value!r}",
                "parameters are written name:key=number,key=number",
            )
    return settings


def _own(place: str, attribute: str) -> Activation:
    """A record or plain function from the user's own file or package, run by importing it."""
    try:
        module = _run_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        raise UsageError(f"no module named {error.name!r}, importing {place}", _OWN) from error
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{place} cannot be imported: {what}") from error
    found = getattr(module, attribute, None)
    if callable(found) and not isinstance(found, Activation):
        found = Activation.from_function(found, attribute)
    if isinstance(found, Activation):
        own = replace(found, place=f"{place}:{attribute}")
        _try(own)
        return own
    public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    raise UnknownNameError.among("function", attribute, public, f"looked in {place}; {_OWN}")


def _try(own: Activation) -> None:
    """Call it once, so that what cannot be an activation is told before any work."""
    x = torch.tensor([-1.0, 0.0, 1.0])
    try:
        y = own.f(x)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        what = in_a_line(error)
        raise UsageError(f"{own.spec} cannot be called: {what}", _TAKES) from error
    if not isinstance(y, torch.Tensor):
        raise UsageError(f"{own.spec} gives {type(y).__name__}, expected a tensor", _TAKES)
    if (y.shape, y.dtype) != (x.shape, x.dtype):
        raise UsageError(
            f"{own.spec} gives {y.dtype} of shape {tuple(y.shape)} for {x.dtype} of shape"
            f" {tuple(x.shape)}",
            _TAKES,
        )


def _run_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"no file {path}", _OWN)
    name = f"{_MODULE}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look their module up there
    spec.loader.exec_module(module)
    return module
