"""Tensors come back bit for bit, and not at all where one bit is another."""

from __future__ import annotations

import json

import pytest
import safetensors.torch
import torch

from actfunc.errors import CheckpointError
from actfunc.storage.tensors import HEADER, read_tensors, read_text, write_tensors
from tests.reference import assert_same

HINT = "train it anew"


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
        "none": torch.empty(0, 3),
        "odd": torch.tensor([float("nan"), float("inf"), -0.0]),
        "learnt": shared.clone().requires_grad_(),
    }
    path = write_tensors(tmp_path / "x.safetensors", tensors, {"note": "é\n∞"})
    back, text = read_tensors(path, HINT)
    assert text == {"note": "é\n∞"} == read_text(path, HINT)
    assert back.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert_same(back[name], tensor.detach())
    assert read_tensors(write_tensors(path, tensors), HINT)[1] == {}


def test_every_flipped_byte_is_seen_or_changes_nothing(tmp_path):
    """What lies between the header and the numbers is there to align them."""
    tensors = {"a": torch.ones(3), "b": torch.arange(4)}
    path = write_tensors(tmp_path / "x.safetensors", tensors, {"epoch": "3"})
    content, passed, told = path.read_bytes(), [], []
    for index in range(len(content)):
        path.write_bytes(content[:index] + bytes([content[index] ^ 0x29]) + content[index + 1 :])
        try:
            assert read_text(path, HINT) == {"epoch": "3"}
        except CheckpointError as error:
            told.append(error)
        try:
            back, text = read_tensors(path, HINT)
        except CheckpointError as error:
            told.append(error)
        else:
            assert text == {"epoch": "3"}
            assert all(torch.equal(back[name], tensors[name]) for name in tensors)
            passed.append(content[index : index + 1])
    assert set(passed) <= {b" "}
    assert all(str(path) in error.message and error.hint == HINT for error in told)


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 60, -400, -1])
def test_tensors_cut_short_are_an_error_that_names_the_file(tmp_path, kept):
    path = write_tensors(tmp_path / "x.safetensors", {"a": torch.ones(200)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"is damaged .* expected safetensors") as error:
        read_tensors(path, HINT)
    assert str(path) in error.value.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>404</html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "git-lfs"),
        (b"\xff" * 64, "expected safetensors"),
        (b"\x10\0\0\0\0\0\0\0" + b"[" * 16, "expected safetensors"),
    ],
)
def test_another_file_is_an_error_that_says_what_it_is(tmp_path, content, said):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        read_tensors(path, HINT)
    with pytest.raises(CheckpointError, match="is damaged"):
        read_text(path, HINT)


def test_tensors_that_nobody_sealed_are_refused(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors.torch.save({"a": torch.ones(2)}))
    with pytest.raises(CheckpointError, match="expected its sha256 beside the tensors"):
        read_tensors(path, HINT)


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F4", "C64", "I32", "BOOL"])
def test_numbers_taken_for_others_are_refused(tmp_path, dtype):
    """The format trusts its header."""
    path = write_tensors(tmp_path / "x.safetensors", {"a": torch.ones(4)})
    content = path.read_bytes()
    size = int.from_bytes(content[:HEADER], "little")
    header = json.loads(content[HEADER : HEADER + size])
    header["a"]["dtype"] = dtype
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(HEADER, "little") + text + content[HEADER + size :])
    with pytest.raises(CheckpointError, match="is damaged"):
        read_tensors(path, HINT)
