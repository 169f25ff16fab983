"""Certificates kept as data, a line each, with what made them: to compare a new run with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from actfunc.certify.certificate import Certificate
from actfunc.certify.ways import RouteCheck
from actfunc.storage import documents
from actfunc.storage.schema import (
    Kind,
    anything,
    either,
    flag,
    mapping,
    number,
    one_of,
    record,
    row,
    text,
    whole,
)

Kept = Mapping[str, Mapping[str, Any]]
"""By name: formula, held, and the worst error of each dtype and order, as `summary` gives them;
under `compiled` the same of the compiled ways, where they were judged."""

_ERROR = either(one_of("inf"), number(0))
_POINT = either(one_of("inf", "-inf"), number())


def _worst(*entry: Kind) -> Kind:
    """Of each dtype and order the worst error, and what belongs to it."""
    return mapping(mapping(row(*entry)))


LINE = record(
    ("compiled",),
    name=text(),
    formula=text(),
    held=flag(),
    worst=_worst(_ERROR, _POINT, number(0)),
    rest=row(whole(), whole()),
    compiled=record(held=flag(), worst=_worst(_ERROR, _POINT)),
)
MADE = record(made=mapping(anything))

DRIFT = 0.25
"""How far a worst error may move, in units of its bound: machines have their own exponentials."""

DRIFT_COMPILED = 1.0
"""How far one of the compiled ways may, in ulp: so have compilers."""


def summary(certificate: Certificate) -> dict[str, Any]:
    """What is worth keeping of a certificate: formula, verdict, the worst errors and where."""
    worst: dict[str, dict[str, list[Any]]] = {}
    for check in certificate.checks:
        point = float(f"{check.worst.ulp:.3g}"), _short(check.worst.x)
        plain = map(_plain, point)
        worst.setdefault(check.dtype, {})[check.order] = [*plain, check.bound]
    eager = [one for part in certificate.rest for one in part if not getattr(one, "compiled", 0)]
    outcomes = [one.held for one in eager]
    found: dict[str, Any] = {
        "formula": certificate.formula,
        "held": all(outcomes) and all(one.held for one in certificate.checks),
        "worst": worst,
        "rest": [sum(outcomes), len(outcomes)],
    }
    ways = [one for one in certificate.routes if one.compiled]
    if ways:
        found["compiled"] = {"held": all(one.held for one in ways), "worst": _of_compiled(ways)}
    return found


def _of_compiled(ways: Iterable[RouteCheck]) -> dict[str, dict[str, list[Any]]]:
    """The worst error of the compiled ways to each order in each dtype, and where."""
    worst: dict[str, dict[str, list[Any]]] = {}
    for one in ways:
        if one.worst is not None:
            ulp = float(f"{one.worst.ulp:.3g}")
            orders = worst.setdefault(one.dtype, {})
            if one.order not in orders or ulp > float(orders[one.order][0]):
                orders[one.order] = [*map(_plain, (ulp, _short(one.worst.x)))]
    return worst


def _short(x: float) -> float:
    """Four digits of x; all of them where the fourth, rounded up, is beyond the largest number."""
    short = float(f"{x:.4g}")
    return x if math.isinf(short) else short


def _plain(number: float) -> float | str:
    return repr(number) if math.isinf(number) else number


def save(path: Path, certificates: Iterable[Certificate], made: Mapping[str, Any]) -> Path:
    """Write the certificates, a line each, below a line that says what made them."""
    lines: list[dict[str, Any]] = [{"made": dict(made)}]
    lines += [{"name": one.name, **summary(one)} for one in certificates]
    return documents.write_lines(path, lines)


def load(path: Path | None = None) -> tuple[dict[str, Any], Kept]:
    """What made the certificates, and the certificates by name; the package's own without a path.

    Raises CheckpointError where the file is missing or damaged.
    """
    if path is None:
        with resources.as_file(resources.files("actfunc.certify") / "certificates.jsonl") as own:
            return load(own)
    hint = "make it anew with actfunc certify --all --save FILE"
    lines, _ = documents.read_lines(path, LINE, hint, first=MADE)
    if not lines:
        raise documents.damaged(path, "expected certificates, found none", hint)
    made, *certificates = lines
    return made["made"], {line["name"]: line for line in certificates}


def drift(kept: Kept, certificates: Iterable[Certificate], *, all_of_them: bool) -> list[str]:
    """How certificates differ from those kept, in words; nothing where they do not.

    all_of_them: whether a function that is kept and was not certified now is a difference.
    """
    found = {one.name: summary(one) for one in certificates}
    gone = [name for name in kept if all_of_them and name not in found]
    told = [f"{name}: kept, and no longer there" for name in gone]
    for name, now in found.items():
        if name not in kept:
            told.append(f"{name}: not kept yet")
            continue
        before = kept[name]
        for fact in ("formula", "held"):
            if before[fact] != now[fact]:
                told.append(f"{name}: {fact} was {before[fact]!r}, is {now[fact]!r}")
        for dtype, orders in now["worst"].items():
            for order, (ulp, _, bound) in orders.items():
                old, _, old_bound = before["worst"].get(dtype, {}).get(order, [None] * 3)
                if old is None or old_bound != bound:
                    told.append(f"{name}: {dtype} {order} was not judged by this bound")
                elif abs(float(ulp) - float(old)) > DRIFT * bound:
                    told.append(f"{name}: {dtype} {order} was {old} ulp, is {ulp}")
        told += _drift_of_compiled(name, before.get("compiled"), now.get("compiled"))
    return told


def _drift_of_compiled(
    name: str, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> Iterator[str]:
    """How the compiled ways differ; nothing where one of the two did not judge them."""
    if before is None or now is None:
        return
    if before["held"] != now["held"]:
        yield f"{name}: compiled, held was {before['held']!r}, is {now['held']!r}"
    for dtype, orders in now["worst"].items():
        for order, (ulp, _) in orders.items():
            old, _ = before["worst"].get(dtype, {}).get(order, [None] * 2)
            if old is None or abs(float(ulp) - float(old)) > DRIFT_COMPILED:
                yield f"{name}: compiled, {dtype} {order} was {old} ulp, is {ulp}"
