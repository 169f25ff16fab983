"""Files are written whole or not at all, and what cannot be read or written says so."""

from __future__ import annotations

import json
import os

import pytest

from actfunc.errors import CheckpointError, UsageError, WriteError
from actfunc.storage import files


def test_a_write_makes_its_folder_and_leaves_nothing_beside_it(tmp_path):
    path = files.write_bytes(tmp_path / "a" / "b" / "c.bin", b"first")
    assert path.read_bytes() == b"first"
    files.write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failing", ["write_bytes", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, failing):
    path = files.write_bytes(tmp_path / "c.bin", b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    if failing == "replace":
        monkeypatch.setattr(os, "replace", full)
    else:
        monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(UsageError, match=r"c\.bin cannot be written: No space left") as error:
        files.write_bytes(path, b"new")
    assert error.value.hint
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "code", "hint"), [(28, 4, "make room"), (5, 4, "room"), (13, 2, "another folder")]
)
def test_a_full_disk_is_no_wrong_usage(tmp_path, monkeypatch, number, code, hint):
    def fails(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pathlib.Path.write_bytes", fails)
    with pytest.raises(WriteError, match=r"c\.bin cannot be written: \w+") as error:
        files.write_bytes(tmp_path / "c.bin", b"new")
    assert error.value.exit_code == code
    assert hint in error.value.hint


def test_a_file_where_a_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match=r"taken/x\.json cannot be written"):
        files.write_json(tmp_path / "taken" / "x.json", {})


def test_json_holds_no_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


def test_half_a_character_in_a_command_is_written_all_the_same(tmp_path):
    """A file's name on the command line need not be text."""
    path = files.write_json(tmp_path / "x.json", {"command": "train my\udcff.py:f"})
    assert json.loads(path.read_bytes()) == {"command": "train my\udcff.py:f"}


def test_what_is_no_file_is_an_error_that_names_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, said in [
        (tmp_path / "nothing", "no file .*nothing"),
        (tmp_path / "a" / "b", "no file .*b"),
        (tmp_path, "cannot be read"),
        (tmp_path / "pipe", "cannot be read: it is a folder or a device"),
        (tmp_path / ("x" * 300), "cannot be read: File name too long"),
        (tmp_path / "nul\0", "cannot be read: embedded null"),
    ]:
        with pytest.raises(CheckpointError, match=said) as error:
            files.read_bytes(path)
        assert error.value.hint


def denied(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_may_not_be_searched_is_an_error_and_not_an_empty_one(tmp_path, monkeypatch):
    """Whoever runs the tests as root may search every folder."""
    assert not files.exists(tmp_path / "x")
    assert not files.exists(files.write_bytes(tmp_path / "y", b"") / "z")
    monkeypatch.setattr(os, "stat", denied)
    with pytest.raises(CheckpointError, match="x cannot be read: Permission denied"):
        files.exists(tmp_path / "x")


def test_a_name_fits_any_system_and_is_nobody_elses():
    assert files.file_name("leaky_relu:negative_slope=0.1") == "leaky_relu-negative_slope=0.1"
    assert files.file_name("../../x") == "..-..-x"
    formulas = "x/2", "x*2", "x<2", "2/x", "x*(2)"
    assert len({files.file_name(formula) for formula in formulas}) == len(formulas)
    for long in ("x*" * 500, "größe" * 100, "関" * 200):
        name = files.file_name(long)
        assert len(name.encode()) < 120
        assert name != files.file_name(long + "+1")


def test_what_is_half_written_is_swept_away(tmp_path):
    whole = files.write_bytes(tmp_path / "c.bin", b"whole")
    (tmp_path / ".c.bin.123.partial").write_bytes(b"ha")
    files.remove_partial(tmp_path)
    files.remove_partial(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == [whole]
