"""The tables of the benchmarks, out of the results that `benchmarks/` keeps."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def results(kind: str) -> list[dict[str, Any]]:
    """The kept results whose title begins with `kind`, those of one machine side by side."""
    return sorted(documents(kind), key=_circumstances)


def tables(kind: str) -> str:
    """A table for each machine and version that results were made with, in Markdown."""
    found = documents(kind)
    if not found:
        return "*Not measured yet.*"
    if kind in _OWN:
        return "\n\n".join(map(_OWN[kind], found))
    parts = [
        f"{circumstances}\n\n" + "\n".join(_table(list(group)))
        for circumstances, group in groupby(results(kind), _circumstances)
    ]
    return "\n\n".join(parts)


def documents(kind: str) -> list[dict[str, Any]]:
    """The kept results whose title begins with `kind`, as they are written."""
    return [json.loads(file.read_text("utf-8")) for file in sorted(RESULTS.glob(f"{kind}-*.json"))]


def _made(document: Mapping[str, Any]) -> str:
    made = document["made_by"]
    return f"{_where(document)}, torch {made['torch'].partition('+')[0]}; {made['time'][:10]}"


def _where(document: Mapping[str, Any]) -> str:
    return f"{document['processor']}, {document['made_by']['device']}"


_PARTS = ("variance", "gradient")


def _theory(document: Mapping[str, Any]) -> str:
    columns = ["", "σ_w", "σ_b", "variance"]
    for part in ("variance", "gradient²"):
        columns += [f"{part} off", "of all", "errors"]
    lines = [
        f"{_made(document)}; width {document['width']:,}, depth {document['depth']},"
        f" {document['groups']} times {document['networks']} networks",
        "",
        f"| {' | '.join(columns)} |",
        f"|---|{'---:|' * (len(columns) - 1)}",
    ]
    for name, row in document["activations"].items():
        cells = [name, f"{row['weight']:.4f}", f"{row['bias']:.4f}", f"{row['kept_variance']:.4g}"]
        for part in (row[key] for key in _PARTS):
            off = (part[key] for key in ("off_on_average", "everyone_off_on_average"))
            cells += [*(f"{100 * each:.1f} %" for each in off), f"{part['errors_at_most'][0]:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    parts = [row[part] for row in document["activations"].values() for part in _PARTS]
    beyond = sum(sum(part["layers_beyond"]) for part in parts)
    layers = len(parts) * document["depth"] * document["groups"]
    lines += [
        "",
        f"Of {layers:,} layers' means of {document['networks']}, {beyond} lie beyond three standard"
        f" errors; chance alone makes {math.erfc(3 / math.sqrt(2)) * layers:.0f}.",
    ]
    return "\n".join(lines)


def _curvature(document: Mapping[str, Any]) -> str:
    lines = [
        _made(document),
        "",
        "| | largest eigenvalue | SciPy's | top five apart | trace | by random vectors |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, row in document["networks"].items():
        ours, scipys = (part["eigenvalues"][0] for part in (row, row["eigsh"]))
        traces = (
            f"{part['value']:.4g}"
            + (f" ± {part['standard_error']:.2g}" if part["standard_error"] else ", exact")
            for part in (row["trace"], row["hutchinson"])
        )
        cells = [f"{ours:.5g}", f"{scipys:.5g}", f"{row['apart']:.0e}", *traces]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _memory(document: Mapping[str, Any]) -> str:
    lines = [
        _made(document),
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


def _gpu(document: Mapping[str, Any]) -> str:
    lines = [_made(document), "", "| | seconds | |", "|---|---:|---|"]
    for name, row in document["functions"].items():
        held = "within the bounds" if row["held"] else "NOT within the bounds"
        lines.append(f"| every float32 of {name}, three orders | {row['seconds']:.1f} | {held} |")
    for precision, row in document["networks"].items():
        first = f"after a first epoch of {row['first_epoch_seconds']:.1f} s"
        trained = f"{row['networks']} networks, {row['epochs']} epochs, {precision}"
        lines.append(f"| {trained} | {row['as_many_epochs_seconds']:.1f} | {first} |")
    return "\n".join(lines)


def _lift(document: Mapping[str, Any]) -> str:
    columns = {
        "times": "there and back",
        "peak_times": "peak memory",
        "value_times": "value alone",
        "value_of_f": "value, as of `.f`",
    }
    first = next(iter(document["rows"].values()))
    shown = {key: words for key, words in columns.items() if key in first}
    lines = [
        f"{_made(document)}; {document['rounds']} rounds",
        "",
        f"| torch's own = 1 | {' | '.join(shown.values())} |",
        f"|---|{'---:|' * len(shown)}",
    ]
    for name, row in document["rows"].items():
        lines.append(f"| {name} | {' | '.join(f'{row[key]:.2f}' for key in shown)} |")
    return "\n".join(lines)


def _suite(document: Mapping[str, Any]) -> str:
    runs, other = document["runs"], document.get("other", "")
    names = {"here": "this suite", "other": f"that of commit {other}"}
    lines = [
        _made(document),
        "",
        "| | first run, s | median | second run, s | median | tests |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, both in runs.items():
        cells = []
        for which in ("first", "second"):
            seconds = [one["seconds"] for one in both[which]]
            cells += [", ".join(f"{each:.0f}" for each in seconds), f"{median(seconds):.0f}"]
        passed = both["first"][0]["counts"]["passed"]
        lines.append(f"| {names[name]} | {' | '.join(cells)} | {passed:,} |")
    if "first_of_other" in document:
        first, second = (document[f"{which}_of_other"] for which in ("first", "second"))
        lines.append(f"| of the other, by rounds | | {first:.2f} | | {second:.2f} | |")
    return "\n".join(lines)


def _in_full(document: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{number:,} {word}" for word, number in document["counts"].items())
    failed = "".join(f"\n- failed: `{name}`" for name in document["failed"])
    minutes = f"{document['seconds'] / 60:.0f} minutes, with {document['caches']} caches"
    return f"{_made(document)}: {counts}, in {minutes}{failed}"


def _faults(document: Mapping[str, Any]) -> str:
    made, rows = document["made_by"], document["faults"]
    folders = dict.fromkeys(row["file"].rpartition("/")[0].partition("/")[0] for row in rows)
    lines = [
        f"Commit {document['commit']}, torch {made['torch'].partition('+')[0]},"
        f" {made['time'][:10]}:",
        "",
        "| folder | faults | seen |",
        "|---|---:|---:|",
    ]
    for folder in folders:
        mine = [row for row in rows if row["file"].rpartition("/")[0].partition("/")[0] == folder]
        seen = sum(bool(row["by"]) for row in mine)
        lines.append(f"| {folder or 'the top'} | {len(mine)} | {seen} |")
    seen = sum(bool(row["by"]) for row in rows)
    lines += [f"| all | {len(rows)} | {seen} |", ""]
    for row in rows:
        if not row["by"]:
            lines.append(f"- `{row['file']}`, not seen: {row['effect']} {row['survives']}")
    return "\n".join(lines)


def _intervals(document: Mapping[str, Any]) -> str:
    seeds = [str(number) for number in document["seeds"]]
    lines = [
        f"{document['draws']:,} draws each, torch {document['made_by']['torch'].partition('+')[0]},"
        f" {document['made_by']['time'][:10]}; in percent, by the number of seeds",
        "",
        f"| | values | {' | '.join(seeds)} |",
        f"|---|---|{'---:|' * len(seeds)}",
    ]
    for row in document["rows"]:
        shares = " | ".join(f"{100 * each:.1f}" for each in row["shares"])
        lines.append(f"| {row['what']} | {row['values']} | {shares} |")
    return "\n".join(lines)


def _search(document: Mapping[str, Any]) -> str:
    lines = [
        f"{_made(document)}: {document['functions']:,} functions, {document['evaluated']:,} points"
        f" in float32 and {document['proven']:,} in ball arithmetic, from seed {document['seed']}:"
        f" **{len(document['beyond']) or 'none'} beyond**. Nearest to their bounds:",
        "",
        "| function | dtype | order | x | error | allowed |",
        "|---|---|---|---:|---:|---:|",
    ]
    for row in document["beyond"] or document["worst"][:5]:
        place = " | ".join((row["name"], row["dtype"], row["order"], f"{row['x']:.6g}"))
        lines.append(f"| {place} | {row['ulp']:.2f} | {row['bound']:g} |")
    return "\n".join(lines)


_OWN = {
    "search": _search,
    "intervals": _intervals,
    "memory": _memory,
    "theory": _theory,
    "curvature": _curvature,
    "gpu": _gpu,
    "lift-eager": _lift,
    "lift-compiled": _lift,
    "suite": _suite,
    "whole-suite": _in_full,
    "faults": _faults,
}
"""Results that are no contest, each with a table of its own."""


def _circumstances(document: Mapping[str, Any]) -> str:
    made = document["made_by"]
    versions = document.get("versions") or {"torch": made["torch"]}
    rounds = len(next(iter(document["seconds"].values())))
    return "; ".join(
        (
            _where(document),
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
    heads += ["peak, MB"] if "peak_bytes" in documents[0] else []
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
            if peaks := document.get("peak_bytes"):
                cells.append(f"{peaks[name] / 1e6:,.1f}" if name in peaks else "–")
            yield f"| {' | '.join(cells)} |"
