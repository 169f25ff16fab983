"""JSON that is read again: sealed by a digest when it is written, checked field by field.

A sealed document has the digest of all else that is in it as its field `sha256`; a sealed file of
lines ends with a line that has it alone. So a file that is not as it was written is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actfunc.errors import CheckpointError, visible
from actfunc.storage import files
from actfunc.storage.schema import Kind, Unfit, record

SEAL = "sha256"
"""The field that holds the digest."""

_NOTHING = record()


def write_sealed(path: Path, document: Mapping[str, Any]) -> Path:
    """Write a JSON object with its digest."""
    plain = json.loads(json.dumps(document, allow_nan=False))
    return files.write_json(path, plain | {SEAL: digest(plain)})


def read_sealed(path: Path, kind: Kind, hint: str) -> Any:
    """What `write_sealed` wrote, checked to be of a kind (see `schema`).

    hint: what to do about a file that is missing or damaged. Raises CheckpointError.
    """
    document = _parsed(path, files.read_bytes(path, hint), hint)
    if not isinstance(document, dict) or not isinstance(document.get(SEAL), str):
        raise damaged(path, f"expected an object with its {SEAL}, as it was written", hint)
    found, expected = digest({k: v for k, v in document.items() if k != SEAL}), document.pop(SEAL)
    if found != expected:
        raise not_as_written(path, expected, found, hint)
    return checked(path, document, kind, hint)


def write_lines(path: Path, lines: Iterable[Any], beside: Mapping[str, Any] | None = None) -> Path:
    """Write JSON values, a line each; a last line has the digest, and what is told beside them."""
    written = [json.dumps(line, ensure_ascii=False, allow_nan=False) for line in lines]
    content = "".join(f"{line}\n" for line in written).encode(errors="backslashreplace")
    plain = json.loads(json.dumps(beside or {}, allow_nan=False))
    seal = json.dumps(plain | {SEAL: _digest_of_lines(content, plain)})
    return files.write_bytes(path, content + f"{seal}\n".encode())


def read_lines(
    path: Path, kind: Kind, hint: str, *, first: Kind | None = None, beside: Kind = _NOTHING
) -> tuple[list[Any], Any]:
    """The values that `write_lines` wrote, each of a kind, and what was told beside them.

    The first value may be of a kind of its own.
    """
    content = files.read_bytes(path, hint)
    before, _, last = content.removesuffix(b"\n").rpartition(b"\n")
    before += b"\n" * bool(before)
    seal = _parsed(path, last, hint, content)
    if not isinstance(seal, dict) or not isinstance(seal.get(SEAL), str):
        raise damaged(path, f"expected a last line with the {SEAL} of those before", hint)
    expected = seal.pop(SEAL)
    found = _digest_of_lines(before, seal)
    if found != expected:
        raise not_as_written(path, expected, found, hint)
    values = [_parsed(path, line, hint) for line in before.split(b"\n")[:-1]]
    kinds = [kind if first is None or index else first for index in range(len(values))]
    numbered = enumerate(zip(kinds, values, strict=True), 1)
    read = [checked(path, value, each, hint, f"line {n}: ") for n, (each, value) in numbered]
    return read, checked(path, seal, beside, hint, "last line: ")


def read_json(path: Path, kind: Kind, hint: str) -> Any:
    """A JSON document of somebody else's, checked to be of a kind. Raises CheckpointError."""
    return checked(path, _parsed(path, files.read_bytes(path, hint), hint), kind, hint)


def parsed(text: str) -> Any:
    """JSON text as a value. Raises ValueError, for whatever is wrong with it."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def checked(path: Path, value: Any, kind: Kind, hint: str, place: str = "") -> Any:
    """A value read from a file, of its kind. Raises CheckpointError that names the field."""
    try:
        return kind(value)
    except Unfit as unfit:
        raise damaged(path, f"{place}{unfit}", hint) from unfit


def damaged(path: Path, what: str, hint: str) -> CheckpointError:
    """The error for a file that is not what it should be."""
    return CheckpointError(f"{path} is damaged: {visible(what)}", hint)


def not_as_written(path: Path, expected: object, found: str, hint: str) -> CheckpointError:
    """The error for a file whose digest is another than it says itself."""
    return damaged(path, f"expected {SEAL} {str(expected)[:16]}…, found {found[:16]}…", hint)


def digest(document: Any) -> str:
    """The SHA-256 (hexadecimal) of a JSON value, however its text is laid out.

    Of one that is nested too deeply there is none, and it is empty.
    """
    try:
        plain = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except RecursionError:
        return ""
    return hashlib.sha256(plain.encode()).hexdigest()


def _digest_of_lines(content: bytes, beside: Mapping[str, Any]) -> str:
    return hashlib.sha256(content + digest(beside).encode()).hexdigest()


def _parsed(path: Path, content: bytes, hint: str, file: bytes | None = None) -> Any:
    """A file's content as a value, or a part of it, where `file` is all."""
    try:
        return parsed(content.decode("utf-8"))
    except ValueError as error:
        found = described(content if file is None else file, error)
        raise damaged(path, f"expected JSON, found {found}", hint) from error


def described(content: bytes, error: object) -> str:
    """What a file that is none of its format seems to be, or else what its reader said."""
    start = content[:64].lstrip().lower()
    if not content.strip():
        return "nothing in it"
    if start.startswith(b"version https://git-lfs"):
        return "a pointer of git-lfs, which stands for the file (`git lfs pull` fetches it)"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page, as a server sends it instead of a file"
    return str(error)


def _no_number(constant: str) -> Any:
    raise ValueError(f"the number {constant}")
