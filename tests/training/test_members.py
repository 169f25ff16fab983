"""Many members through few slots: each becomes what it would have become alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest
import torch

from actfunc import get, mlp
from actfunc.training import Program, Progress, Settings, Start, accuracy, fit, optimizer, schedule
from actfunc.training import start as begin
from actfunc.training.members import train_members
from tests.training.plain import (
    assert_same_progress,
    assert_trees_close,
    assert_trees_same,
    plain_epoch,
    untimed,
)

pytestmark = pytest.mark.usefixtures("one_thread")

NAMES = ("tanh", "silu")
HIDDEN = (8,)
QUICK = Settings(batch_size=250, max_epochs=3, patience=2)
STEPS = 4
"""An epoch, of the 1,000 images."""


class Who(NamedTuple):
    """A member by what makes it: the index of its activation, seed, learning rate."""

    activation: int
    seed: int
    learning_rate: float


MEMBERS = [
    Who(0, 1, 0.05),
    Who(1, 1, 0.01),
    Who(0, 2, 0.01),
    Who(0, 3, 0.1),
    Who(1, 2**63 - 1, 0.05),
]


def program(split, settings=QUICK, *, slots=2, dtype=torch.float32, names=NAMES) -> Program:
    return Program(
        [get(name) for name in names],
        optimizer.named(settings.optimizer),
        (784, *HIDDEN, 10),
        split,
        batch_size=settings.batch_size,
        slots=slots,
        dtype=dtype,
    )


def starting(who: Who, settings=QUICK, dtype=torch.float32) -> Start:
    params = mlp.init((784, *HIDDEN, 10), seed=who.seed, dtype=dtype)
    return Start(*who, begin(params, settings))


def train(
    split, starts: Sequence[Start], settings=QUICK, *, made: Program | None = None, **more
) -> list[tuple[Progress, ...]]:
    """Every progress of every start, by the order of the starts."""
    found: list[list[Progress]] = [[] for _ in starts]
    for running in train_members(made or program(split, settings, **more), starts, settings):
        for member in running:
            found[member.index].append(member.progress)
    return [tuple(each) for each in found]


def ends(split, members: Sequence[Who], settings=QUICK, **more) -> list[Progress]:
    """The last progress of each member."""
    dtype = more.get("dtype", torch.float32)
    starts = [starting(who, settings, dtype) for who in members]
    return [each[-1] for each in train(split, starts, settings, **more)]


@pytest.fixture(scope="module")
def alone(small_split):
    """Each member by itself, in a program of two slots of each activation."""
    return [ends(small_split, [who])[0] for who in MEMBERS]


def scripted(monkeypatch, scores: dict[tuple[int, int], list[int]]) -> None:
    """What validation finds, right answers for each slot and epoch, 200 the most."""
    epoch = -1

    def correct(activations, params, *_):
        nonlocal epoch
        epoch += 1
        right = torch.zeros(params[0].bias.shape[:2], dtype=torch.int64)
        for slot, each in scores.items():
            right[slot] = each[min(epoch, len(each) - 1)]
        return right

    monkeypatch.setattr("actfunc.training.program.ensemble_correct", correct)


# Through the slots


@pytest.mark.parametrize(
    ("slots", "order"), [(2, [0, 1, 2, 3, 4]), (3, [4, 3, 2, 1, 0]), (5, [2, 4, 0, 1, 3])]
)
def test_a_member_is_the_same_bits_alone_as_in_any_slot_beside_any_others(
    small_split, alone, slots, order
):
    found = ends(small_split, [MEMBERS[k] for k in order], slots=slots)
    for got, k in zip(found, order, strict=True):
        assert_same_progress(got, alone[k])
    finals = [each.state.params[0].bias for each in alone]
    assert all(not torch.allclose(a, b) for k, a in enumerate(finals) for b in finals[:k])


def test_by_one_slot_a_member_is_the_same_to_rounding(small_split, alone):
    for got, want in zip(ends(small_split, MEMBERS, slots=1), alone, strict=True):
        assert_trees_close(got[:2], want[:2], rtol=1e-4, atol=1e-5)


def test_a_member_is_the_single_run_of_its_seed(small_split, alone):
    """To float32's rounding after an epoch."""
    for who, member in zip(MEMBERS, alone, strict=True):
        settings = replace(QUICK, seed=who.seed, learning_rate=who.learning_rate, max_epochs=1)
        params = mlp.init((784, *HIDDEN, 10), seed=who.seed)
        (single,) = fit(begin(params, settings), get(NAMES[who.activation]), small_split, settings)
        once = ends(small_split, [who], replace(QUICK, max_epochs=1))[0]
        assert_trees_close(once[:2], single[:2], rtol=1e-5, atol=1e-6)
        assert once.history[0].loss == pytest.approx(single.history[0].loss, rel=1e-5)
        assert untimed(once) == untimed(member)[:1]


def test_a_program_trains_others_after_the_first_ones(small_split, alone):
    made = program(small_split)
    for members in (MEMBERS[:2], MEMBERS[2:]):
        found = train(small_split, [starting(who) for who in members], made=made)
        for progress, who in zip(found, members, strict=True):
            assert_same_progress(progress[-1], alone[MEMBERS.index(who)])


def test_members_come_in_the_order_of_the_starts_as_slots_get_free(small_split, monkeypatch):
    scripted(monkeypatch, {})  # none is better than its first epoch: two more, and it stops
    settings = replace(QUICK, max_epochs=9)
    members = [Who(k % 2, k, 0.01) for k in range(5)] + [Who(0, 9, 0.01), Who(0, 7, 0.01)]
    seen = [
        [(member.index, len(member.history), member.finished) for member in running]
        for running in train_members(
            program(small_split), [starting(who) for who in members], settings
        )
    ]
    # activation 0 has 0, 2, 4, 5 and 6; activation 1 has 1 and 3
    for epochs, indices in ((seen[:3], {0, 1, 2, 3}), (seen[3:6], {4, 5}), (seen[6:], {6})):
        for count, running in enumerate(epochs, start=1):
            assert {member[0] for member in running} == indices
            assert {member[1:] for member in running} == {(count, count == 3)}
    assert len(seen) == 9


def test_starts_are_drawn_when_there_is_room(small_split, alone):
    drawn = []

    def starts():
        for who in MEMBERS:
            drawn.append(who)
            yield starting(who)

    counts, ended = [], {}
    for running in train_members(program(small_split, slots=1), starts(), QUICK):
        counts.append(len(drawn))
        ended.update({member.index: member.progress for member in running})
    # a slot of each activation: 0 and 1, then 2 and with it, for the other slot, 3 and 4
    assert counts == 3 * [2] + 3 * [5] + 3 * [5]
    for index, want in enumerate(alone):
        assert_trees_close(ended[index][:2], want[:2], rtol=1e-4, atol=1e-5)


def test_what_is_finished_takes_no_slot(small_split, alone):
    starts = [Start(*who, done) for who, done in zip(MEMBERS, alone, strict=True)]
    starts[3] = starting(MEMBERS[3])
    found = train(small_split, starts)
    assert [len(each) for each in found] == [0, 0, 0, 3, 0]
    assert_same_progress(found[3][-1], alone[3])
    assert train(small_split, []) == []


def test_the_steps_are_told_and_the_time_is_shared(small_split):
    told = []
    starts = [starting(who) for who in MEMBERS[:2]]
    for running in train_members(
        program(small_split), starts, QUICK, on_step=lambda done, of: told.append((done, of))
    ):
        first, second = (member.history[-1].seconds for member in running)
        assert first == second > 0
    assert told == QUICK.max_epochs * [(k, STEPS) for k in range(1, STEPS + 1)]


# Stopping


def test_one_that_stops_changes_no_bit_of_the_others(small_split, monkeypatch):
    long = replace(QUICK, max_epochs=6)
    getting_better = list(range(10, 200, 10))
    scripted(monkeypatch, {(0, 0): getting_better, (0, 1): [50, 40], (1, 0): getting_better})
    found = ends(small_split, MEMBERS[:3], long)
    assert [len(each.history) for each in found] == [6, 3, 6]
    assert found[1].best_epoch == 1
    for index in (0, 2):
        scripted(monkeypatch, {(0, 0): getting_better})
        (other,) = ends(small_split, [MEMBERS[index]], long)
        assert_same_progress(found[index], other)


SCORES = {(0, 0): [50, 60, 55, 60, 58, 80, 90], (1, 0): [10, 20, 30, 40, 50, 60, 70],
          (0, 1): [90, 30, 30, 30, 30, 30, 99]}  # fmt: skip


def test_without_early_stopping_it_is_known_what_it_would_have_given(small_split, monkeypatch):
    settings = replace(QUICK, max_epochs=7)
    members = [Who(0, 1, 0.05), Who(1, 1, 0.05), Who(0, 2, 0.05)]
    scripted(monkeypatch, SCORES)
    stopped = ends(small_split, members, settings)
    scripted(monkeypatch, SCORES)
    on = replace(settings, early_stopping=False)
    went_on = ends(small_split, members, on)
    assert [len(each.history) for each in stopped] == [4, 3, 7]
    assert [len(each.history) for each in went_on] == [7, 7, 7]
    assert [each.best_epoch for each in went_on] == [7, 7, 7]
    for short, long, who in zip(stopped, went_on, members, strict=True):
        at = short.stopped_at(settings)
        assert long.stopped_at(on) == at
        assert long.stopped_test == short.stopped_test
        assert untimed(long)[: len(short.history)] == untimed(short)
        if at is None:
            assert short.stopped_test is None
        else:
            assert at == len(short.history)
            phi = get(NAMES[who.activation])
            assert short.stopped_test == accuracy(short.best, phi, small_split.test)
            assert long.stopped_test != accuracy(long.best, phi, small_split.test)


def test_with_more_patience_it_stops_elsewhere_and_gives_that(small_split, monkeypatch):
    settings = replace(QUICK, max_epochs=9)
    who, scores = Who(0, 1, 0.05), [60, 50, 50, 70, 50, 50, 50, 50, 50]
    scripted(monkeypatch, {(0, 0): scores})
    (first,) = ends(small_split, [who], settings)
    assert len(first.history) == 3
    patient = replace(settings, patience=4)
    scripted(monkeypatch, {(0, 0): scores[3:]})
    (more,) = train(small_split, [Start(*who, first)], patient)
    assert [each.stopped_test for each in more[:-1]] == [None] * 4
    assert len(more[-1].history) == more[-1].stopped_at(patient) == 8
    assert more[-1].stopped_test == accuracy(more[-1].best, get("tanh"), small_split.test)
    assert more[-1].stopped_test != first.stopped_test


# Going on


@pytest.mark.parametrize(("spec", "early_stopping"), [("sgd", False), ("adam", True)])
def test_gone_on_with_from_the_middle_is_never_cut_off(small_split, spec, early_stopping):
    settings = replace(
        QUICK, max_epochs=6, schedule="cosine", optimizer=spec, early_stopping=early_stopping
    )
    starts = [starting(who, settings) for who in MEMBERS]
    whole = train(small_split, starts, settings)
    for cuts in ([1, 2, 3, 1, 2], [2, 0, 1, 6, 1]):
        middle = [
            start._replace(progress=each[min(cut, len(each)) - 1]) if cut else start
            for start, each, cut in zip(starts, whole, cuts, strict=True)
        ]
        again = train(small_split, middle, settings)
        for start, each, full in zip(middle, again, whole, strict=True):
            assert len(each) == len(full) - len(start.progress.history)
            assert_same_progress((each or full)[-1], full[-1])


def test_gone_on_with_it_is_known_what_early_stopping_would_have_given(small_split, monkeypatch):
    settings, scores = replace(QUICK, max_epochs=7, early_stopping=False), SCORES[0, 0]
    who = Who(0, 1, 0.05)
    scripted(monkeypatch, {(0, 0): scores})
    (whole,) = train(small_split, [starting(who)], settings)
    assert whole[-1].stopped_at(settings) == 4
    assert whole[-1].stopped_test is not None
    for cut in (3, 4, 6):
        scripted(monkeypatch, {(0, 0): scores[cut:]})
        (rest,) = train(small_split, [Start(*who, whole[cut - 1])], settings)
        assert_same_progress(rest[-1], whole[-1])


# The learning rate


@pytest.mark.parametrize("spec", ["constant", "cosine", "warm_up:steps=10,then=cosine:final=0.2"])
def test_the_schedule_reaches_every_member(small_split, spec):
    settings = replace(QUICK, schedule=spec, optimizer="sgd:momentum=0.5")
    found = ends(small_split, MEMBERS, settings, dtype=torch.float64)
    total = STEPS * settings.max_epochs
    factors = schedule.named(spec)(torch.arange(total).double(), total)
    for who, progress in zip(MEMBERS, found, strict=True):
        state = starting(who, settings, torch.float64).progress.state
        for epoch in range(len(progress.history)):
            state, _ = plain_epoch(
                get(NAMES[who.activation]),
                optimizer.named(settings.optimizer),
                state,
                small_split.train,
                seed=who.seed,
                epoch=epoch,
                rates=who.learning_rate * factors[STEPS * epoch : STEPS * (epoch + 1)],
                batch_size=settings.batch_size,
            )
        assert_trees_close(progress.state, state, rtol=1e-10, atol=1e-10)


def test_where_the_rate_is_0_nothing_changes(small_split, monkeypatch):
    """After three epochs of five, in all members."""
    cut = lambda step, total: (step < 3 * total / 5).double()  # noqa: E731
    monkeypatch.setattr("actfunc.training.schedule.named", lambda spec: cut)
    settings = replace(QUICK, max_epochs=5, early_stopping=False)
    for each in train(small_split, [starting(who) for who in MEMBERS], settings):
        params = [progress.state.params for progress in each]
        assert_trees_same(params[3], params[2])
        assert_trees_same(params[4], params[2])
        assert not torch.equal(params[2][0].weight, params[1][0].weight)
