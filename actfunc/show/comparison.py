"""A comparison in tables: how the arms stand, at which learning rates, and which differences to the
baseline are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median_low
from typing import TypeAlias

from rich import box
from rich.text import Text

from actfunc.compare.escapes import Escapes
from actfunc.compare.records import Arm
from actfunc.compare.standings import Estimate, PairedDifference, Rate, Rule, Standing, Summary
from actfunc.show.comparison_names import arm_names, arm_texts
from actfunc.show.comparison_notes import differences_notes, standings_notes
from actfunc.show.style import Verdict
from actfunc.show.terminal import FoldingTable

Columns: TypeAlias = dict[str, list[str]]
"""A table's columns by their header, a text a row."""

RULES: Mapping[Rule, str] = {
    "stopped": "with early stopping",
    "last": "at the best of all epochs",
}
"""What a rule of reading says of an accuracy, in words."""

UNKNOWN = "–"

RATE, EPOCHS_LEFT = "learning rate", "at epoch"
"""The headers of columns that may break their lines: more than one figure may stand there."""


def standings_table(summary: Summary, images: int) -> FoldingTable:
    """One line an arm, best test accuracy first; images: how many there are to test on."""
    arms = [standing.arm for standing in summary.standings]
    seeds = sorted({standing.seeds for standing in summary.standings})
    over = f"over {seeds[0]} seed{'s' * (seeds[0] > 1)}, " if len(seeds) == 1 else ""
    title = f"accuracy {RULES[summary.rule]}, {over}best first"
    columns = standings_columns(summary.standings)
    return _table(title, arm_texts(arms, arms), columns, notes=standings_notes(summary, images))


def rates_table(summary: Summary) -> FoldingTable | None:
    """One line an arm and learning rate; None where the standings tell all of it."""
    if "seconds" in standings_columns(summary.standings):
        return None
    rows = list(tried(summary))
    every = [standing.arm for standing in summary.standings]
    title = f"learning rates, validation accuracy {RULES[summary.rule]} of all seeds"
    return _table(title, arm_texts([arm for arm, _ in rows], every), rates_columns(summary))


def differences_table(summary: Summary) -> FoldingTable | None:
    """One line an arm but the baseline, best first; None where there is no baseline."""
    if summary.baseline is None:
        return None
    every = [standing.arm for standing in summary.standings]
    names = arm_texts([difference.arm for difference in summary.differences], every)
    title = (
        f"test accuracy {RULES[summary.rule]} less that of {arm_names(every)[summary.baseline]},"
        " over the same seeds"
    )
    columns = differences_columns(summary.differences)
    verdicts = [verdict(difference).coloured() for difference in summary.differences]
    return _table(title, names, columns, verdicts, differences_notes(summary))


def escapes_table(found: Sequence[Escapes], summary: Summary) -> FoldingTable:
    """One line an arm and learning rate: how many seeds leave chance.

    An arm's name is the one that it has among all of the summary.
    """
    every = [standing.arm for standing in summary.standings]
    names = arm_texts([one.arm for one in found], every)
    return _table("seeds that leave chance", names, escapes_columns(found))


def tried(summary: Summary) -> Iterator[tuple[Arm, Rate]]:
    """Every arm with each of its learning rates, in the order of the standings."""
    for standing in summary.standings:
        for rate in standing.rates:
            yield standing.arm, rate


def standings_columns(standings: Sequence[Standing]) -> Columns:
    """All that is told of a standing but its arm; what is the same for all is left out, and what
    the table of the rates tells where there are several."""
    columns: Columns = {}
    several = any(len(standing.rates) > 1 for standing in standings)
    if several:
        columns[RATE] = [", ".join(f"{rate:g}" for rate in one.chosen) for one in standings]
    columns |= {
        "test %": [mean(standing.test) for standing in standings],
        "95 % interval": [interval(standing.test) for standing in standings],
        "spread": [spread(standing.test) for standing in standings],
    }
    if not several:
        columns["val. %"] = [mean(standing.validation) for standing in standings]
    before = len(columns)
    if any(standing.left_chance + standing.diverged < standing.seeds for standing in standings):
        columns["left chance"] = [f"{s.left_chance}/{s.seeds}" for s in standings]
    elif len({standing.seeds for standing in standings}) > 1:
        columns["seeds"] = [str(standing.seeds) for standing in standings]
    if any(standing.diverged for standing in standings):
        columns["diverged"] = [f"{s.diverged}/{s.seeds}" for s in standings]
    if not several and len(columns) == before:  # a terminal has room for no more
        columns |= _cost([standing.rates[0] for standing in standings])
    return columns


def rates_columns(summary: Summary) -> Columns:
    """What `rates_table` says but the arms: every rate's mean, and how far behind it is."""
    behind, rates = [], [rate for _, rate in tried(summary)]
    for standing in summary.standings:
        [best] = (r for r in standing.rates if r.learning_rate == standing.best_rate)
        for rate in standing.rates:
            told = UNKNOWN
            if best.validation is not None and rate.validation is not None:
                told = f"{best.validation.mean - rate.validation.mean:.2f}"
            behind.append("best" if rate is best else told)
    columns = {
        RATE: [f"{rate.learning_rate:g}" for rate in rates],
        "val. %": [mean(rate.validation) for rate in rates],
        "behind": behind,
    }
    columns |= _cost(rates)
    if len({rate.seeds for rate in rates}) > 1:
        columns["seeds"] = [str(rate.seeds) for rate in rates]
    if any(rate.diverged for rate in rates):
        columns["diverged"] = [f"{rate.diverged}/{rate.seeds}" for rate in rates]
    return columns


def differences_columns(differences: Sequence[PairedDifference]) -> Columns:
    """All that is told of a difference but its arm and its verdict."""
    return {
        "points": [mean(difference.points, "+") for difference in differences],
        "95 % interval": [interval(difference.points, "+") for difference in differences],
        "p (Holm)": [probability(difference) for difference in differences],
    }


def escapes_columns(found: Sequence[Escapes]) -> Columns:
    """What `escapes_table` says, line by line."""
    columns: Columns = {}
    if len({one.learning_rate for one in found}) > 1:
        columns[RATE] = [f"{one.learning_rate:g}" for one in found]
    columns |= {
        "with early stopping": [f"{one.stopped}/{one.seeds}" for one in found],
        "without": [f"{one.last}/{one.seeds}" for one in found],
    }
    if any(one.diverged for one in found):
        columns["diverged"] = [f"{one.diverged}/{one.seeds}" for one in found]
    return columns | {
        EPOCHS_LEFT: [epochs_left(one) for one in found],
        "stopped after": [_least_to_most(one.ended) for one in found],
    }


def epochs_left(one: Escapes) -> str:
    """When its seeds leave chance: the first, half of them, the last; where none does, a dash."""
    return (
        f"{_least_to_most(one.epochs)}, median {median_low(one.epochs)}" if one.epochs else UNKNOWN
    )


def verdict(difference: PairedDifference) -> Verdict:
    """Better, which holds, or worse; else not shown, and how many seeds it would take."""
    if difference.diverged:
        return Verdict(f"not tested; {difference.diverged} diverged", None)
    if difference.shown and difference.points is not None:
        better = difference.points.mean > 0
        return Verdict("better" if better else "worse", better)
    needed, seeds = difference.seeds_needed, difference.points.seeds if difference.points else 0
    if needed is None:
        return Verdict("not shown", None)
    if needed.most is None:
        # that it takes more than were there is no news, and less than were there is no help
        told = f"; more than {needed.fewest - 1:,} seeds needed" if needed.fewest > seeds else ""
        return Verdict(f"not shown{told}", None)
    ends = dict.fromkeys(f"{end:,}" for end in needed)
    return Verdict(f"not shown; {' to '.join(ends)} seeds needed", None)


def mean(estimate: Estimate | None, sign: str = "") -> str:
    """`88.12`; unknown where all diverged."""
    return UNKNOWN if estimate is None else f"{estimate.mean:{sign}.2f}"


def interval(estimate: Estimate | None, sign: str = "") -> str:
    """`87.90 to 88.30`; with the sign "+" both ends carry theirs. Unknown from one seed."""
    if estimate is None or estimate.seeds < 2:
        return UNKNOWN
    return f"{estimate.low:{sign}.2f} to {estimate.high:{sign}.2f}"


def spread(estimate: Estimate | None) -> str:
    """The standard deviation over seeds; unknown from one."""
    return UNKNOWN if estimate is None or estimate.seeds < 2 else f"{estimate.spread:.2f}"


def probability(difference: PairedDifference) -> str:
    """The corrected p; unknown from one seed, and where it was not tested."""
    p, points = difference.corrected, difference.points
    if p is None or points is None or points.seeds < 2:
        return UNKNOWN
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _cost(rates: Sequence[Rate]) -> Columns:
    """Of a member, on average."""
    return {
        "epochs": [f"{rate.epochs:.3g}" for rate in rates],
        "seconds": [f"{rate.seconds:,.1f}" for rate in rates],
    }


def _least_to_most(epochs: Sequence[int]) -> str:
    least, most = min(epochs), max(epochs)
    return str(least) if least == most else f"{least} to {most}"


def _table(
    title: str,
    names: Sequence[Text],
    columns: Columns,
    verdicts: Sequence[Text] = (),
    notes: Sequence[str] = (),
) -> FoldingTable:
    table = FoldingTable(
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
        title=title,
        title_justify="left",
        caption="\n".join([*notes, ""]) if notes else None,
        caption_justify="left",
    )
    table.add_column("activation", overflow="fold")
    for header, texts in columns.items():
        # only between words may lines break where the terminal is narrow, never within a number
        several = header in (RATE, EPOCHS_LEFT)
        fits = len(header) <= max(map(len, texts), default=0) + 2
        header = header if fits else header.replace(" ", "\n")
        least = max((len(word) for text in texts for word in text.split()), default=0)
        table.add_column(
            header, justify="right", no_wrap=not several, min_width=least if several else None
        )
    if verdicts:
        table.add_column("", overflow="fold")
    rows = zip(*columns.values(), strict=True)
    for index, (name, row) in enumerate(zip(names, rows, strict=True)):
        table.add_row(name, *row, *verdicts[index : index + 1])
    return table
