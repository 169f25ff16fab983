"""From the results of a comparison to what they say: how each arm stands, at learning rates chosen
apart from what is reported, what differs from the baseline, who left chance, and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple, TypeAlias, get_args

import numpy as np

from actfunc.compare import rates as learning_rates
from actfunc.compare.intervals import DIGITS, band, estimate
from actfunc.compare.paired import SIGNIFICANCE, holm, seeds_range, sign_flips
from actfunc.compare.records import Arm, Reading, Result
from actfunc.compare.standings import (
    Estimate,
    PairedDifference,
    Rate,
    Reported,
    Rule,
    Standing,
    Summary,
)
from actfunc.data import CLASSES
from actfunc.errors import UsageError
from actfunc.training.evaluate import left_chance

Results: TypeAlias = Mapping[float, Mapping[int, Result]]
"""The results of one arm, by learning rate and seed."""


class Band(NamedTuple):
    """One epoch of a learning curve: mean validation accuracy, in percent, over the members that
    trained it, and the ends of the 95 % interval of that mean."""

    epoch: int
    mean: float
    low: float
    high: float
    members: int


def summarise(
    results: Sequence[Result],
    *,
    rule: Rule = "stopped",
    baseline: Arm | None = None,
    classes: int = len(CLASSES),
) -> Summary:
    """How each arm stands, at learning rates chosen apart from what is reported, and its
    differences to the baseline.

    rule:      which reading counts, with early stopping or the best of all epochs.
    baseline:  an arm among the results; the first of them if None.
    classes:   how many the networks tell apart, which says what chance is.

    Each half of an arm's seeds is reported at the rate that the other half chose (see `rates`); a
    difference is over the seeds that the arm and the baseline both have. Where they share none,
    there is no difference. Networks that diverged are counted and in no mean, and no difference is
    tested where some did. Of two results of one member the later counts. The order of the results
    decides nothing else, but for the default baseline and the order of equals.

    Raises UsageError if there are no results or none of the baseline, or one whose accuracy is no
    percentage.
    """
    arms = _by_arm(results, rule)
    if not arms:
        raise UsageError("no results to summarise", "train at least one member first")
    if baseline is not None and baseline not in arms:
        raise UsageError(f"baseline must be an arm that has results, got {baseline}")
    bound = 100 * left_chance(classes)
    standings = [_standing(arm, found, rule, bound) for arm, found in arms.items()]
    standings.sort(key=lambda one: -one.test.mean if one.test is not None else 0.0)
    if len(arms) == 1:
        return Summary(rule, None, tuple(standings), ())
    baseline = baseline or next(iter(arms))
    wider = {arm: learning_rates.widening(_readings(found, rule)) for arm, found in arms.items()}
    return Summary(rule, baseline, tuple(standings), _differences(standings, baseline, wider))


def _standing(arm: Arm, found: Results, rule: Rule, bound: float) -> Standing:
    """bound: the accuracy, in percent, above which a network has left chance."""
    rates = _readings(found, rule)
    reported = tuple(learning_rates.reported(rates).values())
    finished = [one for one in reported if one.diverged is None]
    return Standing(
        arm=arm,
        best_rate=learning_rates.best_rate(rates),
        rates=tuple(_rate(rate, found[rate], rule, bound) for rate in sorted(found)),
        runner_up=learning_rates.runner_up(rates),
        reported=reported,
        validation=_mean(
            [one.validation for one in finished],
            learning_rates.widening(rates, validation=True),
        ),
        test=_mean([one.test for one in finished], learning_rates.widening(rates)),
        left_chance=sum(one.validation > bound for one in finished),
    )


def _rate(rate: float, members: Mapping[int, Result], rule: Rule, bound: float) -> Rate:
    results = [members[seed] for seed in sorted(members)]
    readings = [_reading(result, rule) for result in results]
    finished = [one for one in readings if one.diverged is None]
    return Rate(
        learning_rate=rate,
        seeds=len(readings),
        validation=_mean([one.validation for one in finished]),
        test=_mean([one.test for one in finished]),
        left_chance=sum(one.validation > bound for one in finished),
        diverged=len(readings) - len(finished),
        epochs=round(fmean(one.epochs for one in readings), DIGITS),
        seconds=round(fmean(_seconds(one, _reading(one, rule).epochs) for one in results), 3),
    )


def _seconds(result: Result, epochs: int) -> float:
    """What training took up to that epoch; of all of it, where no epochs are kept."""
    if epochs >= len(result.history):
        return result.seconds
    return sum(epoch.seconds for epoch in result.history[:epochs])


def _mean(percents: Sequence[float], widening: float = 1.0) -> Estimate | None:
    return estimate(percents, 0, 100, widening) if percents else None


def _differences(
    standings: Sequence[Standing], baseline: Arm, wider: Mapping[Arm, float]
) -> tuple[PairedDifference, ...]:
    """Of every arm but the baseline, in the order given; wider: see `rates.widening`."""
    [against] = (one for one in standings if one.arm == baseline)
    theirs = {one.seed: one for one in against.reported}
    pairs: dict[Arm, list[tuple[Reported, Reported]]] = {}
    for standing in standings:
        common = [(one, theirs[one.seed]) for one in standing.reported if one.seed in theirs]
        if standing.arm != baseline and common:
            pairs[standing.arm] = common
    widening = {arm: max(wider[arm], wider[baseline]) for arm in pairs}
    points, ps = {}, {}
    for arm, common in pairs.items():
        finished = [(a, b) for a, b in common if a.diverged is None and b.diverged is None]
        points[arm] = [one.test - other.test for one, other in finished]
        if len(finished) == len(common):
            ps[arm] = sign_flips(points[arm], widening[arm])
    # those not tested are corrected for all the same: that they diverged was seen afterwards
    corrected = dict(zip(pairs, holm([ps.get(arm, 1.0) for arm in pairs]), strict=True))
    differences = []
    for arm, each in points.items():
        found = estimate(each, -100, 100, widening[arm]) if each else None
        needed = None
        if found is not None and arm in ps:
            needed = seeds_range(found.mean, found.spread, found.seeds, len(pairs))
        differences.append(
            PairedDifference(
                arm=arm,
                points=found,
                diverged=len(pairs[arm]) - len(each),
                p=ps.get(arm),
                corrected=corrected[arm] if arm in ps else None,
                shown=arm in ps and corrected[arm] < SIGNIFICANCE,
                seeds_needed=needed,
            )
        )
    return tuple(differences)


def epoch_left_chance(
    result: Result, *, rule: Rule = "last", classes: int = len(CLASSES)
) -> int | None:
    """The epoch from which on, up to the best one, the validation accuracy is above chance.

    An epoch above by accident, after which the network fell back, is passed over; what happens
    after the best epoch, whose parameters are kept, is not looked at. None if the best epoch is
    at chance, or the network diverged.
    """
    reading, left = _reading(result, rule), None
    if reading.diverged is not None:
        return None
    for epoch in reversed(result.history[: reading.best_epoch]):
        if epoch.validation_accuracy <= left_chance(classes):
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


def _by_arm(results: Sequence[Result], rule: Rule) -> dict[Arm, dict[float, dict[int, Result]]]:
    """The results by arm, learning rate and seed; arms as they first appear."""
    found: dict[Arm, dict[float, dict[int, Result]]] = {}
    for result in results:
        arm, rate, seed = result.member
        reading = _reading(result, rule)
        for name, value in (("validation", reading.validation), ("test", reading.test)):
            if not (math.isfinite(value) and 0 <= value <= 100):
                raise UsageError(
                    f"the {name} accuracy of {result.member.key} must be a percentage, got {value}",
                    "of a network that diverged, `Reading.diverged` says so",
                )
        found.setdefault(arm, {}).setdefault(rate, {})[seed] = result
    return found


def _readings(found: Results, rule: Rule) -> dict[float, dict[int, Reading]]:
    return {
        rate: {seed: _reading(result, rule) for seed, result in members.items()}
        for rate, members in found.items()
    }


def _reading(result: Result, rule: Rule) -> Reading:
    if rule not in get_args(Rule):
        raise UsageError(f"rule must be {' or '.join(get_args(Rule))}, got {rule!r}")
    return result.stopped if rule == "stopped" else result.last
