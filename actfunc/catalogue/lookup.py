"""From the text a person writes to the activation meant: names, parameters, or one's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import chain

from torch import nn

from actfunc import domain
from actfunc.activation import Activation, Function, Sibling
from actfunc.catalogue import door
from actfunc.catalogue.named import ByName
from actfunc.errors import UnknownNameError, UsageError
from actfunc.formulas.record import is_formula, of_formula
from actfunc.given import Given, record_of, vouch_for


class Catalogue(ByName[Activation]):
    """The activations by name, in the order of their families."""

    def __init__(
        self,
        families: Mapping[str, tuple[Activation, ...]],
        beside: Mapping[str, str] | None = None,
    ) -> None:
        """families: their records; beside: functions of other kinds, and the words for the kind."""
        super().__init__("activation", chain.from_iterable(families.values()))
        for record in self.values():
            vouch_for(record)
        self._beside = dict(beside or {})
        self._family = {
            record.name: family for family, records in families.items() for record in records
        }

    def names(self) -> tuple[str, ...]:
        """The names, without aliases."""
        return tuple(self._records)

    def family(self, name: str) -> str:
        """The family a record stands in."""
        return self._family[name]

    def named(self, given: str | Given | type[nn.Module], **params: float) -> Activation:
        """The activation that is meant, which is more than `[]` takes.

        given: a name or alias in any capitals, with or without underscores (`leaky_relu`,
        `LeakyReLU`, `swish`); with parameters (`leaky_relu:negative_slope=0.1`); or one's own,
        `path/to/file.py:name` or `package.module:name`, a record, a plain function, a module or
        its class, with parameters behind a further colon. Or such a thing itself. Or a formula in
        x and the names of parameters: `x*sigmoid(1.5*x)`, `x*sigmoid(beta*x):beta=1.5`.
        params: the record's, numbers of any kind, as `Activation.bind` takes them.
        Raises UnknownNameError (with the nearest names), FormulaError or UsageError.
        """
        if isinstance(given, str) and (formula := self._formula(given)):
            text, settings = formula
            return of_formula(text, {**settings, **domain.bound(text, params, params, {})})
        record = self._of_text(given) if isinstance(given, str) else record_of(given)
        return record.bind(**params) if params else record

    def _formula(self, text: str) -> tuple[str, dict[str, float]] | None:
        """A formula and its parameters; None for what is a name or a place."""
        head, _, tail = text.partition(":")
        if head in self or (tail and "=" not in tail.partition(":")[0]) or not is_formula(head):
            return None
        return head, _settings(text, tail) if tail else {}

    def _of_text(self, text: str) -> Activation:
        head, _, tail = text.partition(":")
        if tail and "=" not in tail.partition(":")[0]:
            attribute, _, settings = tail.partition(":")
            own = door.own(head, attribute)
            return own.bind(**_settings(text, settings)) if settings else own
        record = self[head]
        return record.bind(**_settings(text, tail)) if tail else record

    def function(self, text: str) -> Function:
        """What `text` means as a plain function: a lifted record, or one's own as it is written."""
        record = self.named(text)
        sibling = record.f
        if record.formula or not isinstance(sibling, Sibling):
            return record
        return sibling.function

    def _unknown(self, name: str) -> UnknownNameError:
        if name in self._beside:
            return UnknownNameError(
                f"{name} is {self._beside[name]}, and an elementwise activation is wanted here",
                "`actfunc list` shows which is which",
            )
        return UnknownNameError.among(
            self.kind,
            name,
            [*self.spellings(), *self._beside],
            f"`actfunc list` shows all {len(self)}; a formula goes in quotes, your own is"
            " path/to/file.py:name",
        )


def _settings(text: str, tail: str) -> dict[str, float]:
    settings: dict[str, float] = {}
    for setting in tail.split(","):
        key, _, value = (part.strip() for part in setting.partition("="))
        if key in settings:
            raise UsageError(f"parameter {key!r} stands twice in {text!r}")
        try:
            settings[key] = float(value)
        except ValueError:
            settings[key] = math.nan
        if not math.isfinite(settings[key]):
            raise UsageError(
                f"parameter {key!r} of {text!r} must be a finite number, got {value!r}",
                "parameters are written name:key=number,key=number",
            )
    return settings
