"""The catalogue: one file a family of activations, one record an activation.

To add one, write its record into the `RECORDS` of its family. Tests, certificates, plots, the
command line and the docs take it from there.
"""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from typing import Any

from actfunc.activation import Activation
from actfunc.catalogue import (
    algebraic,
    bell,
    composed,
    door,
    exponential,
    hard,
    logistic_gates,
    normal_gates,
    other_gates,
    periodic,
    polynomial,
    rectified,
    self_gated,
    shrinkage,
    sigmoidal,
    signed,
    smooth,
)
from actfunc.catalogue.gated import PAIRS
from actfunc.catalogue.lookup import Catalogue
from actfunc.catalogue.vector import VECTORS
from actfunc.formulas.record import made_by_formula
from actfunc.gated import GatedPair
from actfunc.source import digest_of
from actfunc.vector import VectorFunction

__all__ = ["CATALOGUE", "FAMILIES", "PAIRS", "VECTORS", "find", "get", "names"]

FAMILIES: dict[str, tuple[Activation, ...]] = {
    "sigmoidal": sigmoidal.RECORDS,
    "algebraic": algebraic.RECORDS,
    "rectified": rectified.RECORDS,
    "hard": hard.RECORDS,
    "shrinkage": shrinkage.RECORDS,
    "exponential": exponential.RECORDS,
    "smooth": smooth.RECORDS,
    "self-gated": self_gated.RECORDS,
    "logistic gates": logistic_gates.RECORDS,
    "other gates": other_gates.RECORDS,
    "normal gates": normal_gates.RECORDS,
    "composed gates": composed.RECORDS,
    "signed": signed.RECORDS,
    "periodic": periodic.RECORDS,
    "bell": bell.RECORDS,
    "polynomial": polynomial.RECORDS,
}
"""The elementwise records, family by family, in the order of every list."""

CATALOGUE = Catalogue(
    FAMILIES,
    beside=dict.fromkeys(PAIRS, "a gated pair") | dict.fromkeys(VECTORS, "a vector function"),
)
"""The elementwise activations; the two other kinds are PAIRS and VECTORS."""

get = CATALOGUE.named
names = CATALOGUE.names


def find(text: str) -> Activation | GatedPair | VectorFunction:
    """The record of any kind that `text` means: an activation, a gated pair, a vector function.

    Raises what `get` raises.
    """
    for kind in (PAIRS, VECTORS):
        if text in kind and text not in CATALOGUE:
            return kind[text]
    return CATALOGUE.named(text)


def source_of(record: Activation) -> str:
    """A digest of the source of one's own activation; empty for a formula and for the catalogue's.

    Of this package nothing counts, so that a run of one's own outlives another version of it.
    """
    if made_by_formula(record):
        return ""
    siblings = tuple(getattr(each, "function", each) for each in record.siblings)
    if record.name in CATALOGUE:
        theirs = CATALOGUE[record.name].siblings
        if siblings == tuple(getattr(each, "function", each) for each in theirs):
            return ""
    return digest_of(*siblings, door.module_of(record.place), ours=False)


def _by_its_name(record: Any) -> Any:
    """How a record is pickled: by what finds it again, where that is so."""
    kinds: tuple[Mapping[str, Any], ...] = (CATALOGUE, PAIRS, VECTORS)
    own = next((kind[record.name] for kind in kinds if record.name in kind), None)
    written = isinstance(record, Activation) and made_by_formula(record)
    known = own is not None and own.f.function is record.f.function
    place: str = getattr(record, "place", "")
    if written or known or place:
        return find, (record.spec,)
    return object.__reduce_ex__(record, 2)


for _kind in (Activation, GatedPair, VectorFunction):
    copyreg.pickle(_kind, _by_its_name)
