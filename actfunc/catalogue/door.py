"""Where one's own activation comes in: from a file or a package, looked at once.

A function, a record, a module or the class of one. Whatever it may be used for relies on what is
found here: it leaves its input as it is, gives the same for the same, works element by element,
keeps shape and dtype, and has nothing of its own that wants a gradient. What does not is refused,
with what it does and what to do about it.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from actfunc.activation import Activation
from actfunc.errors import UnknownNameError, UsageError, in_a_line

TAKES = (
    "an activation takes a floating-point tensor of any shape and gives one of the same shape and"
    " dtype, element by element, made of torch's own operations"
)
_MODULE = "actfunc_own_"
_OWN = "your own activation is path/to/file.py:name or package.module:name"

CLOSE = 1e-3
"""How far apart, by the largest of them, two values of the same number may be: torch's loops for
one number and for many may differ in the last digit, and a steep function makes more of it."""


def own(place: str, attribute: str) -> Activation:
    """The activation of that name in a person's own file or package, run by importing it.

    place: `path/to/file.py` or `package.module`.
    Raises UnknownNameError (with the nearest names), or UsageError where it is no activation.
    """
    try:
        module = _run_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        raise UsageError(f"no module named {error.name!r}, importing {place}", _OWN) from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"{place} cannot be imported: {in_a_line(error)}") from error
    found, spec = getattr(module, attribute, None), f"{place}:{attribute}"
    if isinstance(found, Activation):
        record = found
    elif callable(found):
        record = Activation.from_function(_as_function(found, spec), attribute)
    else:
        public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise UnknownNameError.among("function", attribute, public, f"looked in {place}; {_OWN}")
    record = replace(record, place=spec)
    examine(record.f, record.spec)
    return record


def _as_function(found: Any, spec: str) -> Callable[[Tensor], Tensor]:
    """A module as it is in evaluation, its parameters as they are; a class of modules made."""
    if isinstance(found, type) and issubclass(found, nn.Module):
        try:
            found = found()
        except Exception as error:
            raise UsageError(
                f"{spec} cannot be made without arguments: {in_a_line(error)}",
                "make it in a file of your own, `act = TheClass(...)`, and name that",
            ) from error
    if isinstance(found, nn.Module):
        found = copy.deepcopy(found).eval().requires_grad_(False)
    function: Callable[[Tensor], Tensor] = found
    return function


def examine(function: Callable[[Tensor], Tensor], name: str) -> None:
    """Call it a few times, so that what cannot be an activation is told before any work.

    Raises UsageError with what is not so.
    """
    x = torch.linspace(-1.75, 1.5, 28).reshape(7, 4)
    before = x.clone()
    y = _called(function, x, name)
    if not torch.equal(x, before):
        raise UsageError(
            f"{name} changes the tensor that it is given",
            "write it without operations in place: no inplace=True, no relu_() and no x[...] =",
        )
    if y.requires_grad:
        raise UsageError(
            f"{name} has a parameter of its own that wants a gradient",
            "detach it, or name the torch.nn.Module that it is in, which is taken as it is",
        )
    if not _same(y, _called(function, x, name)):
        raise UsageError(
            f"{name} gives something else each time it is called",
            "leave chance out: an activation gives the same for the same number",
        )
    turned = _called(function, x.flip(0, 1), name).flip(0, 1)
    if not (_same(y, turned) and _same(y[:3, 1:3], _called(function, x[:3, 1:3], name))):
        raise UsageError(
            f"{name} is not elementwise: what it gives for a number depends on those beside it",
            TAKES,
        )


def _called(function: Callable[[Tensor], Tensor], x: Tensor, name: str) -> Tensor:
    try:
        y = function(x)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"{name} cannot be called: {in_a_line(error)}", TAKES) from error
    if not isinstance(y, Tensor):
        raise UsageError(f"{name} gives {type(y).__name__}, expected a tensor", TAKES)
    if (y.shape, y.dtype) != (x.shape, x.dtype):
        given, wanted = (f"{each.dtype} of shape {tuple(each.shape)}" for each in (y, x))
        raise UsageError(f"{name} gives {given} for {wanted}", TAKES)
    return y


def _same(one: Tensor, other: Tensor) -> bool:
    size = one.detach().abs().nan_to_num(0.0, 0.0, 0.0).max().item()
    return torch.allclose(one, other, rtol=0.0, atol=CLOSE * size, equal_nan=True)


def raised_in_own(error: BaseException) -> UsageError | None:
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
    return UsageError(f"{code.co_filename}, line {line}, in {code.co_name}: {what}", TAKES)


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
