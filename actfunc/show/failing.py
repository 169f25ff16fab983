"""What a certificate says does not hold, in words, with the points where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from rich.console import Group
from rich.text import Text

from actfunc.certify.calls import Call
from actfunc.certify.certificate import Certificate
from actfunc.certify.check import ORDERS, Parameter
from actfunc.certify.constants import DEFAULT, Constant
from actfunc.certify.ways import RouteCheck
from actfunc.show import style
from actfunc.show.error_digits import numbers, ulps
from actfunc.show.terminal import FoldingTable


def failing_points(certificates: Sequence[Certificate]) -> Group | None:
    """What does not hold, with x, what was got and what was wanted; None where all of it holds."""
    parts: list[Text | FoldingTable] = []
    for certificate in certificates:
        for title, points in _failures(certificate):
            parts.append(Text(f"{certificate.name}, {title}", style=f"bold {style.NOT_HELD}"))
            table = FoldingTable(box=None, padding=(0, 2, 0, 0), show_header=bool(points))
            last = "of the" if points and points[0][-1].endswith(("value", "derivative")) else "ulp"
            for column in ("x", "got", "wanted", last):
                table.add_column(column, justify="right", no_wrap=True)
            for point in points:
                table.add_row(*point)
            parts.append(table)
    return Group(*parts) if parts else None


def _failures(certificate: Certificate) -> Iterator[Shown]:
    """What failed, in words, and its points as rows of x, got, wanted, ulp."""
    for failure in certificate.failures:
        yield f"{failure.dtype}, {failure.part}: {failure.cause}", []
    for check in (*certificate.checks, *certificate.third):
        if check.beyond:
            many = f"{check.beyond} of {check.points} points beyond {check.bound:g}"
            rows = [(*numbers(check.dtype, *point[:3]), ulps(point.ulp)) for point in check.failing]
            yield f"{check.dtype}, {_order(check.order)}: {many}", rows
        if check.undecided:
            many = f"{check.undecided} points where the formula has no value that can be proven"
            yield f"{check.dtype}, {_order(check.order)}: {many}", []
    barred = Counter((r.dtype, r.compiled, r.failure) for r in certificate.routes if r.failure)
    for (dtype, compiled, barring), count in barred.items():
        kind = "compiled" if compiled else "eager"
        yield f"{dtype}, {count} of torch's ways, {kind}, cannot be gone: {barring}", []
    yield from _of_ways(certificate.routes)
    for one in certificate.differences:
        if not one.held:
            what = f"float64, {_order(ORDERS[one.order])}: finite differences say otherwise"
            yield what, [(*numbers("float64", one.x, one.got, one.wanted), "")]
    of_one_kind: dict[tuple[object, ...], list[Parameter]] = {}
    for parameter in certificate.parameters:
        if not parameter.held:
            alike = parameter.dtype, parameter.order, parameter.by, parameter.bound
            of_one_kind.setdefault((*alike, parameter.failure), []).append(parameter)
    yield from (_of_parameters(certificate, them) for them in of_one_kind.values())
    for call in certificate.calls:
        if not call.held:
            yield _of_call(call)
    for constant in certificate.constants:
        if not constant.held:
            yield _of_constant(constant)
    for joint in certificate.joints:
        if not joint.held:
            what = f"branches meet at {joint.x:.6g}, which the record's joints do not name"
            sides = f"{joint.left:.6g} | {joint.right:.6g}"
            yield f"{_order(joint.order)}: {what}", [(f"{joint.x:.6g}", sides, "", "")]
    for dtype in dict.fromkeys(limit.dtype for limit in certificate.limits):
        wrong = [one for one in certificate.limits if one.dtype == dtype and not one.held]
        rows = [(*numbers(dtype, one.x, one.got, one.wanted), _order(one.order)) for one in wrong]
        if rows:
            yield f"{dtype}: at ±inf, at NaN, at a pole or at a zero of its sign", rows


Shown: TypeAlias = tuple[str, list[tuple[str, ...]]]


def _of_parameters(certificate: Certificate, them: Sequence[Parameter]) -> Shown:
    """One thing that did not hold however the parameters were given: where it was worst."""
    found = max(them, key=lambda one: one.worst.ulp if one.worst else 0.0)
    what = f"{found.dtype}, {_order(found.order)}"
    if found.by:
        what += f", its derivative by {found.by}"
    given = dict.fromkeys([found.given, *(one.given for one in them)])
    what += f", with {' and '.join(given)}: "
    if found.failure or found.worst is None:
        return what + found.failure, []
    names = certificate.name.rpartition(":")[2].split(",")
    values = zip(names, found.worst.beside, strict=False)
    at = ", ".join(f"{name.partition('=')[0]}={value:.9g}" for name, value in values)
    beyond, points = sum(one.beyond for one in them), sum(one.points for one in them)
    what += f"{beyond} of {points} points beyond {found.bound:g}, the worst at {at}"
    return what, [(*numbers(found.dtype, *found.worst[:3]), ulps(found.worst.ulp))]


def _of_constant(found: Constant) -> Shown:
    row = (*numbers("float64", found.x, found.got, found.wanted), "")
    if found.order == DEFAULT:
        return f"the default of {found.params} is not the published one", [("", *row[1:])]
    where = f" at {found.params}" if found.params else ""
    return f"{_order(found.order)}: the formula is not the published function{where}", [row]


def _of_ways(routes: Sequence[RouteCheck]) -> Iterator[Shown]:
    """The ways that gave something else, told together where they gave the same."""
    together: dict[tuple[object, ...], list[RouteCheck]] = {}
    for route in routes:
        if not route.held and not route.failure:
            place = repr(route.worst)  # by its text, as NaN is no key
            key = (route.dtype, route.order, route.compiled, route.different, route.points, place)
            together.setdefault(key, []).append(route)
    for route, *others in together.values():
        names = route.name
        if others:
            names += f" and {len(others)} more way" + ("s" if len(others) > 1 else "")
        kind, how = ("compiled", "beyond the bound") if route.compiled else ("eager", "differ")
        what = f"{route.different} of {route.points} points {how}"
        rows = []
        if route.worst is not None:
            off = ulps(route.worst.ulp) if route.compiled else ""
            rows = [(*numbers(route.dtype, *route.worst[:3]), off)]
        yield f"{route.dtype}, {_order(route.order)} by {names}, {kind}: {what}", rows


def _of_call(found: Call) -> Shown:
    what = f"{found.dtype}, {_order(found.order)} by {found.by}, called {found.called}: "
    if found.failure or found.worst is None:
        return what + found.failure, []
    what += f"{found.different} of {found.points} results beyond the bound"
    return what, [(*numbers(found.dtype, *found.worst[:3]), ulps(found.worst.ulp))]


def _order(word: str) -> str:
    return f"{word} derivative" if word in ("first", "second", "third") else word
