"""A comparison as Markdown tables: for a README, an issue or a page of documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actfunc.compare.escapes import Escapes
from actfunc.compare.standings import Summary
from actfunc.show.comparison import (
    RULES,
    Columns,
    differences_columns,
    escapes_columns,
    rates_columns,
    standings_columns,
    tried,
    verdict,
)
from actfunc.show.comparison_names import arm_names
from actfunc.show.comparison_notes import differences_notes, standings_notes


def comparison_markdown(
    summaries: Sequence[Summary],
    escaped: Sequence[Escapes],
    made_by: Mapping[str, str],
    images: int,
) -> str:
    """Standings, rates and differences by each summary's rule, who left chance, what made them.

    images: how many there are to test on.
    """
    parts = []
    for summary in summaries:
        parts += [f"Accuracy {RULES[summary.rule]}:", _standings(summary)]
        parts += [" ".join(standings_notes(summary, images)), _rates(summary)]
        if summary.differences:
            parts += [_differences(summary), " ".join(differences_notes(summary))]
    if escaped:
        names = arm_names([standing.arm for standing in summaries[0].standings])
        told = _table([names[one.arm] for one in escaped], escapes_columns(escaped))
        parts += ["Seeds that leave chance:", told]
    facts = ", ".join(f"{name} {made_by[name]}" for name in ("actfunc", "torch", "device"))
    parts.append(f"`{made_by['command']}` ({facts}, {made_by['time'][:10]})")
    return "\n\n".join(filter(None, parts)) + "\n"


def _standings(summary: Summary) -> str:
    names = arm_names([standing.arm for standing in summary.standings])
    columns = standings_columns(summary.standings)
    columns["seeds"] = [str(standing.seeds) for standing in summary.standings]
    return _table([names[standing.arm] for standing in summary.standings], columns)


def _rates(summary: Summary) -> str:
    names = arm_names([standing.arm for standing in summary.standings])
    arms = [arm for arm, _ in tried(summary)]
    if "seconds" in standings_columns(summary.standings):
        return ""
    return _table([names[arm] for arm in arms], rates_columns(summary))


def _differences(summary: Summary) -> str:
    names = arm_names([standing.arm for standing in summary.standings])
    baseline = f"less {names[summary.baseline]}" if summary.baseline is not None else ""
    columns = differences_columns(summary.differences)
    columns["shown"] = [verdict(difference).word for difference in summary.differences]
    return _table([names[one.arm] for one in summary.differences], columns, baseline)


def _table(names: Sequence[str], columns: Columns, corner: str = "") -> str:
    rows = [
        [name, *row] for name, row in zip(names, zip(*columns.values(), strict=True), strict=True)
    ]
    lines = [[corner, *columns], ["---", *["---:"] * len(columns)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
