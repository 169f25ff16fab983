"""The pool on disk: results come back as they were, and what is not a result is told apart."""

from __future__ import annotations

import csv
import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import settings as checks
from hypothesis import strategies as st

from actfunc import mlp, tree
from actfunc.compare.folder import Pool, document, result_of, write_tables
from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.errors import CheckpointError
from actfunc.storage import documents
from actfunc.storage.schema import anything
from actfunc.training import Epoch, Settings, start
from actfunc.training.members import Progress
from tests.compare.small import HIDDEN, SGD, made_up

CONFIG = {"dataset": "made-up", "max_epochs": 3, "made_by": {"time": "now"}}

fractions, percents, numbers = st.floats(0, 1), st.floats(0, 100), st.integers(1, 50)
readings = st.builds(Reading, percents, percents, numbers, numbers, st.one_of(st.none(), numbers))
epochs = st.builds(
    Epoch, st.just(0), st.floats(allow_infinity=False), fractions, fractions, st.floats(0, 1e6)
)


def numbered(history: list[Epoch]) -> tuple[Epoch, ...]:
    return tuple(epoch._replace(epoch=number) for number, epoch in enumerate(history, 1))


results = st.builds(
    Result,
    st.builds(
        Member,
        st.builds(
            Arm,
            st.sampled_from(["relu", "elu:alpha=0.5", "my.py:f", "näher/am.py:größe"]),
            st.lists(st.integers(1, 9), max_size=3).map(tuple),
            st.sampled_from([SGD, "adam"]),
        ),
        st.floats(0, 10, exclude_min=True),
        st.integers(0, 2**63 - 1),
    ),
    readings,
    readings,
    st.lists(epochs, max_size=3).map(numbered),
    st.floats(0, 1e6),
)


def equal(one: Result, other: Result) -> bool:
    """As values, where a NaN is itself."""
    return repr(one) == repr(other)


@pytest.fixture
def pool(tmp_path) -> Pool:
    made = Pool(tmp_path / "pool")
    made.begin(CONFIG)
    return made


@given(results)
def test_a_result_comes_back_as_it_was(tmp_path_factory, result):
    text = json.dumps(document(result), allow_nan=False)
    assert equal(result_of(json.loads(text), tmp_path_factory.getbasetemp()), result)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.update(seed="0"), "seed: expected a whole number"),
        (lambda d: d.update(learning_rate=None), "learning_rate: expected a number"),
        (
            lambda d: d["last"].update(test=100.5),
            r"last\.test: expected a number 0 or more, at mos",
        ),
        (lambda d: d["stopped"].update(epochs=0), r"stopped\.epochs: expected a whole number 1"),
        (lambda d: d["history"][1].update(epoch=1), r"history\[1\]\.?.*expected a whole number 2"),
        (lambda d: d["history"][0].update(loss="low"), r"history\[0\]\.loss: expected a number"),
        (lambda d: d.update(more=1), "expected no other fields"),
    ],
)
def test_a_field_that_is_wrong_is_named(tmp_path, edit, said):
    wrong = document(made_up())
    edit(wrong)
    with pytest.raises(CheckpointError, match=said):
        result_of(wrong, tmp_path)


def test_a_result_that_lacks_something_is_refused_with_what_to_do(tmp_path):
    cut = document(made_up())
    del cut["init"]
    with pytest.raises(CheckpointError, match="is damaged: expected the field 'init'") as error:
        result_of(cut, tmp_path)
    assert str(tmp_path) in error.value.message
    assert "trained anew" in error.value.hint


@checks(max_examples=20)
@given(results)
def test_the_pool_has_what_was_kept_and_nothing_else(tmp_path_factory, result):
    pool = Pool(tmp_path_factory.mktemp("pool"))
    pool.begin(CONFIG)
    assert pool.result(result.member) is None
    pool.keep(result)
    assert equal(pool.result(result.member), result)
    for other in (
        result.member._replace(seed=result.member.seed + 1),
        result.member._replace(learning_rate=math.nextafter(result.member.learning_rate, 20)),
        result.member._replace(arm=result.member.arm._replace(activation="tanh")),
    ):
        assert pool.result(other) is None


def test_a_loss_that_diverged_is_kept_as_nothing_and_read_as_nan(pool):
    diverged = made_up(loss=math.nan)
    pool.keep(diverged)
    [file] = pool.path.glob("members/*.json")
    assert json.loads(file.read_text())["result"]["history"][1]["loss"] is None
    assert math.isnan(pool.result(diverged.member).history[1].loss)
    assert equal(pool.result(diverged.member), diverged)


def progress_of(epochs: int, sizes=(784, *HIDDEN, 10)) -> Progress:
    fresh = start(mlp.init(sizes, seed=3), Settings())
    history = tuple(Epoch(n + 1, 2.0, 0.1, 0.1 * n, 0.0) for n in range(epochs))
    return fresh._replace(history=history, stopped_test=0.125 if epochs > 1 else None)


@pytest.mark.parametrize("epochs", [1, 2])
def test_where_a_member_is_comes_back_and_goes_with_its_result(pool, epochs):
    result, saved = made_up(), progress_of(epochs)
    fresh = progress_of(0)
    assert pool.resume(result.member, fresh) is fresh
    pool.save(result.member, saved)
    found = pool.resume(result.member, fresh)
    assert found[2:] == saved[2:]
    for one, other in zip(tree.leaves(found[:2]), tree.leaves(saved[:2]), strict=True):
        assert torch.equal(one, other)
    pool.keep(result)
    assert not [*pool.path.glob("members/*.safetensors")]


def test_the_same_kind_of_members_goes_on_whoever_asks(pool):
    pool.keep(made_up())
    pool.begin(CONFIG | {"made_by": {"time": "later"}})
    assert pool.result(made_up().member) is not None
    assert json.loads(pool.config_file.read_text())["made_by"] == {"time": "later"}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (CONFIG | {"max_epochs": 5}, "max_epochs 5, asked for 3"),
        (CONFIG | {"max_epochs": 5, "dataset": "other"}, "dataset other, asked for made-up, max_"),
        ({}, "dataset None, asked for made-up"),
    ],
)
def test_members_trained_otherwise_are_refused(pool, there, said):
    documents.write_sealed(pool.config_file, there)
    pool.keep(made_up())
    with pytest.raises(CheckpointError, match=said) as told:
        pool.begin(CONFIG)
    assert "--name" in told.value.hint
    assert "--overwrite" in told.value.hint
    assert documents.read_sealed(pool.config_file, anything, "") == there
    pool.begin(CONFIG, overwrite=True)
    assert pool.result(made_up().member) is None


def test_a_pool_that_lost_its_config_has_no_members_of_other_settings(pool):
    done, begun = made_up(), made_up(seed=1).member
    pool.keep(done)
    pool.save(begun, progress_of(1))
    pool.config_file.unlink()
    same, other = Pool(pool.path), Pool(pool.path)
    same.begin(CONFIG)
    assert equal(same.result(done.member), done)
    pool.config_file.unlink()
    other.begin(CONFIG | {"max_epochs": 5})
    for read in (
        lambda: other.result(done.member),
        lambda: other.resume(begun, progress_of(0)),
    ):
        with pytest.raises(CheckpointError, match="max_epochs 3, asked for 5"):
            read()


def test_members_of_an_edited_function_are_refused_and_no_others(pool):
    own, relu = made_up("my.py:f"), made_up("relu")
    pool.begin(CONFIG, sources={"my.py:f": "a" * 64})
    for each in (own, relu):
        pool.keep(each)
    same, edited = Pool(pool.path), Pool(pool.path)
    same.begin(CONFIG, sources={"my.py:f": "a" * 64})
    assert equal(same.result(own.member), own)
    edited.begin(CONFIG, sources={"my.py:f": "b" * 64})
    assert equal(edited.result(relu.member), relu)
    with pytest.raises(CheckpointError, match="the source of its own activation has changed"):
        edited.result(own.member)


@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_a_file_of_another_member_is_not_taken_for_this_ones(pool, ending):
    this, other = made_up(), made_up(seed=1)
    for each in (this, other):
        pool.keep(each)
        if ending == "safetensors":
            pool.save(each.member, progress_of(1))
    files = {seed: [*pool.path.glob(f"members/*seed={seed}-*.{ending}")] for seed in (0, 1)}
    files[0][0].write_bytes(files[1][0].read_bytes())
    with pytest.raises(CheckpointError, match=r"of another (member|run): .*seed=1"):
        pool.result(this.member) if ending == "json" else pool.resume(this.member, progress_of(0))


def test_a_member_killed_when_it_was_done_leaves_no_progress(pool):
    pool.keep(made_up())
    pool.save(made_up().member, progress_of(2))
    pool.save(made_up(seed=1).member, progress_of(2))
    pool.begin(CONFIG)
    [left] = pool.path.glob("members/*.safetensors")
    assert "seed=1" in left.name


def test_to_overwrite_is_to_forget_members_that_are_done_and_those_on_their_way(pool):
    done, begun, fresh = made_up(), made_up(seed=1).member, progress_of(0)
    pool.keep(done)
    pool.save(begun, progress_of(1))
    pool.begin(CONFIG | {"max_epochs": 5}, overwrite=True)
    assert pool.result(done.member) is None
    assert pool.resume(begun, fresh) is fresh


GARBLED = {
    "empty": lambda content: b"",
    "cut off": lambda content: content[: len(content) // 2],
    "another file": lambda content: b"{}",
    "a list": lambda content: b"[1, 2]",
    "no text": lambda content: b"\xff" * 40,
}


@pytest.mark.parametrize("how", GARBLED)
@pytest.mark.parametrize("ending", ["json", "safetensors"])
def test_a_damaged_file_is_named_and_costs_no_other_member(pool, ending, how):
    result, fresh = made_up(), progress_of(0)
    pool.keep(made_up("tanh"))
    pool.keep(result)
    if ending == "safetensors":
        pool.save(result.member, progress_of(1))
    [file] = pool.path.glob(f"members/relu*.{ending}")
    file.write_bytes(GARBLED[how](file.read_bytes()))
    with pytest.raises(CheckpointError) as told:
        pool.result(result.member) if ending == "json" else pool.resume(result.member, fresh)
    assert file.name in told.value.message
    assert told.value.hint == "remove it, and it is trained anew"  # not: all of them


def test_a_state_of_another_network_is_refused(pool):
    pool.save(made_up().member, progress_of(1, sizes=(784, 8, 10)))
    with pytest.raises(CheckpointError, match="of another network") as told:
        pool.resume(made_up().member, progress_of(0))
    assert told.value.hint == "remove it, and it is trained anew"


def test_a_member_that_does_not_say_whether_it_diverged_is_none(tmp_path):
    told = document(made_up())
    del told["last"]["diverged"]
    with pytest.raises(CheckpointError, match=r"last: .*diverged"):
        result_of(told, tmp_path)


def test_tables_have_a_line_a_member_and_a_line_an_epoch(tmp_path):
    several = [made_up(), made_up(seed=1, loss=math.nan), made_up("elu:alpha=0.5", rate=0.003)]
    write_tables(tmp_path, several)
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    found = [result_of(json.loads(line), tmp_path / "results.jsonl") for line in lines]
    assert [*map(repr, found)] == [*map(repr, several)]
    with open(tmp_path / "results.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [(row["activation"], float(row["learning_rate"]), int(row["seed"])) for row in rows] == [
        *(("relu", 0.1, 0), ("relu", 0.1, 1), ("elu:alpha=0.5", 0.003, 0))
    ]
    for row in rows:
        assert (row["hidden"], row["optimizer"]) == ("16 8", SGD)
        assert {
            key: row[key] and float(row[key])
            for key in row
            if "_" in key and key != "learning_rate"
        } == {
            "stopped_diverged": "",
            "last_diverged": "",
            "stopped_validation": 12.5,
            "stopped_test": 10,
            "stopped_best_epoch": 1,
            "last_validation": 53.4,
            "last_test": 52.1,
            "last_best_epoch": 2,
            "stopped_epochs": 1,
            "last_epochs": 2,
        }
        assert float(row["seconds"]) == 0.75
    with open(tmp_path / "epochs.csv", newline="") as file:
        epochs = [*csv.DictReader(file)]
    assert len(epochs) == 6
    assert [row["loss"] for row in epochs] == ["2.3", "0.7", "2.3", "", "2.3", "0.7"]
    assert [row["validation_accuracy"] for row in epochs[:2]] == ["0.125", "0.534"]
    assert {"activation", "seed", "learning_rate", "epoch"} <= epochs[0].keys()
