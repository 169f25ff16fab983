"""What `actfunc compare` says in the end: tables, figures, files and the page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actfunc.cli.console import Output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actfunc.compare.escapes import Escapes
    from actfunc.compare.records import Result
    from actfunc.compare.standings import Summary
    from actfunc.storage import WorkingSet


def conclude(
    output: Output,
    results: Sequence[Result],
    baseline: str,
    folder: Path,
    work: WorkingSet,
    *,
    seconds: float,
) -> None:
    """Print how the arms stand by early stopping, and write all there is into the folder."""
    from actfunc.compare.escapes import escapes
    from actfunc.compare.folder import write_tables
    from actfunc.compare.statistics import summarise
    from actfunc.show.comparison import differences_table, escapes_table, standings_table
    from actfunc.show.comparison_markdown import comparison_markdown
    from actfunc.storage import files

    arms = (result.member.arm for result in results)
    against = next(arm for arm in arms if arm.activation == baseline)
    by_stopping = summarise(results, rule="stopped", baseline=against)
    to_the_end = summarise(results, rule="last", baseline=against)
    escaped = escapes(results)
    write_tables(folder, results)
    document = {
        **work.facts(),
        "seconds": round(seconds, 1),
        "stopped": _plain(by_stopping),
        "last": _plain(to_the_end),
        "escapes": [_plain(one) for one in escaped],
    }
    files.write_json(folder / "summary.json", document)
    differ = to_the_end._replace(rule="stopped") != by_stopping
    both = (by_stopping, to_the_end) if differ else (by_stopping,)
    text = comparison_markdown(both, escaped, document["made_by"])
    files.write_bytes(folder / "summary.md", text.encode())
    with output.status("drawing"):
        page = _draw(results, by_stopping, escaped, folder, work)
    if not output.as_json:
        for table in (standings_table(by_stopping), differences_table(by_stopping)):
            if table is not None:
                output.print(table)
        if differ:
            output.print(standings_table(to_the_end))
        if escaped:
            output.print(escapes_table(escaped, by_stopping))
    output.wrote("page", page)
    output.wrote("every member", folder / "results.csv")
    output.document(document)


def _draw(
    results: Sequence[Result],
    summary: Summary,
    escaped: Sequence[Escapes],
    folder: Path,
    work: WorkingSet,
) -> Path:
    from actfunc.compare.statistics import curve
    from actfunc.show import style
    from actfunc.show.comparison_figures import bands_figure, intervals_figure
    from actfunc.show.comparison_section import comparison_section
    from actfunc.show.escape import escape_figure
    from actfunc.show.page import Page, render
    from actfunc.storage import files
    from actfunc.training.evaluate import LEFT_CHANCE

    chosen = {standing.arm: standing.learning_rate for standing in summary.standings}
    members = {
        arm: [r for r in results if (r.member.arm, r.member.learning_rate) == (arm, rate)]
        for arm, rate in chosen.items()
    }
    points = {arm: [one.stopped.test for one in found] for arm, found in members.items()}
    figures: dict[str, Figure] = {
        "intervals": intervals_figure(summary, points=points),
        "bands": bands_figure({arm: curve(found) for arm, found in members.items()}),
    }
    stuck = next((one for one in escaped if chosen.get(one.arm) == one.learning_rate), None)
    if stuck is not None:
        figures["escape"] = _escape(members[stuck.arm], escape_figure, LEFT_CHANCE)
    paths = {name: style.save(figure, folder / f"{name}.svg") for name, figure in figures.items()}
    command = shlex.join(["actfunc", *sys.argv[1:]])
    facts = work.facts()["made_by"]
    page = Page(
        "Which activation trains best?",
        [f"{len(results):,} networks on {work.dataset.name}, trained alike but for what is named."],
        [comparison_section(summary, paths, command)],
        [(name, str(value)) for name, value in facts.items()],
        work.dataset.note if work.dataset.name == "silhouettes" else "",
    )
    return files.write_bytes(folder / "index.html", render(page).encode())


def _escape(members: Sequence[Result], draw: Any, threshold: float) -> Figure:
    ended = {
        one.member.seed: one.stopped.epochs
        for one in members
        if one.stopped.epochs < one.last.epochs
    }
    histories = {one.member.seed: one.history for one in members}
    return draw(histories, ended, left_chance=threshold)


def _plain(record: object) -> Any:
    """A record of records as JSON values."""
    if hasattr(record, "_asdict"):
        return {key: _plain(value) for key, value in record._asdict().items()}
    return [_plain(one) for one in record] if isinstance(record, tuple) else record
