"""Records of one kind by name: a mapping that also answers to aliases and other spellings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from actfunc.catalogue.lookup import spelling_key
from actfunc.errors import UnknownNameError


class Named(Protocol):
    """What has a name and other spellings."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


Record = TypeVar("Record", bound=Named)


class ByName(Mapping[str, Record]):
    """Records by their names, in the order given. `kind` is the word for one of them."""

    def __init__(self, kind: str, records: Iterable[Record]) -> None:
        self.kind = kind
        self._records = {record.name: record for record in records}
        self._spellings: dict[str, str] = {}
        for name, record in self._records.items():
            for spelling in (name, *record.aliases):
                if self._spellings.setdefault(spelling_key(spelling), name) != name:
                    raise ValueError(f"two of {kind} answer to {spelling!r}")

    def __getitem__(self, name: str) -> Record:
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def canonical(self, spelling: str) -> str | None:
        """The record's name behind a spelling, or None where nothing answers to it."""
        return self._spellings.get(spelling_key(spelling))

    def get(self, text: str) -> Record:  # type: ignore[override]
        """The record of that name or alias. Raises UnknownNameError, with the nearest names."""
        name = self.canonical(text)
        if name is None:
            known = [each for r in self.values() for each in (r.name, *r.aliases)]
            raise UnknownNameError.among(self.kind, text, known, "`actfunc list` shows them")
        return self._records[name]
