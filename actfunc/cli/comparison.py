"""What `actfunc compare` says in the end: tables, figures, files and the page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from actfunc.cli.console import Output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from actfunc.compare.escapes import Escapes
    from actfunc.compare.records import Arm, Result
    from actfunc.compare.standings import Summary
    from actfunc.storage import WorkingSet


def conclude(
    output: Output,
    results: Sequence[Result],
    baseline: Arm,
    folder: Path,
    work: WorkingSet,
    *,
    seconds: float,
) -> None:
    """Print how the arms stand by early stopping, and write all there is into the folder."""
    from actfunc.compare.escapes import escapes
    from actfunc.compare.folder import write_tables
    from actfunc.compare.standings import Rule
    from actfunc.compare.statistics import summarise
    from actfunc.show.comparison import (
        differences_table,
        escapes_table,
        rates_table,
        standings_table,
    )
    from actfunc.show.comparison_markdown import comparison_markdown
    from actfunc.storage import files

    classes, images = len(work.dataset.classes), len(work.split.test.labels)
    by_stopping, to_the_end = (
        summarise(results, rule=rule, baseline=baseline, classes=classes) for rule in get_args(Rule)
    )
    escaped = escapes(results, classes)
    document = {
        **work.facts(),
        "seconds": round(seconds, 1),
        "stopped": _plain(by_stopping),
        "last": _plain(to_the_end),
        "escapes": [_plain(one) for one in escaped],
    }
    differ = to_the_end._replace(rule="stopped") != by_stopping
    both = (by_stopping, to_the_end) if differ else (by_stopping,)
    if not output.as_json:
        for summary in both:
            tables = (standings_table(summary, images), rates_table(summary))
            for table in (*tables, differences_table(summary)):
                if table is not None:
                    output.print(table)
        if escaped:
            output.print(escapes_table(escaped, by_stopping))
    output.document(document)
    # told first: on a full disk it is all that is left
    write_tables(folder, results)
    files.write_json(folder / "summary.json", document)
    text = comparison_markdown(both, escaped, document["made_by"], images)
    files.write_bytes(folder / "summary.md", text.encode())
    with output.status("drawing"):
        page = _draw(results, by_stopping, escaped, folder, work)
    output.wrote("page", page)
    output.wrote("every member", folder / "results.csv")


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
    from actfunc.show.comparison_section import HEADING, comparison_section
    from actfunc.show.escape import escape_figure
    from actfunc.show.markdown import to_html
    from actfunc.show.page import Page, Prose, Told, render
    from actfunc.storage import files
    from actfunc.training.evaluate import left_chance

    chosen = {standing.arm: standing.best_rate for standing in summary.standings}
    finished = [one for one in results if one.last.diverged is None]
    members = {
        arm: [r for r in finished if (r.member.arm, r.member.learning_rate) == (arm, rate)]
        for arm, rate in chosen.items()
    }
    figures: dict[str, Figure] = {"intervals": intervals_figure(summary)}
    if learnt := {arm: curve(found) for arm, found in members.items() if found}:
        figures["bands"] = bands_figure(learnt)
    at_chosen = [one for one in escaped if chosen[one.arm] == one.learning_rate]
    stuck = (one for one in at_chosen if min(one.stopped, one.last) + one.diverged < one.seeds)
    if (first := next(stuck, None)) is not None:
        bound = left_chance(len(work.dataset.classes))
        figures["escape"] = _escape(members[first.arm], escape_figure, bound)
    paths = {name: style.save(figure, folder / f"{name}.svg") for name, figure in figures.items()}
    command = shlex.join(["actfunc", *sys.argv[1:]])
    facts = work.facts()["made_by"]
    page = Page(
        "Which activation trains best?",
        [
            Told([_what(results, work)]),
            Prose(to_html(HEADING)),
            comparison_section(summary, figures, command, len(work.split.test.labels)),
        ],
        [(name, str(value)) for name, value in facts.items()],
        work.dataset.note if work.dataset.name == "silhouettes" else "",
    )
    return files.write_bytes(folder / "index.html", render(page, paths).encode())


def _what(results: Sequence[Result], work: WorkingSet) -> str:
    from actfunc.data.loading import TRAIN

    train, validation, test = (len(part.labels) for part in work.split)
    whole, here = TRAIN.get(work.dataset.name), train + validation
    of = f", the first {here:,} of {whole:,}" if whole is not None and here < whole else ""
    return (
        f"{len(results):,} networks, trained alike but for what is named, on {work.dataset.name}:"
        f" {train:,} images to train on and {validation:,} to validate on{of}; {test:,} to test on."
    )


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
