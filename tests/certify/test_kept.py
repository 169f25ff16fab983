"""Certificates kept as data: what is kept comes back, and every way of drifting is told."""

from __future__ import annotations

import json
from functools import cache

import pytest
import torch

import actfunc
from actfunc.catalogue import PAIRS, VECTORS
from actfunc.certify import certify, certify_many, kept
from actfunc.cli import run
from actfunc.errors import CheckpointError

DTYPES = (torch.float32, torch.float16)


@cache
def two():
    return tuple(certify(actfunc.get(name), dtypes=DTYPES) for name in ("relu", "gelu"))


def test_the_package_keeps_a_certificate_of_every_record():
    made, certificates = kept.load()
    kinds = (actfunc.CATALOGUE, PAIRS, VECTORS)
    assert list(certificates) == [one.spec for kind in kinds for one in kind.values()]
    assert {"torch", "python", "device", "command", "time"} <= set(made)
    for record in actfunc.CATALOGUE.values():
        assert certificates[record.spec]["formula"] == record.formula
        assert certificates[record.spec]["held"]


def test_what_is_saved_is_loaded(tmp_path):
    path = kept.save(tmp_path / "kept.jsonl", two(), {"torch": "here"})
    made, certificates = kept.load(path)
    assert made == {"torch": "here"}
    assert list(certificates) == ["relu", "gelu"]
    assert kept.drift(certificates, two(), all_of_them=True) == []
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda line: line.update(formula="x"), "formula was 'x'"),
        (lambda line: line.update(held=False), "held was False, is True"),
        (lambda line: line["worst"]["float32"]["first"].__setitem__(0, 0.1), "float32 first was"),
        (lambda line: line["worst"]["float32"]["first"].__setitem__(2, 99), "not judged by this"),
        (lambda line: line["worst"].pop("float16"), "float16 value was not judged"),
        (lambda line: line.update(name="gone"), "gone: kept, and no longer there"),
        (lambda line: line.update(name="gone"), "gelu: not kept yet"),
    ],
)
def test_drift_is_told(tmp_path, change, told):
    path = kept.save(tmp_path / "kept.jsonl", two(), {})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines[2])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    differences = kept.drift(kept.load(path)[1], two(), all_of_them=True)
    assert any(told in difference for difference in differences)


def test_a_little_movement_is_no_drift(tmp_path):
    """Another machine's exponential is off by another fraction of a unit."""
    path = kept.save(tmp_path / "kept.jsonl", two(), {})
    _, certificates = kept.load(path)
    certificates["gelu"]["worst"]["float32"]["first"][0] += 0.9
    assert kept.drift(certificates, two(), all_of_them=True) == []


@pytest.mark.parametrize("content", ["", "{}", "{", '{"made": {}}\n{"nam": 1}', "[]\n[]"])
def test_a_damaged_file_is_told(tmp_path, content):
    path = tmp_path / "kept.jsonl"
    path.write_text(content)
    with pytest.raises(CheckpointError, match="damaged"):
        kept.load(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        kept.load(tmp_path / "nowhere.jsonl")


def test_the_command_saves_and_compares(capsys, tmp_path):
    path = tmp_path / "kept.jsonl"
    quick = ("gelu", "relu", "--dtype", "float16")
    assert run(["certify", *quick, "--save", str(path)]) == 0
    assert run(["certify", *quick, "--against", str(path), "--json"]) == 0
    capsys.readouterr()
    path.write_text(path.read_text().replace("erfc(-x / sqrt(2))", "erfc(-x / sqrt(3))"))
    assert run(["certify", *quick, "--against", str(path), "--json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["drift"]
    assert "sqrt(3)" in difference


@pytest.mark.full
def test_many_processes_give_what_one_gives():
    specs = ["relu", "gelu", "leaky_relu:negative_slope=0.3"]
    found = {one.name: one for one in certify_many(specs, DTYPES, processes=2)}
    assert set(found) == set(specs)
    for spec in specs:
        assert found[spec].checks == certify(actfunc.get(spec), dtypes=DTYPES).checks
