"""A comparison in tables: how the arms stand, and which differences to the baseline are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import NamedTuple, TypeAlias, get_args

from rich import box
from rich.text import Text

from actfunc.compare.escapes import Escapes
from actfunc.compare.records import Arm
from actfunc.compare.standings import Difference, Edge, Estimate, Rule, Standing, Summary
from actfunc.show import style
from actfunc.show.terminal import Table

Columns: TypeAlias = dict[str, list[str]]
"""A table's columns by their header, a text a row."""

RULES: Mapping[Rule, str] = {
    "stopped": "with early stopping",
    "last": "at the best of all epochs",
}
"""What a rule of reading says of an accuracy, in words."""

UNKNOWN = "–"


class Verdict(NamedTuple):
    """What a difference says, in words; `held` is True for better, False for worse."""

    word: str
    held: bool | None


def standings_table(summary: Summary) -> Table:
    """One line an arm, best test accuracy first."""
    arms = [standing.arm for standing in summary.standings]
    seeds = sorted({standing.test.seeds for standing in summary.standings})
    over = f"over {seeds[0]} seed{'s' * (seeds[0] > 1)}, " if len(seeds) == 1 else ""
    title = f"accuracy {RULES[summary.rule]}, {over}best first"
    table = _table(title, _texts(arms, arms), standings_columns(summary.standings))
    if remark := edge_remark(summary):
        table.caption = f"{remark}\n"
    return table


def edge_remark(summary: Summary) -> str:
    """Who does best at the smallest or the largest rate tried; empty where nobody does."""
    parts = []
    for edge in get_args(Edge):
        arms = [standing.arm for standing in summary.standings if standing.edge == edge]
        if arms:
            names = arm_names([standing.arm for standing in summary.standings])
            whom = ", ".join(sorted(names[arm] for arm in arms))
            parts.append(f"best at the {edge} learning rate tried, and perhaps beyond it: {whom}")
    return "; ".join(parts)


def differences_table(summary: Summary) -> Table | None:
    """One line an arm but the baseline, best first; None where there is no baseline."""
    if summary.baseline is None:
        return None
    every = [standing.arm for standing in summary.standings]
    names = _texts([difference.arm for difference in summary.differences], every)
    title = f"test accuracy less that of {arm_names(every)[summary.baseline]}, over the same seeds"
    verdicts = [_coloured(verdict(difference)) for difference in summary.differences]
    return _table(title, names, differences_columns(summary.differences), verdicts)


def escapes_table(found: Sequence[Escapes], summary: Summary) -> Table:
    """One line an arm and learning rate of which some seed stays at chance: how many leave it.

    An arm's name is the one that it has among all of the summary.
    """
    every = [standing.arm for standing in summary.standings]
    names = _texts([one.arm for one in found], every)
    return _table("seeds that leave chance", names, escapes_columns(found))


def escapes_columns(found: Sequence[Escapes]) -> Columns:
    """What `escapes_table` says, line by line."""
    columns: Columns = {}
    if len({one.learning_rate for one in found}) > 1:
        columns["learning rate"] = [f"{one.learning_rate:g}" for one in found]
    return columns | {
        "with early stopping": [f"{one.stopped}/{one.seeds}" for one in found],
        "without": [f"{one.last}/{one.seeds}" for one in found],
        "at epoch": [epochs_left(one) for one in found],
        "stopped after": [_least_to_most(one.ended) for one in found],
    }


def epochs_left(one: Escapes) -> str:
    """When its seeds leave chance: the first, half of them, the last; where none does, a dash."""
    return (
        f"{_least_to_most(one.epochs)}, median {median_low(one.epochs)}" if one.epochs else UNKNOWN
    )


def _least_to_most(epochs: Sequence[int]) -> str:
    least, most = min(epochs), max(epochs)
    return str(least) if least == most else f"{least} to {most}"


def arm_names(arms: Sequence[Arm]) -> dict[Arm, str]:
    """The short name of each arm's activation, with what it takes to tell it from the others."""
    names = style.labels(arm.activation for arm in arms)
    return {arm: " ".join([names[arm.activation], *_details(arm, arms)]) for arm in arms}


def standings_columns(standings: Sequence[Standing]) -> Columns:
    """All that is told of a standing but its arm; what is the same for all is left out."""
    columns: Columns = {}
    if any(len(standing.rates) > 1 for standing in standings):
        columns["learning rate"] = [f"{standing.learning_rate:g}" for standing in standings]
    columns |= {
        "test %": [f"{standing.test.mean:.2f}" for standing in standings],
        "95 % interval": [interval(standing.test) for standing in standings],
        "spread": [spread(standing.test) for standing in standings],
        "val. %": [f"{standing.validation.mean:.2f}" for standing in standings],
    }
    if any(standing.left_chance < standing.test.seeds for standing in standings):
        columns["left chance"] = [f"{s.left_chance}/{s.test.seeds}" for s in standings]
    elif len({standing.test.seeds for standing in standings}) > 1:
        columns["seeds"] = [str(standing.test.seeds) for standing in standings]
    return columns


def differences_columns(differences: Sequence[Difference]) -> Columns:
    """All that is told of a difference but its arm and its verdict."""
    return {
        "points": [f"{difference.points.mean:+.2f}" for difference in differences],
        "95 % interval": [interval(difference.points, "+") for difference in differences],
        "p (Holm)": [probability(difference) for difference in differences],
    }


def verdict(difference: Difference) -> Verdict:
    """Better, worse, or not shown and how many seeds it would take."""
    if difference.shown:
        better = difference.points.mean > 0
        return Verdict("better" if better else "worse", better)
    needed = difference.seeds_needed
    # one test may need fewer seeds than it had and still fail Holm's correction for many
    if needed is None or needed <= difference.points.seeds:
        return Verdict("not shown", None)
    return Verdict(f"not shown; {needed:,} seeds would be needed", None)


def interval(estimate: Estimate, sign: str = "") -> str:
    """`87.90 to 88.30`; with the sign "+" both ends carry theirs. Unknown from one seed."""
    if estimate.seeds < 2:
        return UNKNOWN
    return f"{estimate.low:{sign}.2f} to {estimate.high:{sign}.2f}"


def spread(estimate: Estimate) -> str:
    """The standard deviation over seeds; unknown from one."""
    return UNKNOWN if estimate.seeds < 2 else f"{estimate.spread:.2f}"


def probability(difference: Difference) -> str:
    """The corrected p; unknown from one seed."""
    if difference.points.seeds < 2:
        return UNKNOWN
    return "<0.001" if difference.corrected < 0.001 else f"{difference.corrected:.3f}"


def _details(arm: Arm, among: Sequence[Arm]) -> list[str]:
    layers = {other.hidden for other in among}
    optimizers = {other.optimizer for other in among}
    inits = {other.init for other in among}
    hidden = [",".join(map(str, arm.hidden))] if len(layers) > 1 else []
    optimizer = [arm.optimizer] if len(optimizers) > 1 else []
    return hidden + optimizer + ([arm.init] if len(inits) > 1 else [])


def _texts(arms: Sequence[Arm], among: Sequence[Arm]) -> list[Text]:
    """Arms in colour, with their parameters, for a column that may break its lines."""
    names, texts = arm_names(among), []
    for arm in arms:
        in_full = names[arm].startswith(arm.activation)
        colour = f"bold {style.colour(arm.activation)}"
        text = Text(arm.activation, colour) if in_full else style.named(arm.activation)
        texts.append(text)
        for detail in _details(arm, among):
            text.append(f" {detail}", style="not bold dim")
    return texts


def _table(
    title: str, names: Sequence[Text], columns: Columns, verdicts: Sequence[Text] = ()
) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
        title=title,
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("activation", overflow="fold")
    for header, texts in columns.items():
        # only names and verdicts give way where the terminal is narrow, a number is never broken
        fits = len(header) <= max(map(len, texts)) + 2
        header = header if fits else header.replace(" ", "\n")
        table.add_column(header, justify="right", no_wrap=True)
    if verdicts:
        table.add_column("", overflow="fold")
    rows = zip(*columns.values(), strict=True)
    for index, (name, row) in enumerate(zip(names, rows, strict=True)):
        table.add_row(name, *row, *verdicts[index : index + 1])
    return table


def _coloured(found: Verdict) -> Text:
    colours = {True: f"bold {style.HELD}", False: f"bold {style.NOT_HELD}", None: ""}
    return Text(found.word, style=colours[found.held])
