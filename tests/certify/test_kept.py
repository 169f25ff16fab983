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
from actfunc.show import certificates
from actfunc.storage import documents

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
    assert len(path.read_text().splitlines()) == 4


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
    edit(path, lambda lines: change(lines[2]))
    differences = kept.drift(kept.load(path)[1], two(), all_of_them=True)
    assert any(told in difference for difference in differences)


def test_a_little_movement_is_no_drift(tmp_path):
    """Another machine's exponential is off by another fraction of a unit."""
    path = kept.save(tmp_path / "kept.jsonl", two(), {})
    _, certificates = kept.load(path)
    certificates["gelu"]["worst"]["float32"]["first"][0] += 0.9
    assert kept.drift(certificates, two(), all_of_them=True) == []


def edit(path, change) -> None:
    """Change the lines of a file as if it had been saved so."""
    lines = [json.loads(line) for line in path.read_text().splitlines()[:-1]]
    change(lines)
    documents.write_lines(path, lines)


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line["worst"]["float32"]["first"].__setitem__(0, "nan"),
        lambda line: line["worst"]["float32"]["first"].__setitem__(0, -1.0),
        lambda line: line["worst"]["float32"]["first"].pop(),
        lambda line: line.pop("held"),
        lambda line: line.update(held=1),
        lambda line: line.update(more=1),
        lambda line: line.update(rest=[1]),
    ],
)
def test_a_certificate_that_is_none_is_told(tmp_path, change):
    path = kept.save(tmp_path / "kept.jsonl", two(), {})
    edit(path, lambda lines: change(lines[2]))
    with pytest.raises(CheckpointError, match=r"is damaged: line 3: .*expected"):
        kept.load(path)


def test_an_error_that_is_not_a_number_is_not_as_kept(tmp_path):
    """It was: NaN is no further from anything than the drift that is allowed."""
    path = kept.save(tmp_path / "kept.jsonl", two(), {})
    path.write_text(path.read_text().replace("[0.5, ", "[NaN, "))
    with pytest.raises(CheckpointError, match="damaged"):
        kept.load(path)


@pytest.mark.parametrize("content", ["", "{}", "{", '{"made": {}}\n{"nam": 1}', "[]\n[]"])
def test_a_damaged_file_is_told(tmp_path, content):
    path = tmp_path / "kept.jsonl"
    path.write_text(content)
    with pytest.raises(CheckpointError, match="damaged"):
        kept.load(path)
    with pytest.raises(CheckpointError, match="no file"):
        kept.load(tmp_path / "nowhere.jsonl")


def test_the_command_saves_and_compares(capsys, tmp_path):
    path = tmp_path / "kept.jsonl"
    quick = ("gelu", "relu", "--dtype", "float16")
    assert run(["certify", *quick, "--save", str(path)]) == 0
    assert run(["certify", *quick, "--against", str(path), "--json"]) == 0
    capsys.readouterr()
    text = path.read_text()
    path.write_text(text.replace("erfc(-x / sqrt(2))", "erfc(-x / sqrt(3))"))
    assert run(["certify", *quick, "--against", str(path)]) == 3
    assert "is damaged: expected sha256" in capsys.readouterr().err
    path.write_text(text)
    edit(path, lambda lines: lines[1].update(formula="x * erfc(-x / sqrt(3)) / 2"))
    assert run(["certify", *quick, "--against", str(path), "--json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["drift"]
    assert "sqrt(3)" in difference


def test_a_fault_in_showing_certificates_does_not_cost_them(capsys, monkeypatch, tmp_path):
    def at_fault(_):
        raise ValueError("a table that cannot be drawn")

    monkeypatch.setattr(certificates, "certificate_table", at_fault)
    path = tmp_path / "kept.jsonl"
    assert run(["certify", "relu", "--dtype", "float16", "--save", str(path)]) == 4
    assert "a fault of actfunc" in capsys.readouterr().err
    assert list(kept.load(path)[1]) == ["relu"]


@pytest.mark.full
def test_many_processes_give_what_one_gives():
    specs = ["relu", "gelu", "leaky_relu:negative_slope=0.3"]
    found = {one.name: one for one in certify_many(specs, DTYPES, processes=2)}
    assert set(found) == set(specs)
    for spec in specs:
        assert found[spec].checks == certify(actfunc.get(spec), dtypes=DTYPES).checks
