"""Records of one kind by name: a mapping that answers to aliases and other spellings as well."""

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
    """Records by their names, in the order given. `kind` is the word for one of them.

    `[]`, `in` and `get` take every spelling of a name or alias; iteration gives the names alone.
    """

    def __init__(self, kind: str, records: Iterable[Record]) -> None:
        self.kind = kind
        self._records = {record.name: record for record in records}
        self._spellings: dict[str, str] = {}
        for name, record in self._records.items():
            for spelling in (name, *record.aliases):
                if self._spellings.setdefault(spelling_key(spelling), name) != name:
                    raise ValueError(f"two {kind}s answer to {spelling!r}")

    def __getitem__(self, spelling: str) -> Record:
        """The record of that name or alias. Raises UnknownNameError, with the nearest names."""
        name = self.canonical(spelling)
        if name is None:
            raise self._unknown(str(spelling))
        return self._records[name]

    def __contains__(self, spelling: object) -> bool:
        # Mapping's own asks `[]`, which on the way to its error looks for the nearest names
        return self.canonical(spelling) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def canonical(self, spelling: object) -> str | None:
        """The record's name behind a spelling, or None where nothing answers to it."""
        return self._spellings.get(spelling_key(spelling)) if isinstance(spelling, str) else None

    def spellings(self) -> list[str]:
        """The names, and behind them all aliases."""
        records = self._records.values()
        return [*self._records, *(alias for record in records for alias in record.aliases)]

    def _unknown(self, name: str) -> UnknownNameError:
        return UnknownNameError.among(
            self.kind, name, self.spellings(), "`actfunc list` shows them"
        )


def spelling_key(name: str) -> str:
    """What two spellings of one name have in common: no capitals, hyphens, blanks, underscores."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
