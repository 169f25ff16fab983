"""What has to be known to read a comparison's tables, in sentences that are made from its results:
what the intervals are of, how rates were chosen, what so few seeds cannot show, what diverged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from actfunc.compare.paired import fewest_seeds
from actfunc.compare.records import Arm
from actfunc.compare.standings import Edge, Standing, Summary
from actfunc.show.comparison_names import arm_names


def standings_notes(summary: Summary, images: int) -> list[str]:
    """What belongs below the standings; images: how many there are to test on."""
    every = summary.standings
    return [*filter(None, (_interval(every, images), *_rates(every), _diverged(every)))]


def differences_notes(summary: Summary) -> list[str]:
    """What belongs below the differences."""
    notes = []
    if any(one.diverged for one in summary.differences):
        notes.append(
            "Where networks diverged nothing is tested: those that did not are the lucky ones."
        )
    if few := too_few(summary):
        notes.append(few)
    return notes


def too_few(summary: Summary) -> str:
    """That the seeds are too few to show anything; empty where they are not."""
    number = len(summary.differences)
    seeds = max((one.points.seeds for one in summary.differences if one.points), default=0)
    if not seeds or seeds >= (fewest := fewest_seeds(number)):
        return ""
    least = f"{min(1.0, 2.0 ** (1 - seeds)):.3g}"
    of = f"{seeds} seed{'s' * (seeds > 1)}"
    times = f", times {number} for so many comparisons" if number > 1 else ""
    return (
        f"{of} can never show a difference, however large: the least p of a sign-flip test is"
        f" 2/2^{seeds} = {least}{times}. {fewest} seeds are the fewest that can."
    )


def _interval(standings: Sequence[Standing], images: int) -> str:
    best = next(
        (one.test for one in standings if one.test is not None and one.test.seeds > 1), None
    )
    if best is None:
        return ""
    share = best.mean / 100
    error = 100 * (share * (1 - share) / images) ** 0.5
    return (
        "The intervals say what other seeds would change, on this split and these test images."
        f" With another {images:,} test images {best.mean:.2f} % would move by ±{error:.2f} more"
        " (one standard error)."
    )


def _rates(standings: Sequence[Standing]) -> list[str]:
    several = [one for one in standings if one.runner_up is not None]
    if not several:
        return []
    names = arm_names([one.arm for one in standings])
    notes = [
        "Each half of the seeds is reported at the learning rate that the other half chose, by"
        " validation accuracy."
    ]
    if divided := [one for one in several if len(one.chosen) > 1]:
        notes.append(f"The halves chose differently: {_listed(divided, names)}.")
    if unsure := [one for one in several if one.runner_up and not one.runner_up.told_apart]:
        whom = _listed(unsure, names)
        notes.append(f"The best rate is not clearly better than the others: {whom}.")
    for edge in get_args(Edge):
        if outermost := [one for one in several if one.edge == edge]:
            whom = _listed(outermost, names)
            notes.append(f"Best at the {edge} learning rate tried, and perhaps beyond it: {whom}.")
    return notes


def _listed(standings: Iterable[Standing], names: dict[Arm, str]) -> str:
    return ", ".join(sorted(names[one.arm] for one in standings))


def _diverged(standings: Sequence[Standing]) -> str:
    names = arm_names([one.arm for one in standings])
    lost = [one for one in standings if one.diverged]
    told = ", ".join(f"{names[one.arm]} {one.diverged} of {one.seeds}" for one in lost)
    return f"Diverged, and in no mean: {told}." if lost else ""
