"""Where one's own activation comes in by its name: from a file or a package, run by importing it.

A function, a record, a module or the class of one.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
import zlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from actfunc.activation import Activation
from actfunc.errors import UnknownNameError, UsageError, in_a_line
from actfunc.examination import TAKES
from actfunc.given import record_of

_MODULE = "actfunc_own_"
_OWN = "your own {what} is path/to/file.py:name or package.module:name"


def own(place: str, attribute: str) -> Activation:
    """The activation of that name in a person's own file or package, run by importing it.

    place: `path/to/file.py` or `package.module`.
    Raises UnknownNameError (with the nearest names), or UsageError where it is no activation.
    """
    thing, _ = found(place, attribute)
    spec = f"{place}:{attribute}"
    if isinstance(thing, Activation):
        return record_of(replace(thing, place=spec))
    return Activation.from_function(thing, attribute, spec)


def found(place: str, attribute: str, what: str = "activation") -> tuple[Any, ModuleType]:
    """What has that name in a person's own file or package, and the module it stands in.

    Raises UnknownNameError (with the nearest names) for what is not there or is not called, and
    UsageError for a place that cannot be imported; what: the word for what is looked for.
    """
    own = _OWN.format(what=what)
    try:
        if place.endswith(".py"):
            module = _run_file(Path(place), own)
        else:
            module = importlib.import_module(place)
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        raise UsageError(f"no module named {error.name!r}, importing {place}", own) from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"{place} cannot be imported: {in_a_line(error)}") from error
    thing = getattr(module, attribute, None)
    # a record of whatever kind needs not be one that is called
    if callable(thing) or hasattr(thing, "apply"):
        return thing, module
    public = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    raise UnknownNameError.among("function", attribute, public, f"looked in {place}; {own}")


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


def module_of(place: str) -> ModuleType | None:
    """The module that one's own activation was found in, by its record's `place`."""
    file = place.rpartition(":")[0]
    return sys.modules.get(_module_name(Path(file)) if file.endswith(".py") else file)


def _module_name(path: Path) -> str:
    # two files of one name, in two folders, are two modules
    return f"{_MODULE}{path.stem}_{zlib.crc32(str(path).encode()):08x}"


def _run_file(path: Path, hint: str) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"no file {path}", hint)
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look their module up there
    spec.loader.exec_module(module)
    return module
