"""Truths kept on disk: the same as proven anew, and never those of another question or code."""

from __future__ import annotations

import pytest
import torch

from actfunc import source
from actfunc.catalogue.vector import VECTORS
from actfunc.certify import oracle, parse, vectors
from actfunc.certify.oracle import truth
from actfunc.certify.vectors import vector_samples, vector_truth

X = torch.linspace(-5, 5, 300, dtype=torch.float64)


@pytest.fixture
def proofs(tmp_path, monkeypatch):
    """A folder of its own, and a list that grows with each proof."""
    made = []
    for module, name in ((oracle, "prove"), (vectors, "_prove")):
        prove = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *asked, prove=prove: made.append(asked) or prove(*asked)
        )
    monkeypatch.setenv("ACTFUNC_TRUTHS", str(tmp_path / "truths"))
    return made


def same(one, other):
    return all(
        torch.equal(a.nan_to_num(-7), b.nan_to_num(-7)) for a, b in zip(one, other, strict=True)
    )


def test_a_truth_is_proven_once_and_comes_back_bit_for_bit(proofs, tmp_path, monkeypatch):
    formula = parse("1 / (x - a) + exp(x)", ("a",))
    first = truth(formula, X, {"a": X[7].item()})
    assert not first.known[7]
    again = truth(formula, X, {"a": X[7].item()})
    assert len(proofs) == 1
    assert same(first, again)
    monkeypatch.delenv("ACTFUNC_TRUTHS")
    assert same(first, truth(formula, X, {"a": X[7].item()}))
    assert len(proofs) == 2
    assert len(list((tmp_path / "truths").rglob("*.truth"))) == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda: truth(parse("x * exp(2 * x)"), X),
        lambda: truth(parse("x * exp(x)"), X.flip(0)),
        lambda: truth(parse("x * exp(x)"), X[:-1]),
        lambda: truth(parse("a * exp(x)", ("a",)), X, {"a": 1.0}),
        lambda: truth(parse("a * exp(x)", ("a",)), X, {"a": 1.0}, wrt="a"),
        lambda: truth(parse("a * exp(x)", ("a",)), X, others={"a": X}),
        lambda: truth(parse("a * exp(x)", ("a",)), X, others={"a": -X}),
        lambda: truth(parse("a * exp(x)", ("a",)), X, wrt="a", others={"a": X}),
    ],
)
def test_another_question_gets_another_answer(proofs, other):
    truth(parse("x * exp(x)"), X)
    truth(parse("a * exp(x)", ("a",)), X, {"a": 1 + 2**-52})
    other()
    assert len(proofs) == 3


def test_another_code_proves_it_anew(proofs, monkeypatch):
    truth(parse("x"), X)
    monkeypatch.setattr(source, "digest", lambda module: f"{module} changed")
    truth(parse("x"), X)
    assert len(proofs) == 2


@pytest.mark.parametrize("where", [0, 8, 200, 3000, -1])
def test_a_damaged_file_is_proven_anew_and_mended(proofs, tmp_path, where):
    right = truth(parse("x * x"), X)
    (kept,) = (tmp_path / "truths").rglob("*.truth")
    damaged = bytearray(kept.read_bytes())
    damaged[where] ^= 1
    kept.write_bytes(damaged)
    assert same(right, truth(parse("x * x"), X))
    assert len(proofs) == 2
    assert same(right, truth(parse("x * x"), X))
    assert len(proofs) == 2


def test_the_answer_to_another_question_is_not_taken_for_this_ones(proofs, tmp_path):
    """Whole, and under this one's name."""
    right = truth(parse("x * x"), X)
    (kept,) = (tmp_path / "truths").rglob("*.truth")
    truth(parse("x * x * x"), X)
    (other,) = {*(tmp_path / "truths").rglob("*.truth")} - {kept}
    kept.write_bytes(other.read_bytes())
    assert same(right, truth(parse("x * x"), X))
    assert len(proofs) == 3


def test_a_few_points_leave_no_file_and_a_folder_that_cannot_be_made_no_error(
    proofs, tmp_path, monkeypatch
):
    truth(parse("x"), X[:50])
    assert not (tmp_path / "truths").exists()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ACTFUNC_TRUTHS", str(tmp_path / "file"))
    assert truth(parse("x"), X).known.all()


def test_the_truth_of_a_vector_function_is_kept_too(proofs):
    sample = vector_samples(VECTORS["softmax"], torch.float32)[1]
    first, again = (vector_truth(VECTORS["softmax"], sample) for _ in range(2))
    assert len(proofs) == 1
    for one, other in zip(first[:3], again[:3], strict=True):
        assert same(one, other)
    vector_truth(VECTORS["sparsemax"], sample)
    assert len(proofs) == 2
