"""From the results of a comparison to what they say: the best learning rate of each arm, how it
stands, what differs from the baseline, who left chance, and learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple, TypeAlias, get_args

import numpy as np

from actfunc.compare.intervals import DIGITS, band, estimate
from actfunc.compare.paired import SIGNIFICANCE, holm, seeds_needed, sign_flips
from actfunc.compare.records import Arm, Reading, Result
from actfunc.compare.standings import Difference, Rule, Standing, Summary
from actfunc.errors import UsageError
from actfunc.training.evaluate import LEFT_CHANCE

Seeds: TypeAlias = Mapping[int, Reading]
"""The readings of one arm at one learning rate, by seed."""


class Band(NamedTuple):
    """One epoch of a learning curve: mean validation accuracy, in percent, over the members that
    trained it, and the ends of the 95 % interval of that mean."""

    epoch: int
    mean: float
    low: float
    high: float
    members: int


def summarise(
    results: Sequence[Result], *, rule: Rule = "stopped", baseline: Arm | None = None
) -> Summary:
    """How each arm stands at its best learning rate, and its differences to the baseline.

    rule:      which reading counts, with early stopping or the best of all epochs.
    baseline:  an arm among the results; the first of them if None.

    A standing is over all seeds of its rate, a difference over the seeds that the arm and the
    baseline both have, each at its own best rate; where they share none, there is no difference.
    Of two results of one member the later counts. The order of the results decides nothing else,
    but for the default baseline and the order of equals. Raises UsageError if there are no results
    or none of the baseline.
    """
    readings = _by_arm(results, rule)
    if not readings:
        raise UsageError("no results to summarise", "train at least one member first")
    if baseline is not None and baseline not in readings:
        raise UsageError(f"baseline must be an arm that has results, got {baseline}")
    best = {arm: best_rate(rates) for arm, rates in readings.items()}
    chosen = {arm: readings[arm][rate] for arm, rate in best.items()}
    standings = [
        Standing(
            arm=arm,
            learning_rate=best[arm],
            rates=tuple(sorted(readings[arm])),
            validation=estimate([seeds[seed].validation for seed in sorted(seeds)], 0, 100),
            test=estimate([seeds[seed].test for seed in sorted(seeds)], 0, 100),
            left_chance=sum(reading.validation > 100 * LEFT_CHANCE for reading in seeds.values()),
        )
        for arm, seeds in chosen.items()
    ]
    standings.sort(key=lambda standing: -standing.test.mean)
    if len(chosen) == 1:
        return Summary(rule, None, tuple(standings), ())
    baseline = baseline or next(iter(chosen))
    ordered = {standing.arm: chosen[standing.arm] for standing in standings}
    return Summary(rule, baseline, tuple(standings), _differences(ordered, baseline))


def best_rate(rates: Mapping[float, Seeds]) -> float:
    """The learning rate with the highest mean validation accuracy; the smallest of equals.

    The means are over the seeds that every rate has, so that a rate cannot win by a lucky seed
    that another lacks; only where no seed has them all, over whatever seeds each rate has.
    """
    shared = set.intersection(*(set(seeds) for seeds in rates.values()))

    def score(rate: float) -> float:
        return fmean(rates[rate][seed].validation for seed in shared or rates[rate])

    return max(sorted(rates), key=score)


def epoch_left_chance(result: Result, *, rule: Rule = "last") -> int | None:
    """The epoch from which on, up to the best one, the validation accuracy is above `LEFT_CHANCE`.

    An epoch above by accident, after which the network fell back, is passed over; what happens
    after the best epoch, whose parameters are kept, is not looked at. None if the best epoch is
    at chance.
    """
    to_best = result.history[: _reading(result, rule).best_epoch]
    left = None
    for epoch in reversed(to_best):
        if epoch.validation_accuracy <= LEFT_CHANCE:
            break
        left = epoch.epoch
    return left


def curve(results: Sequence[Result]) -> tuple[Band, ...]:
    """The learning curve of one arm at one learning rate, epoch by epoch.

    Where members were trained for different numbers of epochs, an epoch's figures are of those
    that reached it. Raises UsageError if there are no results or they are of several arms or rates.
    """
    kinds = {(result.member.arm, result.member.learning_rate) for result in results}
    if len(kinds) != 1:
        raise UsageError(
            f"a curve must be of one arm at one learning rate, got results of {len(kinds)}"
        )
    by_seed = sorted(results, key=lambda result: result.member.seed)
    histories = [[100 * epoch.validation_accuracy for epoch in one.history] for one in by_seed]
    bands: list[Band] = []
    for end in sorted({len(history) for history in histories}):
        # up to the next length at which some member ends, all epochs have the same members
        begin = len(bands)
        there = np.array([history[begin:end] for history in histories if len(history) >= end])
        mean, (low, high) = there.mean(0).round(DIGITS), band(there, 0, 100)
        bands += [
            Band(begin + i + 1, float(mean[i]), float(low[i]), float(high[i]), len(there))
            for i in range(end - begin)
        ]
    return tuple(bands)


def _differences(chosen: Mapping[Arm, Seeds], baseline: Arm) -> tuple[Difference, ...]:
    """Of every arm but the baseline, in the order given; each arm's readings at its best rate."""
    points: dict[Arm, list[float]] = {}
    against = chosen[baseline]
    for arm, seeds in chosen.items():
        common = sorted(seeds.keys() & against.keys())
        if arm != baseline and common:
            points[arm] = [seeds[seed].test - against[seed].test for seed in common]
    ps = [sign_flips(each) for each in points.values()]
    differences = []
    for (arm, each), p, corrected in zip(points.items(), ps, holm(ps), strict=True):
        found = estimate(each, -100, 100)
        known = len(each) > 1 and found.mean != 0
        differences.append(
            Difference(
                arm=arm,
                points=found,
                p=p,
                corrected=corrected,
                shown=corrected < SIGNIFICANCE,
                seeds_needed=seeds_needed(found.mean, found.spread, len(ps)) if known else None,
            )
        )
    return tuple(differences)


def _by_arm(results: Sequence[Result], rule: Rule) -> dict[Arm, dict[float, dict[int, Reading]]]:
    """The readings that count, by arm, learning rate and seed; arms as they first appear."""
    found: dict[Arm, dict[float, dict[int, Reading]]] = {}
    for result in results:
        arm, rate, seed = result.member
        found.setdefault(arm, {}).setdefault(rate, {})[seed] = _reading(result, rule)
    return found


def _reading(result: Result, rule: Rule) -> Reading:
    if rule not in get_args(Rule):
        raise UsageError(f"rule must be {' or '.join(get_args(Rule))}, got {rule!r}")
    return result.stopped if rule == "stopped" else result.last
