"""Summaries of planted results say what was planted."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from actfunc.compare.intervals import estimate
from actfunc.compare.paired import seeds_range
from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.compare.statistics import (
    curve,
    epoch_left_chance,
    summarise,
)
from actfunc.errors import UsageError
from actfunc.training import Epoch
from actfunc.training.evaluate import left_chance

RELU, TANH, GELU, SIGMOID = (
    Arm(name, (512, 256), "sgd:momentum=0.9") for name in ("relu", "tanh", "gelu", "sigmoid")
)


def reading(validation: float, test: float | None = None, best: int = 1, epochs: int = 1):
    return Reading(validation, validation if test is None else test, best, epochs)


def result(arm: Arm, seed: int, last: Reading, *, rate: float = 0.1, stopped=None) -> Result:
    return Result(Member(arm, rate, seed), last, stopped or last, (), 1.0)


def history(*percents: float) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(number, 1.0, 0.5, percent / 100, 1.0) for number, percent in enumerate(percents, 1)
    )


def trained(seed: int, *percents: float, patience_ends: int | None = None, arm=SIGMOID) -> Result:
    """A member with these validation accuracies, stopped after an epoch of them."""
    stop = patience_ends or len(percents)

    def best(epochs: int) -> Reading:
        seen = percents[:epochs]
        return reading(max(seen), best=seen.index(max(seen)) + 1, epochs=epochs)

    member = Member(arm, 0.1, seed)
    return Result(member, best(len(percents)), best(stop), history(*percents), 1.0)


def drawn(arm: Arm, mean: float, spread: float, seeds: int = 10) -> list[Result]:
    """Members as good as a seed's own luck, with a spread of the arm's own."""
    luck = np.random.default_rng(8).normal(0, 1, seeds)
    own = np.random.default_rng(len(arm.activation)).normal(0, spread, seeds)
    tests = np.round(mean + luck + own, 2).tolist()
    return [result(arm, seed, reading(test + 1, test)) for seed, test in enumerate(tests)]


def test_a_planted_difference_is_shown_and_a_planted_nothing_is_not():
    found = summarise(drawn(RELU, 88, 0) + drawn(GELU, 89, 0.2) + drawn(SIGMOID, 88.01, 0.5))
    assert found.baseline == RELU
    assert [each.arm for each in found.differences] == [GELU, SIGMOID]
    better, same = found.differences
    assert better.shown
    assert better.p == 2 / 2**10
    assert better.corrected == 2 * better.p
    assert better.points.low < 1 < better.points.high
    assert better.seeds_needed.most < 12
    assert not same.shown
    assert same.p == same.corrected > 0.05
    assert same.points.low < 0 < same.points.high
    assert same.seeds_needed.most is None
    # both are corrected for
    assert same.seeds_needed == seeds_range(same.points.mean, same.points.spread, 10, 2)
    # the luck that two arms' seeds share is not in the difference
    assert better.points.spread < 0.5 < found.standings[0].test.spread


def test_a_summary_by_hand():
    results = [
        result(RELU, 1, reading(80, 81)), result(RELU, 2, reading(84, 79)),
        result(RELU, 1, reading(70, 99), rate=0.5), result(RELU, 2, reading(75, 99), rate=0.5),
        result(TANH, 1, reading(85, 82)), result(TANH, 2, reading(85, 84)),
    ]  # fmt: skip
    found = summarise(results)
    assert found.rule == "stopped"
    assert [each.arm for each in found.standings] == [TANH, RELU]
    tanh, relu = found.standings
    assert (relu.best_rate, len(relu.rates), relu.left_chance) == (0.1, 2, 2)
    assert (tanh.best_rate, len(tanh.rates), tanh.left_chance) == (0.1, 1, 2)
    assert [one.learning_rate for one in relu.rates] == [0.1, 0.5]
    assert (relu.edge, tanh.edge, tanh.runner_up) == ("smallest", None, None)
    assert (relu.validation.mean, relu.test.mean, relu.test.seeds) == (82, 80, 2)
    assert tanh.validation == (85, 0, 85, 85, 2)
    assert tanh.test == estimate([82, 84], 0, 100)
    (difference,) = found.differences
    assert difference.arm == TANH
    assert (difference.points.mean, difference.points.spread) == (3, pytest.approx(8**0.5))
    assert difference.p == difference.corrected == 0.5
    assert not difference.shown
    assert difference.seeds_needed == seeds_range(3, 8**0.5, 2)


def test_a_rate_is_chosen_apart_from_what_is_reported():
    """Each half of the seeds at the rate that the other chose; the best of all is named."""
    columns = {0.1: [90, 80, 90, 81], 0.2: [80, 90, 80, 90]}
    results = [
        result(RELU, seed, reading(value, value - 10), rate=rate)
        for rate, values in columns.items()
        for seed, value in enumerate(values)
    ]
    [relu] = summarise(results).standings
    assert relu.best_rate == 0.1
    assert [(one.seed, one.learning_rate, one.test) for one in relu.reported] == [
        (0, 0.2, 70), (1, 0.1, 70), (2, 0.2, 70), (3, 0.1, 71),
    ]  # fmt: skip
    assert (relu.chosen, relu.test.mean) == ((0.1, 0.2), 70.25)
    assert relu.test.low < estimate([70, 70, 70, 71], 0, 100).low
    # every rate's own mean is there, of all seeds
    first, second = relu.rates
    assert (first.learning_rate, first.validation) == (0.1, estimate(columns[0.1], 0, 100))
    assert (second.validation.mean, second.test.mean, second.seeds) == (85, 75, 4)
    assert relu.runner_up == (0.2, 0.25, False)


def test_what_diverged_is_counted_and_in_no_mean():
    lost = Reading(50.0, 40.0, 1, 3, diverged=2)
    results = [result(RELU, seed, reading(80 + seed)) for seed in range(8)]
    results += [result(TANH, seed, reading(60 + seed) if seed else lost) for seed in range(8)]
    results += [result(GELU, seed, lost) for seed in range(8)]
    relu, tanh, gelu = summarise(results).standings
    assert (relu.seeds, relu.diverged, relu.left_chance) == (8, 0, 8)
    assert (tanh.seeds, tanh.diverged, tanh.left_chance) == (8, 1, 7)
    assert tanh.test == estimate(range(61, 68), 0, 100)
    assert (gelu.test, gelu.validation, gelu.diverged, gelu.left_chance) == (None, None, 8, 0)
    assert (gelu.rates[0].diverged, gelu.rates[0].validation, gelu.rates[0].seeds) == (8, None, 8)
    # nothing is tested of what is left, and what is left is told
    against = summarise(results).differences
    assert [(one.arm, one.diverged, one.p, one.shown) for one in against] == [
        (TANH, 1, None, False), (GELU, 8, None, False),
    ]  # fmt: skip
    assert (against[0].points.mean, against[0].points.seeds) == (-20, 7)
    assert (against[1].points, against[1].corrected, against[1].seeds_needed) == (None, None, None)
    # though the others are corrected for it
    more = [result(SIGMOID, seed, reading(70 + seed)) for seed in range(8)]
    [shown] = [one for one in summarise(results + more).differences if one.arm == SIGMOID]
    assert (shown.p, shown.corrected, shown.shown) == (2 / 2**8, 6 / 2**8, True)


def test_early_stopping_may_end_it_before_it_diverges():
    one = result(RELU, 0, Reading(80.0, 79.0, 3, 9, diverged=9), stopped=reading(80, 79, 3, 5))
    assert summarise([one]).standings[0].diverged == 0
    assert summarise([one], rule="last").standings[0].diverged == 1


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.0, 100.5])
def test_an_accuracy_that_is_none_is_refused(wrong):
    for read in (reading(wrong, 80), reading(80, wrong)):
        with pytest.raises(UsageError, match=f"of relu .* must be a percentage, got {wrong}"):
            summarise([result(RELU, 0, read)])


def test_epochs_and_seconds_of_a_member_are_told():
    long, short = trained(1, 10, 20, 30, 40, patience_ends=2), trained(2, 10, 20)
    results = [one._replace(seconds=float(len(one.history))) for one in (long, short)]
    [rate] = summarise(results, rule="stopped").standings[0].rates
    assert (rate.epochs, rate.seconds) == (2, 2)
    [rate] = summarise(results, rule="last").standings[0].rates
    assert (rate.epochs, rate.seconds) == (3, 3)


def test_the_rule_says_which_reading_counts():
    results = [
        result(SIGMOID, seed, reading(70 + seed, 71), stopped=reading(10, 9)) for seed in range(3)
    ]
    stopped, last = (summarise(results, rule=rule).standings[0] for rule in ("stopped", "last"))
    assert (stopped.validation.mean, stopped.test.mean, stopped.left_chance) == (10, 9, 0)
    assert (last.validation.mean, last.test.mean, last.left_chance) == (71, 71, 3)


def test_differences_are_over_common_seeds_only():
    luck = {1: 80.0, 2: 85.0, 3: 81.0, 4: 89.0}
    results = [result(RELU, seed, reading(luck[seed])) for seed in (1, 2, 3)]
    results += [result(TANH, seed, reading(luck[seed] + seed / 4)) for seed in (4, 3, 2)]
    results += [result(GELU, 7, reading(99)), result(SIGMOID, 2, reading(50))]
    found = summarise(results)
    assert len(found.standings) == 4
    # gelu shares no seed with relu, sigmoid only one
    tanh, sigmoid = found.differences
    assert tanh.points == estimate([0.5, 0.75], -100, 100)
    assert sigmoid == (SIGMOID, (-35, 0, -35, -35, 1), 0, 1, 1, False, None)


@pytest.mark.parametrize("seeds", [1, 2, 10])
def test_no_difference_at_all(seeds):
    results = [result(arm, seed, reading(88.1)) for arm in (RELU, TANH) for seed in range(seeds)]
    found = summarise(results, baseline=TANH)
    assert found.baseline == TANH
    (difference,) = found.differences
    assert difference == (RELU, (0, 0, 0, 0, seeds), 0, 1, 1, False, None)
    assert [each.arm for each in found.standings] == [RELU, TANH]
    assert found.standings[0].test == (88.1, 0, 88.1, 88.1, seeds)


def test_two_seeds_that_happen_to_agree_show_nothing():
    pairs = [(RELU, 88.10), (TANH, 88.11)]
    found = summarise([result(arm, s, reading(test)) for arm, test in pairs for s in range(2)])
    assert not found.differences[0].shown
    assert found.differences[0].points.spread == 0
    assert found.differences[0].seeds_needed is None


def test_one_arm_has_no_baseline():
    for baseline in (None, RELU):
        found = summarise(drawn(RELU, 88, 0.3), baseline=baseline)
        assert (found.baseline, found.differences) == (None, ())


def test_the_order_of_arrival_decides_nothing():
    results = drawn(RELU, 88, 0) + drawn(GELU, 89, 0.2) + drawn(SIGMOID, 80, 0.5)
    wanted = summarise(results, baseline=RELU)
    random.Random(0).shuffle(results)
    assert summarise(results, baseline=RELU) == wanted
    # and a result that comes again replaces the first
    first = results[0]
    assert summarise([first._replace(stopped=reading(1)), *results], baseline=RELU) == wanted


def test_wrong_use_is_told():
    with pytest.raises(UsageError, match="no results"):
        summarise([])
    with pytest.raises(UsageError, match=r"baseline must be an arm .*'gelu'"):
        summarise(drawn(RELU, 88, 1) + drawn(TANH, 88, 1), baseline=GELU)
    with pytest.raises(UsageError, match="rule must be stopped or last, got 'best'"):
        summarise(drawn(RELU, 88, 1), rule="best")
    with pytest.raises(UsageError, match="results of 0"):
        curve([])
    with pytest.raises(UsageError, match="results of 2"):
        curve([trained(1, 10), trained(1, 10, arm=RELU)])


def test_chance_is_left_above_what_one_class_gives():
    """One answer to everything stays, two classes told from the rest leave."""
    assert left_chance() == left_chance(10) == pytest.approx(0.15)
    for classes in (2, 3, 5, 10, 100):
        labels = np.random.default_rng(0).integers(0, classes, size=10_000)
        most = max(np.mean(labels == one) for one in range(classes))
        assert most < left_chance(classes) < np.mean(labels <= 1)
        assert left_chance(classes) <= 1 / classes + 0.05
    results = [result(SIGMOID, seed, reading(v)) for seed, v in enumerate([10, 15, 15.01, 70])]
    assert summarise(results).standings[0].left_chance == 2
    assert summarise(results, classes=2).standings[0].left_chance == 1
    assert summarise(results, classes=100).standings[0].left_chance == 4


@pytest.mark.parametrize(
    ("percents", "wanted"),
    [
        ((10, 10, 10), None),
        ((10, 15, 10), None),
        ((50, 70, 80), 1),
        ((10, 10, 40, 80), 3),
        ((10, 19, 10, 10, 40, 80), 5),  # an accident before it does not count
        ((10, 40, 80, 10, 10), 2),  # nor what happens after the best
        ((10, 10, 19, 10), 3),
    ],
)
def test_the_epoch_in_which_chance_is_left(percents, wanted):
    one = trained(1, *percents)
    assert epoch_left_chance(one) == wanted
    # an epoch is told for those, and only those, that a standing counts
    assert summarise([one]).standings[0].left_chance == (wanted is not None)


def test_early_stopping_may_end_it_before_it_leaves():
    one = trained(1, 10, 10, 10, 40, 80, patience_ends=3)
    assert epoch_left_chance(one) == epoch_left_chance(one, rule="last") == 4
    assert epoch_left_chance(one, rule="stopped") is None


def test_a_curve_by_hand():
    found = curve([trained(1, 10, 60), trained(2, 20, 60)])
    assert found == ((1, 15, 0, pytest.approx(15 + 5 * np.tan(0.475 * np.pi)), 2),
                     (2, 60, 60, 60, 2))  # fmt: skip
    assert curve([trained(1, 10, 60.6)]) == ((1, 10, 10, 10, 1), (2, 60.6, 60.6, 60.6, 1))


def test_where_members_end_the_others_go_on():
    rng = np.random.default_rng(0)
    lengths = [5] * 9 + [3, 0]
    results = [trained(i, *rng.normal(80, 1, n)) for i, n in enumerate(lengths) if n]
    results.append(Result(Member(SIGMOID, 0.1, 99), reading(0), reading(0), (), 0.0))
    found = curve(results)
    assert [each.epoch for each in found] == [1, 2, 3, 4, 5]
    assert [each.members for each in found] == [10, 10, 10, 9, 9]
    for each in found:
        seen = [100 * one.history[each.epoch - 1].validation_accuracy
                for one in results if len(one.history) >= each.epoch]  # fmt: skip
        assert each.mean == pytest.approx(np.mean(seen))
        assert each.low < each.mean < each.high
    assert curve(results[::-1]) == found
    # those that went on look as they do alone
    assert found[3:] == curve(results[:9])[3:]
