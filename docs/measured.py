"""The tables of the benchmarks, out of the results that `benchmarks/` keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def results(kind: str) -> list[dict[str, Any]]:
    """The kept results whose title begins with `kind`, those of one machine side by side."""
    return sorted(_read(kind), key=_circumstances)


def tables(kind: str) -> str:
    """A table for each machine and version that results were made with, in Markdown."""
    if kind == "memory":
        return "\n\n".join(_memory(document) for document in _read(kind))
    parts = [
        f"{circumstances}\n\n" + "\n".join(_table(list(group)))
        for circumstances, group in groupby(results(kind), _circumstances)
    ]
    return "\n\n".join(parts)


def _read(kind: str) -> list[dict[str, Any]]:
    return [json.loads(file.read_text("utf-8")) for file in sorted(RESULTS.glob(f"{kind}-*.json"))]


def _memory(document: Mapping[str, Any]) -> str:
    made = document["made_by"]
    lines = [
        f"{made['device']}, torch {made['torch'].partition('+')[0]}; {made['time'][:10]}",
        "",
        "| members | paper, MB | and the best | in use, MB | of paper | held, MB | of paper |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in document["rows"]:
        paper, best, used, held = (
            row[column] / 1e6 for column in ("paper", "paper_with_best", "in_use", "measured")
        )
        cells = f"{paper:.1f} | {best:.1f} | {used:.1f} | {used / paper:.2f}"
        lines.append(f"| {row['members']} | {cells} | {held:.1f} | {held / paper:.2f} |")
    return "\n".join(lines)


def _circumstances(document: Mapping[str, Any]) -> str:
    made = document["made_by"]
    versions = document.get("versions") or {"torch": made["torch"]}
    rounds = len(next(iter(document["seconds"].values())))
    return "; ".join(
        (
            f"{document['processor']}, {made['device']}",
            ", ".join(f"{name} {v.partition('+')[0]}" for name, v in sorted(versions.items())),
            f"{rounds} rounds",
            made["time"].partition("T")[0],
        )
    )


def _table(documents: list[dict[str, Any]]) -> Iterator[str]:
    """A contender a row; a ratio is the rounds' median, the medians' ratio in brackets."""
    first = next(iter(documents[0]["contenders"].values()))
    heads = ["", "median, s", "first run, s"]
    heads += [f"{other} takes" for other in first["faster_than"]]
    heads += [f"of {other}" for other in first["times_of"]]
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    for document in documents:
        subject = document["title"].partition(" ")[2]
        for name, row in document["contenders"].items():
            ratios = [*row["faster_than"].items(), *row["times_of"].items()]
            cells = [f"{subject}, {name}" if subject else name]
            seconds = (row[f"{part}_seconds"] for part in ("median", "first_run"))
            cells += ["–" if second is None else f"{second:.3g}" for second in seconds]
            cells += [
                "1" if other == name else f"{r['by_round']:.2f} ({r['of_medians']:.2f})"
                for other, r in ratios
            ]
            yield f"| {' | '.join(cells)} |"
