"""A comparison as a part of a page: what was asked, what is to be seen, and the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from actfunc.compare.records import Arm
from actfunc.compare.standings import PairedDifference, Summary
from actfunc.show import style
from actfunc.show.comparison import (
    RULES,
    differences_columns,
    interval,
    mean,
    probability,
    standings_columns,
    verdict,
)
from actfunc.show.comparison_names import arm_names
from actfunc.show.comparison_notes import differences_notes, standings_notes
from actfunc.show.page import Cell, Drawn, Table, Told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTIONS: Mapping[str, str] = {
    "intervals": "Test accuracy: mean over seeds with its 95 % interval; faint dots are seeds.",
    "bands": (
        "Validation accuracy by epoch at the learning rate that all seeds choose: mean over seeds"
        " with the 95 % interval of the mean."
    ),
    "escape": (
        "Validation accuracy by epoch, a line a seed. A mark is where early stopping would end it;"
        " what training on gives is drawn fainter."
    ),
}
"""The figures that it may have, by name, in the order in which they are shown."""

HEADING = "## Comparison\n\n*Which trains best, and which differences do the seeds show?*"
"""What stands above it, in Markdown."""


def comparison_section(
    summary: Summary,
    figures: Mapping[str, Figure],
    command: str,
    images: int,
) -> Told:
    """What a comparison shows; `figures` go by the names of CAPTIONS, any of them.

    images: how many there are to test on.
    """
    notes = [*standings_notes(summary, images), *differences_notes(summary)]
    found = [_standings(summary), _differences(summary), _stuck(summary), *notes]
    return Told(
        [_how(summary), *filter(None, found)],
        [Drawn(n, figures[n], caption) for n, caption in CAPTIONS.items() if n in figures],
        comparison_table(summary),
        command,
    )


def comparison_table(summary: Summary) -> Table:
    """Standings and differences side by side, best test accuracy first."""
    names = arm_names([standing.arm for standing in summary.standings])
    standings = standings_columns(summary.standings)
    for column in ("spread", "epochs"):  # a page's width is less; the figures show them
        standings.pop(column, None)
    differences = differences_columns(summary.differences)
    beside = {one.arm: index for index, one in enumerate(summary.differences)}
    rows = []
    for row, standing in enumerate(summary.standings):
        arm, at = standing.arm, beside.get(standing.arm)
        cells = [Cell(names[arm], colour=style.colour(arm.activation))]
        cells += [_number(texts[row]) for texts in standings.values()]
        if summary.differences:
            cells += [_number("" if at is None else texts[at]) for texts in differences.values()]
            if at is None:
                cells.append(Cell("baseline" if arm == summary.baseline else ""))
            else:
                cells.append(_judged(summary.differences[at]))
        rows.append(cells)
    header = ["", *standings]
    if summary.baseline is not None and summary.differences:
        header += [f"less {names[summary.baseline]}", *list(differences)[1:], ""]
    return Table(header, rows)


def _number(text: str) -> Cell:
    return Cell(text.replace(" ", "\N{NO-BREAK SPACE}"))


def _judged(difference: PairedDifference) -> Cell:
    word, held = verdict(difference)
    return Cell(word.partition(";")[0], held)  # the seeds that are needed stand in the sentences


def _how(summary: Summary) -> str:
    seeds = sorted({standing.seeds for standing in summary.standings})
    over = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    told = f"Accuracy {RULES[summary.rule]}, over {over} seed{'s' * (seeds[-1] > 1)}."
    rates = max(len(standing.rates) for standing in summary.standings)
    return f"{told} Each was trained at {rates} learning rates." if rates > 1 else told


def _standings(summary: Summary) -> str:
    names = arm_names([standing.arm for standing in summary.standings])
    finished = [one for one in summary.standings if one.test is not None]
    if not finished:
        return "All networks diverged."
    best, *others = finished
    ends = f" (95 % interval {interval(best.test)})" if best.seeds - best.diverged > 1 else ""
    told = f"{names[best.arm]} reaches {mean(best.test)} % of the test images{ends}"
    if others:
        told += f", then {names[others[0].arm]} with {mean(others[0].test)} %"
    if others[1:]:
        told += f"; last is {names[others[-1].arm]} with {mean(others[-1].test)} %"
    return f"{told}."


def _differences(summary: Summary) -> str:
    if summary.baseline is None or not summary.differences:
        return ""
    names = arm_names([standing.arm for standing in summary.standings])
    parts = []
    groups = {"better": True, "worse": False, "not shown": None}
    for word, held in groups.items():
        inside = [one for one in summary.differences if verdict(one).held is held]
        if inside:
            parts.append(f"{word}: " + ", ".join(_difference(one, names) for one in inside))
    number = len(summary.differences)
    corrected = f", corrected for {number} comparisons" if number > 1 else ""
    against = f"Against {names[summary.baseline]}, seed by seed{corrected}: "
    return against + "; ".join(parts) + "."


def _difference(difference: PairedDifference, names: Mapping[Arm, str]) -> str:
    told = f"{names[difference.arm]} ({mean(difference.points, '+')} points"
    needed = verdict(difference).word.partition("; ")[2]
    why = f"p {probability(difference)}" if difference.shown else needed
    return f"{told}, {why})" if why else f"{told})"


def _stuck(summary: Summary) -> str:
    names = arm_names([standing.arm for standing in summary.standings])
    stuck = [s for s in summary.standings if s.left_chance + s.diverged < s.seeds]
    told = [f"{names[s.arm]} leaves it for {s.left_chance} of {s.seeds} seeds" for s in stuck]
    return f"Not all get away from chance: {', '.join(told)}." if told else ""
