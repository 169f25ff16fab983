"""The source that a result depends on, as a digest: what other code gave is not taken for it."""

from __future__ import annotations

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_PACKAGE = Path(__file__).parent
_LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()


@cache
def digest(module: str) -> str:
    """A digest (hexadecimal) of a module of this package and of all of it that this imports.

    module: its full name, `actfunc.certify.oracle`. Imports are read from the text, those within
    functions too, at any depth. Of a package that a module is taken from, the module alone counts.
    """
    start = _file(module)
    assert start is not None, module
    waiting, sources = [start], dict[Path, bytes]()
    while waiting:
        path = waiting.pop()
        if path not in sources:
            sources[path] = path.read_bytes()
            waiting += _imported(sources[path])
    told = hashlib.sha256()
    for path in sorted(sources):
        told.update(f"{path.relative_to(_PACKAGE)} {len(sources[path])}\n".encode())
        told.update(sources[path])
    return told.hexdigest()


def digest_of(*functions: Any, ours: bool = True) -> str:
    """A digest (hexadecimal) of the source that functions depend on, ours and the user's own.

    ours: whether this package counts.

    Followed are what they enclose, their defaults, parts of `partial`s and of callable objects, and
    the names that one's own code takes from elsewhere. Of this package a module counts with all
    that it imports, of one's own files the whole file, of what is installed the file a function
    stands in.
    """
    told = hashlib.sha256()
    for name, text in sorted(_Followed().all_of(functions).items()):
        if not ours and name.partition(".")[0] == "actfunc":
            continue
        told.update(f"{name} {len(text)}\n".encode() + text)
    return told.hexdigest()


class _Followed:
    """What functions depend on, by name: the source of a module, or a constant."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}
        self.seen: dict[int, Any] = {}  # with the object, so that no other takes its number

    def all_of(self, functions: tuple[Any, ...]) -> dict[str, bytes]:
        waiting: list[Any] = list(functions)
        while waiting:
            one = waiting.pop()
            if id(one) not in self.seen:
                self.seen[id(one)] = one
                waiting += self.next_to(one)
        return self.found

    def next_to(self, one: Any) -> list[Any]:
        """What a thing leads to; itself is noted."""
        match one:
            case ModuleType():
                return self.module(one.__name__, follow=True)
            case partial():
                return [one.func, *one.args, *one.keywords.values()]
            case MethodType():
                return [one.__func__, one.__self__]
            case FunctionType():
                cells = [cell.cell_contents for cell in one.__closure__ or () if _is_full(cell)]
                parts = [*cells, *(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values()]
                return [*parts, *self.module(one.__module__ or "", one)]
            case tuple() | list():
                return list(one)
            case dict():
                return list(one.values())
            case BuiltinFunctionType():
                self.found[f"builtin {one.__module__}.{one.__qualname__}"] = b""
                return []
            case type():
                return self.module(one.__module__)
            case CodeType():
                self.found[f"code {one.co_code.hex()}"] = b""
                return list(one.co_consts)
            case bool() | int() | float() | complex() | str() | bytes() | None:
                text = repr(one)
                self.found[f"constant {text}"] = b""
                return []
            case _:
                inside = list(getattr(one, "__dict__", {}).values())
                if hasattr(one, "numpy"):  # a tensor
                    self.found[f"constant {one!r}"] = b""
                return [type(one), *inside]

    def module(
        self, name: str, function: FunctionType | None = None, *, follow: bool = False
    ) -> list[Any]:
        """Note a module's source; what one's own takes from elsewhere is next."""
        if name.partition(".")[0] == "actfunc" and _file(name) is not None:
            self.found[name] = digest(name).encode()
            return []
        module = sys.modules.get(name)
        path = Path(getattr(module, "__file__", None) or "")
        if not path.is_file():
            if function is not None:  # written at a prompt
                return [function.__code__, *_used(function)]
            return []
        if _is_installed(path):
            if not follow:
                self.found[name] = path.read_bytes()
            return []
        known = name in self.found
        self.found[name] = path.read_bytes()
        if known:
            return []
        return [value for value in vars(module).values() if _has_source(value)]


def _is_installed(path: Path) -> bool:
    """Whether a file came with Python or from an installer: it has a version, and is not edited."""
    folders = {"site-packages", "dist-packages"} & set(path.parts)
    return bool(folders) or path.resolve().is_relative_to(_LIBRARY)


def _is_full(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # of a name that was never bound
        return False


def _has_source(value: Any) -> bool:
    return isinstance(value, ModuleType | FunctionType | type | partial)


def _used(function: FunctionType) -> list[Any]:
    """What a function's code takes from its surroundings."""
    names = function.__code__.co_names
    return [function.__globals__[name] for name in names if name in function.__globals__]


def _imported(source: bytes) -> Iterator[Path]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found = [_file(alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [alias.name for alias in node.names]
            found = [_file(f"{node.module}.{name}") or _file(node.module) for name in names]
        else:
            continue
        yield from filter(None, found)


def _file(name: str) -> Path | None:
    """The file of a module or package of ours; None for what is not one."""
    top, *parts = name.split(".")
    path = _PACKAGE.joinpath(*parts)
    files = path / "__init__.py", path.with_suffix(".py")
    return next((file for file in files if top == "actfunc" and file.is_file()), None)
