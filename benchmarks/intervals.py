"""How often what `actfunc compare` prints is right, on results that are drawn and not trained.

Of 95 % intervals: the share of draws in which they hold the true value, of a mean over seeds, of
one whose learning rate was chosen among eight, of a difference, and of the seeds that would be
needed. Of the test: the share in which it shows some difference where there is none.

A network's validation and test accuracy are a quality, its own, and a luck of each: they correlate
by 0.65, as measured on trained networks. Qualities are normal, skewed (an exponential fall below
the mean: skewness -2) or two-humped (half of the seeds far below).

Exit code 1 where a share is not what its row asks for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from actfunc.compare.intervals import estimate
from actfunc.compare.paired import seeds_needed, seeds_range
from actfunc.compare.rates import best_rate, reported, widening
from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.compare.statistics import summarise

SEEDS = (3, 5, 8, 10, 20, 30)
DRAWS = 4_000

CORRELATION = 0.65
"""Of the validation and the test accuracy of a seed."""

RATES = 8
ALL, LEFT_OUT = "chosen by all seeds", "chosen by all but the one"
MEAN, SPREAD = 86.0, 0.4
"""Of accuracies, in percent."""

WITHIN = (0.94, 0.965)
LEAST_OTHERWISE = 0.92
"""Of intervals on skewed and two-humped values, from ten seeds on."""

LEVEL = 0.05

Numbers = NDArray[np.float64]


def drawn(shape: str, size: tuple[int, ...], chance: np.random.Generator) -> Numbers:
    """Values of mean 0 and standard deviation 1."""
    if shape == "skewed":
        return 1 - chance.exponential(size=size)
    if shape == "two-humped":
        side = np.where(chance.random(size) < 0.5, -1.0, 1.0)
        return 0.98 * side + (1 - 0.98**2) ** 0.5 * chance.normal(size=size)
    return chance.normal(size=size)


def networks(
    shape: str, means: Sequence[float], seeds: int, chance: np.random.Generator
) -> dict[float, dict[int, Reading]]:
    """The readings of one arm, by rate and seed; means: true ones of each rate, in spreads."""
    quality = drawn(shape, (len(means), seeds), chance)
    validation, test = (
        MEAN
        + SPREAD
        * (
            np.array(means)[:, None]
            + CORRELATION**0.5 * quality
            + (1 - CORRELATION) ** 0.5 * chance.normal(size=quality.shape)
        )
        for _ in range(2)
    )
    return {
        float(rate): {
            seed: Reading(float(v), float(t), 1, 1)
            for seed, (v, t) in enumerate(zip(validation[rate], test[rate], strict=True))
        }
        for rate in range(len(means))
    }


def better(by: float, rates: int = RATES) -> list[float]:
    """True means of rates, in spreads: one is better by so much, the others are equal."""
    return [by, *[0.0] * (rates - 1)]


# One draw each: whether the interval holds what is true, or the test shows what is not there


def of_a_mean(shape: str, seeds: int, chance: np.random.Generator) -> bool:
    """One learning rate: the mean over seeds."""
    values = MEAN + SPREAD * drawn(shape, (seeds,), chance)
    found = estimate(values.tolist(), 0, 100)
    return found.low <= MEAN <= found.high


def of_a_chosen_rate(shape: str, by: float, seeds: int, chance: np.random.Generator) -> bool:
    """Eight learning rates: the mean over seeds, each at the rate that the other half chose."""
    means = better(by)
    rates = networks(shape, means, seeds, chance)
    values = reported(rates).values()
    found = estimate([one.test for one in values], 0, 100, widening(rates))
    true = np.mean([MEAN + SPREAD * means[int(one.learning_rate)] for one in values])
    return bool(found.low <= true <= found.high)


def of_another_way(way: str, seeds: int, chance: np.random.Generator) -> bool:
    """Eight equal rates, chosen in a way that was not taken: the mean over seeds."""
    rates = networks("normal", better(0.0), seeds, chance)
    everyone = range(seeds)
    if way == ALL:
        chosen = dict.fromkeys(everyone, best_rate(rates))
    else:
        chosen = {one: best_rate(rates, [s for s in everyone if s != one]) for one in everyone}
    found = estimate([rates[chosen[seed]][seed].test for seed in everyone], 0, 100)
    return found.low <= MEAN <= found.high


def of_a_difference(by: float, seeds: int, chance: np.random.Generator) -> bool:
    """Eight learning rates against one: the difference of the means."""
    means = {"relu": [0.0], "gelu": better(by)}
    summary = summarise(_results({name: ("normal", m) for name, m in means.items()}, seeds, chance))
    [difference] = summary.differences
    [gelu] = [one for one in summary.standings if one.arm.activation == "gelu"]
    true = np.mean([SPREAD * means["gelu"][int(one.learning_rate)] for one in gelu.reported])
    assert difference.points is not None
    return bool(difference.points.low <= true <= difference.points.high)


def of_the_test(shape: str, arms: int, rates: int, seeds: int, chance: np.random.Generator) -> bool:
    """Whether some difference is shown among arms of the same true means."""
    equal = {str(arm): (shape, [0.0] * rates) for arm in range(arms)}
    return any(one.shown for one in summarise(_results(equal, seeds, chance)).differences)


def of_seeds_needed(effect: float, seeds: int, chance: np.random.Generator) -> bool:
    """The seeds that would show a difference of that many of its spreads."""
    values = effect + chance.normal(size=seeds)
    found = seeds_range(float(values.mean()), float(values.std(ddof=1)), seeds)
    needed = seeds_needed(effect, 1.0)
    assert found is not None
    return found.fewest <= needed and (found.most is None or needed <= found.most)


def _results(
    arms: dict[str, tuple[str, list[float]]], seeds: int, chance: np.random.Generator
) -> Iterator[Any]:
    for name, (shape, means) in arms.items():
        for rate, readings in networks(shape, means, seeds, chance).items():
            for seed, reading in readings.items():
                member = Member(Arm(name, (1,), "sgd"), rate, seed)
                yield Result(member, reading, reading, (), 0.0)


class Row(NamedTuple):
    """One thing that is printed: what, on which values, and the share of draws by seeds."""

    what: str
    values: str
    draw: Callable[[int, np.random.Generator], bool]
    least: float
    most: float
    least_seeds: int = 0


def rows() -> list[Row]:
    """All that is simulated, with what is asked of it."""
    found = []
    for shape in ("normal", "skewed", "two-humped"):
        low, high, first = (*WITHIN, 0) if shape == "normal" else (LEAST_OTHERWISE, 1.0, 10)
        found.append(Row("a mean", shape, partial(of_a_mean, shape), low, high, first))
        for by in (0.0, 1.0, 3.0):
            values = f"{shape}, {_apart(by)}"
            draw = partial(of_a_chosen_rate, shape, by)
            found.append(Row(f"a mean, {RATES} rates", values, draw, low, high, first))
    for way in (ALL, LEFT_OUT):
        draw = partial(of_another_way, way)
        found.append(Row(f"not taken: {way}", "normal, all equal", draw, 0.0, 1.0))
    for by in (0.0, 1.0):
        values = f"normal, {_apart(by)}"
        draw = partial(of_a_difference, by)
        found.append(Row(f"a difference, {RATES} rates to 1", values, draw, *WITHIN))
    for effect in (0.5, 1.0):
        draw = partial(of_seeds_needed, effect)
        values = f"normal, true mean {effect:g} spreads"
        found.append(Row("seeds needed", values, draw, WITHIN[0], 1.0))
    for shape in ("normal", "skewed"):
        for arms, rates in ((2, 1), (5, 1), (2, RATES)):
            draw = partial(of_the_test, shape, arms, rates)
            what = f"any of {arms - 1} shown, {rates} rate{'s' * (rates > 1)}"
            found.append(Row(what, f"{shape}, all equal", draw, 0.0, LEVEL))
    return found


def _apart(by: float) -> str:
    return f"one better by {by:g} × spread" if by else "all equal"


def share(row: Row, seeds: int, draws: int, seed: int) -> float:
    """In how many of the draws it was so."""
    chance = np.random.default_rng([seed, seeds])
    return sum(row.draw(seeds, chance) for _ in range(draws)) / draws


def held(row: Row, seeds: int, found: float, draws: int) -> bool:
    """Whether a share is what is asked for, give or take two standard errors of so many draws."""
    low, high = (2 * (end * (1 - end) / draws) ** 0.5 for end in (row.least, row.most))
    return seeds < row.least_seeds or row.least - low <= found <= row.most + high


def table(found: dict[tuple[str, str], list[float]], seeds: Sequence[int]) -> Table:
    """A row of shares, in percent."""
    shown = Table(title="in percent of the draws, by seeds", title_justify="left")
    for column in ("", "values"):
        shown.add_column(column, overflow="fold")
    for number in seeds:
        shown.add_column(str(number), justify="right", no_wrap=True)
    for (what, values), shares in found.items():
        shown.add_row(what, values, *(f"{100 * each:.1f}" for each in shares))
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", help="write the results into this .json file")
    options = parser.parse_args(arguments)
    console = Console(width=100)
    every = [(row, seeds) for row in rows() for seeds in SEEDS]
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        jobs = [pool.submit(share, *each, options.draws, options.seed) for each in every]
        shares = [job.result() for job in track(jobs, console=console)]
    found: dict[tuple[str, str], list[float]] = {}
    for (row, _), each in zip(every, shares, strict=True):
        found.setdefault((row.what, row.values), []).append(each)
    console.print(table(found, SEEDS))
    off = [
        f"{row.what}, {row.values}, {seeds} seeds: {100 * each:.1f} %"
        for (row, seeds), each in zip(every, shares, strict=True)
        if not held(row, seeds, each, options.draws)
    ]
    document = {
        "title": "intervals",
        "draws": options.draws,
        "seed": options.seed,
        "seeds": list(SEEDS),
        "rows": [
            {"what": what, "values": values, "shares": each}
            for (what, values), each in found.items()
        ],
        "off": off,
    }
    import torch
    from contest import write

    console.print(f"results: {write(document, torch.device('cpu'), options.out)}")
    for line in off:
        console.print(f"not as asked: {line}")
    sys.exit(1 if off else 0)


if __name__ == "__main__":
    main()
