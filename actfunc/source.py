"""The source that a result depends on, as a digest: what other code gave is not taken for it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent


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
