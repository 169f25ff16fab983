"""What an activation costs: its record, short, in one family's file and nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import actfunc
from actfunc import catalogue
from actfunc.catalogue import FAMILIES

LINES = 12
FILES = sorted(Path(catalogue.__file__).parent.glob("*.py"))


def records(source: str) -> Iterator[tuple[str, int]]:
    """The name of every record that is written in a source, and how many lines it takes."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else None
        called = node.func.id if isinstance(node.func, ast.Name) else called
        if called != "Activation":
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        name = node.args[0] if node.args else keywords.get("name")
        written = name.value if isinstance(name, ast.Constant) else f"line {node.lineno}"
        assert node.end_lineno is not None
        yield str(written), node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_record_is_short(file: Path) -> None:
    long = {name: lines for name, lines in records(file.read_text("utf-8")) if lines > LINES}
    told = ", ".join(f"{name} takes {lines} lines" for name, lines in long.items())
    assert not long, f"{file.name}: {told}; a record has at most {LINES}"


def test_a_record_stands_in_one_file() -> None:
    where: dict[str, list[str]] = {name: [] for name in actfunc.names()}
    for file in FILES:
        for name, _ in records(file.read_text("utf-8")):
            where.setdefault(name, []).append(file.name)
    wrong = {name: files for name, files in where.items() if len(files) != 1}
    told = "; ".join(f"{name} in {', '.join(files) or 'none'}" for name, files in wrong.items())
    assert not wrong, f"records that are not in exactly one family's file: {told}"
    unlisted = ", ".join(sorted(where.keys() - set(actfunc.names())))
    assert not unlisted, f"written, but in no family's RECORDS: {unlisted}"


def test_a_record_belongs_to_one_family() -> None:
    listed = [record.name for members in FAMILIES.values() for record in members]
    twice = sorted({name for name in listed if listed.count(name) > 1})
    assert not twice, f"in more than one family, or twice in one: {', '.join(twice)}"


def test_a_long_record_would_be_seen() -> None:
    source = (
        'x = 1\nRECORDS = (\n    Activation(\n        "a",\n        "x",\n    ), t.Activation("b"))'
    )
    assert list(records(source)) == [("a", 4), ("b", 1)]
