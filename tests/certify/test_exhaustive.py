"""Every float32: all are asked, what is wrong at one of them is found, what is done is kept."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

import actfunc
from actfunc import source
from actfunc.certify import exhaustive, parse
from actfunc.certify.exhaustive import Block, blocks, conclude, judge_chunk
from actfunc.certify.oracle import truth
from actfunc.cli import run
from actfunc.numerics.ulp import error
from actfunc.storage import documents
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
SIBLINGS = ("f", "df", "d2f")
CHUNKS = {
    "around 1": 0x3F7F0000,
    "around -1": 0xBF7F0000,
    "from 0": 0,
    "from -0": 2**31,
    "to infinity and on": 0x7F7F0000,
    "to -infinity and on": 0xFF7F0000,
    "the last": 2**32 - 2**17,
}
SIZE = 2**17
each_record = each(actfunc.CATALOGUE.values())


def bits(x):
    return torch.tensor([x]).view(torch.int32).item() % 2**32


@each_record
def test_records_hold_at_every_float_here(record):
    for start in CHUNKS.values():
        found = judge_chunk(record, start, SIZE, CPU)
        assert found.beyond == (0, 0, 0)
        assert found.deaf == 0


@each_record
def test_the_quick_measure_is_the_designs(record):
    """Steps to the next float stand for |true′|·ulp(x), float64 for ball arithmetic."""
    start = 0x40100000
    found = judge_chunk(record, start, 512, CPU)
    x = torch.arange(start, start + 512).to(torch.int32).view(torch.float32)
    true = truth(parse(record.formula, tuple(record.params)), x, record.params)
    for order, sibling in enumerate((record.f, record.df, record.d2f)):
        errors = error(sibling(x), true.hi[order], true.lo[order], true.hi[order + 1], x)
        assert found.worst[order] == pytest.approx(errors.max().item(), rel=1e-3, abs=1e-6)


@each_record
@pytest.mark.parametrize("order", range(3), ids=SIBLINGS)
def test_one_wrong_float_is_found(record, order):
    right = getattr(record, SIBLINGS[order]).function
    spot = torch.tensor(0x3F812345, dtype=torch.int32).view(torch.float32)

    def wrong(x, **params):
        y = right(x, **params)
        if x.dtype == torch.float64:
            return y
        return torch.where(x == spot, y + 1e-5 * (1 + y.abs()), y)

    planted = replace(record, **{SIBLINGS[order]: wrong})
    found = judge_chunk(planted, 0x3F800000, SIZE, CPU)
    assert found.beyond[order] == 1
    assert found.at[order] == 0x3F812345


def test_a_nan_swallowed_and_a_nan_given_are_found():
    record = actfunc.get("tanh")
    deaf = replace(record, f=lambda x: torch.tanh(x.nan_to_num(0.0)))
    chunk = judge_chunk(deaf, 0x7F800000, SIZE, CPU)
    assert chunk.deaf == SIZE - 1  # all but infinity itself
    sick = replace(record, df=lambda x: torch.where(x > 3e38, torch.nan, record.df(x)))
    assert judge_chunk(sick, 0x7F7F0000, SIZE, CPU).worst[1] == float("inf")


@pytest.fixture
def small(monkeypatch):
    """A hundredth of a block at a time, and four blocks."""
    monkeypatch.setattr(exhaustive, "BLOCKS", 4)
    monkeypatch.setattr(exhaustive, "BLOCK", 2**12)
    monkeypatch.setitem(exhaustive.CHUNK, "cpu", 2**11)


def test_a_run_goes_on_where_it_was_interrupted(small, monkeypatch):
    record = actfunc.get("gelu")
    whole = list(blocks(record, CPU, threads=2, resume=False))
    assert [done for done, _ in whole] == [0, 1, 2, 3, 4]
    kept = exhaustive._kept_at(record, CPU)
    kept.unlink()
    first = list(islice(blocks(record, CPU, threads=1), 3))
    assert first[-1][0] == 2
    asked = []
    judge = exhaustive.judge_block
    monkeypatch.setattr(
        exhaustive, "judge_block", lambda a, n, d: asked.append(n) or judge(a, n, d)
    )
    again = list(blocks(record, CPU, threads=1))
    assert again[0][0] >= 2
    assert set(asked) <= {2, 3}
    assert again[-1] == whole[-1]
    # a change of the function's file begins anew
    assert exhaustive._kept_at(actfunc.get("silu"), CPU) != kept


def test_what_is_damaged_or_of_another_function_is_done_anew(small):
    record, other = actfunc.get("gelu"), actfunc.get("silu")
    for one in (record, other):
        list(blocks(one, CPU, threads=1, resume=False))
    kept = exhaustive._kept_at(record, CPU)
    whole = kept.read_bytes()
    assert next(blocks(record, CPU, threads=1))[0] == 4
    for wrong in (
        b"{",
        b"[" * 10**5,
        whole.replace(b"0", b"1", 1),
        exhaustive._kept_at(other, CPU).read_bytes(),
    ):
        kept.write_bytes(wrong)
        assert next(blocks(record, CPU, threads=1))[0] == 0
    documents.write_sealed(
        kept, {"of": kept.stem, "blocks": {"4": json.loads(whole)["blocks"]["3"]}}
    )
    assert next(blocks(record, CPU, threads=1))[0] == 0


def test_an_infinite_error_is_kept_too(small):
    """JSON has no number for it."""
    sick = replace(actfunc.get("tanh"), f=lambda x: torch.tanh(x) + torch.nan)
    [*_, (_, total)] = blocks(sick, CPU, threads=1)
    assert total.worst[0] == float("inf")
    assert next(blocks(sick, CPU, threads=1)) == (4, total)


def test_a_full_disk_ends_no_run(small, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert [done for done, _ in blocks(actfunc.get("relu"), CPU, threads=1, resume=False)] == [
        *range(5)
    ]


def test_the_worst_are_judged_by_the_formula(small):
    record = actfunc.get("gelu")
    worst = Block((1.0, 1.0, 1.0), (bits(-0.75), bits(-1.5), bits(-0.02)), (0, 0, 0), 0)
    found = conclude(record, CPU, worst)
    assert found.held
    assert [one.worst.x for one in found.checks] == pytest.approx([-0.75, -1.5, -0.02])
    assert all(0 < one.worst.ulp < 4 and one.points == 2**32 for one in found.checks)
    assert not conclude(record, CPU, worst._replace(beyond=(0, 3, 0))).held
    assert not conclude(record, CPU, worst._replace(deaf=1)).held


def test_the_command(small, capsys):
    assert run(["certify", "relu", "--exhaustive"]) == 0
    shown = capsys.readouterr()
    assert "4,294,967,296" in shown.out
    assert "4 of 4 blocks" in shown.err
    assert run(["certify", "relu", "--exhaustive", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["functions"][0]["held"]
    assert document["device"].startswith("cpu")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("tanh_exp", "catalogue/composed.py"),
        ("tanh_exp", "catalogue/jets.py"),
        ("tanh_exp", "numerics/floats.py"),
        ("silu", "catalogue/logistic.py"),
        ("gelu", "catalogue/self_gated.py"),
        ("gelu", "activation.py"),
        ("gelu", "certify/exhaustive.py"),
        ("gelu", "numerics/ulp.py"),
    ],
)
def test_an_edit_to_anything_a_function_is_made_of_begins_anew(name, file, monkeypatch):
    """The formula's own module, what that is made of, and what judges."""
    record, read = actfunc.get(name), Path.read_bytes
    before = exhaustive._kept_at(record, CPU)
    assert exhaustive._kept_at(actfunc.get(name), CPU) == before
    monkeypatch.setattr(
        Path,
        "read_bytes",
        lambda path: read(path) + (b"#" if path.as_posix().endswith(f"actfunc/{file}") else b""),
    )
    source.digest.cache_clear()
    after = exhaustive._kept_at(record, CPU)
    source.digest.cache_clear()
    assert after != before


def test_what_is_kept_of_ones_own_function_is_of_its_source(tmp_path, monkeypatch):
    """And of that of the files it takes from."""
    own, helper, places = tmp_path / "own_one.py", tmp_path / "helping_one.py", []
    monkeypatch.syspath_prepend(str(tmp_path))
    own.write_text("import helping_one\ndef f(x):\n    return helping_one.times(x)\n")
    for factor in (1, 2):
        helper.write_text(f"def times(x):\n    return {factor} * x\n")
        sys.modules.pop("helping_one", None)
        places.append(exhaustive._kept_at(actfunc.get(f"{own}:f"), CPU))
    own.write_text(own.read_text() + "\n")
    places.append(exhaustive._kept_at(actfunc.get(f"{own}:f"), CPU))
    assert len(set(places)) == 3


def test_what_a_gpu_has_done_is_gone_on_with_by_its_like_alone(monkeypatch):
    record, kept = actfunc.get("gelu"), set()
    for model in ("H200", "H200", "A100"):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device, model=model: model)
        kept |= {exhaustive._kept_at(record, torch.device("cuda", index)) for index in (0, 1)}
    assert len(kept | {exhaustive._kept_at(record, CPU)}) == 3
