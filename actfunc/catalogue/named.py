"""Records of one kind by name: a mapping that also answers to aliases and other spellings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

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
                    raise ValueError(f"two {kind}s answer to {spelling!r}")

    def __getitem__(self, name: str) -> Record:
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def canonical(self, spelling: str) -> str | None:
        """The record's name behind a spelling, or None where nothing answers to it."""
        return self._spellings.get(spelling_key(spelling))

    def spellings(self) -> list[str]:
        """The names, and behind them all aliases."""
        records = self._records.values()
        return [*self._records, *(alias for record in records for alias in record.aliases)]

    def get(self, text: str) -> Record:  # type: ignore[override]
        """The record of that name or alias. Raises UnknownNameError, with the nearest names."""
        name = self.canonical(text)
        if name is None:
            raise UnknownNameError.among(
                self.kind, text, self.spellings(), "`actfunc list` shows them"
            )
        return self._records[name]


def spelling_key(name: str) -> str:
    """What two spellings of one name have in common: no capitals, hyphens, blanks, underscores."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
