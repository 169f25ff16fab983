"""Files are written whole or not at all, and what is broken says so."""

from __future__ import annotations

import json
import os

import pytest
import torch

from actfunc.errors import CheckpointError, UsageError
from actfunc.storage import files
from tests.reference import assert_same


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


def test_a_file_where_a_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match=r"taken/x\.json cannot be written"):
        files.write_json(tmp_path / "taken" / "x.json", {})


def test_json_comes_back_in_any_language(tmp_path):
    document = {"σ": [1, 2.5, None, True], "name": "Ångström ∞"}
    path = files.write_json(tmp_path / "x.json", document)
    assert files.read_json(path) == document
    assert "∞" in path.read_text("utf-8")
    assert json.loads(path.read_text("utf-8")) == document


def test_json_holds_no_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


BROKEN_JSON = [b"", b"{", b'{"a": 1', b"\xff\xfe\x00", b"<html>", b'{"a": 1} rest']


@pytest.mark.parametrize("content", BROKEN_JSON)
def test_broken_json_is_an_error_that_names_the_file(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged: expected a JSON document") as error:
        files.read_json(path)
    assert str(path) in error.value.message
    assert error.value.hint
    assert error.value.exit_code == 3


@pytest.mark.parametrize("read", [files.read_json, files.read_tensors])
def test_a_missing_file_and_a_folder_are_errors(tmp_path, read):
    with pytest.raises(CheckpointError, match=r"no file .*nothing"):
        read(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read(tmp_path)


def test_tensors_come_back_bit_for_bit_with_their_text(tmp_path):
    shared = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    tensors = {
        "whole": shared,
        "same": shared,
        "part": shared[1:3, ::2],
        "turned": shared.T,
        "half": shared.bfloat16(),
        "double": shared.double(),
        "count": torch.tensor(3),
        "odd": torch.tensor([float("nan"), float("inf"), -0.0]),
        "learnt": shared.clone().requires_grad_(),
    }
    path = files.write_tensors(tmp_path / "x.safetensors", tensors, {"note": "é\n∞"})
    back, text = files.read_tensors(path)
    assert text == {"note": "é\n∞"}
    assert back.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert_same(back[name], tensor.detach())
    assert files.read_tensors(files.write_tensors(path, tensors))[1] == {}


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 60, -400, -1])
def test_tensors_cut_short_are_an_error_that_names_the_file(tmp_path, kept):
    path = files.write_tensors(tmp_path / "x.safetensors", {"a": torch.ones(200)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"is damaged .* expected safetensors") as error:
        files.read_tensors(path)
    assert str(path) in error.value.message
    assert "--overwrite" in error.value.hint


def test_garbled_tensors_are_an_error(tmp_path):
    path = files.write_tensors(tmp_path / "x.safetensors", {"a": torch.ones(20)})
    content = path.read_bytes()
    name = content.index(b'"a"') + 1
    for index in range(72):
        path.write_bytes(content[:index] + bytes([content[index] ^ 0x55]) + content[index + 1 :])
        if index == name:  # whole, under another name
            [(found, tensor)] = files.read_tensors(path)[0].items()
            assert found == chr(ord("a") ^ 0x55)
            assert torch.equal(tensor, torch.ones(20))
        else:
            with pytest.raises(CheckpointError):
                files.read_tensors(path)
