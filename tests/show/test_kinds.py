"""Gated pairs and vector functions, listed: nothing is left out of either."""

from __future__ import annotations

import json

from rich.console import Console

from actfunc.catalogue.gated import PAIRS
from actfunc.catalogue.vector import VECTORS
from actfunc.show.kinds import kinds_document, pairs_table, vectors_table


def test_every_name_formula_and_alias_is_listed():
    console = Console(width=120, color_system=None)
    with console.capture() as captured:
        console.print(pairs_table(PAIRS), vectors_table(VECTORS))
    shown = captured.get()
    for pair in PAIRS.values():
        assert all(word in shown for word in (pair.name, pair.formula, *pair.aliases))
    for one in VECTORS.values():
        assert all(word in shown for word in (one.name, one.definition, *one.aliases))


def test_the_document_is_plain_json():
    document = json.loads(json.dumps(kinds_document(PAIRS, VECTORS), allow_nan=False))
    assert [one["name"] for one in document["gated_pairs"]] == list(PAIRS)
    assert [one["name"] for one in document["vector_functions"]] == list(VECTORS)
