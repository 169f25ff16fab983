"""The explorer: one HTML page on which functions are chosen, moved by sliders and typed.

It loads nothing. What it shows is computed in the browser, from the formulas' trees, by the
JavaScript in this folder; `page` puts it all into one file.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jinja2

from actfunc import __version__, domain
from actfunc.activation import Activation
from actfunc.catalogue.lookup import Catalogue
from actfunc.formulas.formula import ARITY, parse
from actfunc.formulas.tree import as_json
from actfunc.show import style

SCRIPTS = (
    "uPlot.iife.min.js", "element.js", "twofold.js", "jets.js", "fractions.js", "formula.js",
    "curve.js", "signal.js", "state.js", "subjects.js", "charts.js", "cards.js", "numbers.js",
    "explorer.js",
)  # fmt: skip
"""In the order in which they use each other."""


def page(catalogue: Catalogue) -> str:
    """The page with every activation of the catalogue, as one HTML document that loads nothing."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["part"] = _part
    data = json.dumps(document(catalogue), ensure_ascii=False, separators=(",", ":"))
    return environment.from_string(_part("page.html.jinja")).render(
        data=data.replace("<", r"\u003c"),  # nothing in it ends the script that it stands in
        functions=sorted(ARITY),
        scripts=SCRIPTS,
        version=__version__,
    )


def _part(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")


def document(catalogue: Catalogue) -> dict[str, Any]:
    """What the page knows of the catalogue, and the colours for what a person types."""
    records = [_record(each, catalogue.family(each.name)) for each in catalogue.values()]
    return {"records": records, "others": style.OTHERS, "shades": style.SHADES}


def _record(record: Activation, family: str) -> dict[str, Any]:
    def tree(text: str) -> Any:
        return as_json(parse(text, record.params).tree)

    def interval(text: str) -> dict[str, Any]:
        # with trees for its ends, which may be other parameters, and null for infinite ones
        ends = [word.strip() for word in text[1:-1].split(",")]
        low, high = (None if word.endswith("inf") else tree(word) for word in ends)
        found = domain.interval(text, record.params)
        sides = {"withLow": found.with_low, "withHigh": found.with_high}
        return {"text": text, "low": low, "high": high, **sides}

    return {
        "name": record.name,
        "family": family,
        "aliases": record.aliases,
        "formula": record.formula,
        "tree": tree(record.formula),
        "params": dict(record.params),
        "domain": {name: interval(text) for name, text in record.domain.items()},
        "asymptotes": [text if text is None else tree(text) for text in record.asymptotes],
        "asymptoteTexts": record.asymptotes,
        "poles": record.poles,
        "colour": style.colour(record.name),
    }
