"""Sealed documents come back as they were, or are refused with file, expectation and remedy."""

from __future__ import annotations

import json

import pytest

from actfunc.errors import CheckpointError
from actfunc.storage import documents
from actfunc.storage.documents import read_json, read_lines, read_sealed, write_lines, write_sealed
from actfunc.storage.schema import anything, mapping, record, whole

HINT = "write it anew"
DOCUMENT = {"σ": [1, 2.5, None, True, 1e-300], "name": "Ångström ∞", "of": {"a": {"b": []}}}
HOSTILE = {
    "empty": (b"", "nothing in it"),
    "cut": (b'{"a": 1', "expected JSON"),
    "no text": (b"\xff\xfe\x00", "expected JSON"),
    "more": (b'{"a": 1} rest', "expected JSON"),
    "deep list": (b"[" * 200_000, "nested too deeply"),
    "deep object": (b'{"a":' * 200_000, "nested too deeply"),
    "long number": (b'{"a": ' + b"9" * 5_000 + b"}", "expected JSON"),
    "nan": (b'{"a": NaN}', "the number NaN"),
    "infinity": (b'{"a": -Infinity}', "the number -Infinity"),
    "page": (b"<!DOCTYPE html><p>404", "a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git-lfs"),
    "orders": (b'{"\x1b[31m', "expected JSON"),
}
hostile = pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE)


@hostile
@pytest.mark.parametrize("read", [read_json, read_sealed, read_lines])
def test_what_is_no_json_is_refused_whoever_reads(tmp_path, read, content, said):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"x\.json is damaged: .*{said}") as error:
        read(path, anything, HINT)
    assert error.value.hint == HINT
    assert error.value.exit_code == 3
    assert error.value.message.isprintable()


def test_a_sealed_document_comes_back_however_it_is_laid_out(tmp_path):
    path = write_sealed(tmp_path / "x.json", DOCUMENT)
    assert "∞" in path.read_text("utf-8")
    assert read_sealed(path, anything, HINT) == DOCUMENT
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), sort_keys=True))
    assert read_sealed(path, anything, HINT) == DOCUMENT


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(name="other"),
        lambda d: d["σ"].__setitem__(1, 2.25),
        lambda d: d["of"].clear(),
        lambda d: d.pop("of"),
        lambda d: d.update(more=1),
        lambda d: d.update(sha256="0" * 64),
        lambda d: d.update(sha256=None),
        lambda d: d.pop("sha256"),
    ],
)
def test_a_document_that_is_not_as_it_was_written_is_refused(tmp_path, edit):
    path = write_sealed(tmp_path / "x.json", DOCUMENT)
    document = json.loads(path.read_text("utf-8"))
    edit(document)
    path.write_text(json.dumps(document))
    with pytest.raises(CheckpointError, match=r"x\.json is damaged: .*sha256") as error:
        read_sealed(path, anything, HINT)
    assert error.value.hint == HINT


def test_the_field_that_is_of_another_kind_is_named(tmp_path):
    kind = record(runs=mapping(record(epochs=whole(1))))
    path = write_sealed(tmp_path / "x.json", {"runs": {"relu": {"epochs": 0}}})
    with pytest.raises(CheckpointError, match=r"runs\.relu\.epochs: expected a whole number 1 or"):
        read_sealed(path, kind, HINT)


def test_lines_come_back_with_what_is_told_beside_them(tmp_path):
    lines = [{"made": "here"}, {"n": 1}, {"n": 2}]
    kinds = {"first": record(made=anything), "beside": record(of=whole())}
    path = write_lines(tmp_path / "x.jsonl", lines, {"of": 7})
    assert read_lines(path, record(n=whole()), HINT, **kinds) == (lines, {"of": 7})
    write_lines(path, [], {"of": 7})
    assert read_lines(path, record(n=whole()), HINT, **kinds) == ([], {"of": 7})
    write_lines(path, [*lines, {"n": -1}], {"of": 7})
    with pytest.raises(CheckpointError, match=r"line 4: n: expected a whole number"):
        read_lines(path, record(n=whole()), HINT, **kinds)


@pytest.mark.parametrize("read", [read_sealed, read_lines])
def test_of_what_is_nested_so_deeply_that_no_digest_is_made_none_is_right(tmp_path, read):
    path = tmp_path / "x.json"
    path.write_bytes(b'{"sha256": "0", "a": ' + b"[" * 985 + b"]" * 985 + b"}")
    with pytest.raises(CheckpointError, match=r"x\.json is damaged: .*(sha256|JSON)"):
        read(path, anything, HINT)


def test_lines_that_are_not_as_they_were_written_are_refused(tmp_path):
    path = write_lines(tmp_path / "x.jsonl", [{"n": n} for n in range(3)], {"of": 7})
    content, lines = path.read_bytes(), path.read_bytes().splitlines(keepends=True)
    for wrong in (
        content.replace(b'"n": 1', b'"n": 5'),
        content.replace(b'"of": 7', b'"of": 8'),
        b"".join(lines[1:]),
        b"".join(lines[:-1]),
        b"".join(lines[:1] + lines[2:]),
        b"".join([lines[1], lines[0], *lines[2:]]),
    ):
        path.write_bytes(wrong)
        with pytest.raises(CheckpointError, match=r"x\.jsonl is damaged: .*sha256"):
            read_lines(path, anything, HINT, beside=anything)


def test_a_number_that_no_json_holds_is_not_written(tmp_path):
    for write in (write_sealed, lambda path, document: write_lines(path, [document])):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(tmp_path / "x", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())
    assert documents.digest({"a": 1, "b": 2}) == documents.digest({"b": 2, "a": 1})
