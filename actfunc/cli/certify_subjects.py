"""The functions that `actfunc certify` is asked about, each with what judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from actfunc.errors import UsageError

if TYPE_CHECKING:
    from actfunc.activation import Activation
    from actfunc.gated import GatedPair
    from actfunc.vector import VectorFunction

    Subject: TypeAlias = Activation | GatedPair | VectorFunction


def subject(text: str, judge: str | None, derivative: str | None, formula: str | None) -> Subject:
    """A record as it is, or a plain function under its judge."""
    from actfunc.activation import Activation
    from actfunc.catalogue import CATALOGUE, find
    from actfunc.certify.audited import audited

    record = find(text)
    if not isinstance(record, Activation):
        if judge is not None or derivative is not None:
            raise UsageError(
                f"{text} is no elementwise function: --as and --derivative are not for it"
            )
        return record
    if record.formula and judge is None and derivative is None:
        return record
    slope = CATALOGUE.function(derivative) if derivative is not None else None
    by = CATALOGUE.named(judge) if judge is not None else record if record.formula else None
    return audited(record.spec, CATALOGUE.function(text), by, slope, formula)


def elementwise(records: dict[str, Subject], option: str) -> list[Activation]:
    """The records, all of which must be elementwise for this option."""
    from actfunc.activation import Activation

    for record in records.values():
        if not isinstance(record, Activation):
            raise UsageError(f"{option} is for elementwise functions, which {record.name} is not")
    return [record for record in records.values() if isinstance(record, Activation)]
