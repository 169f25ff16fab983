"""A record of faults, and which tests see them.

Each table of the `.toml` files beside this one is a fault that somebody could make: a piece of
source and what stands there instead. They keep the suite honest: a test may go when the faults are
still caught without it.
"""

from __future__ import annotations

import tomllib
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import actfunc

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGE = Path(actfunc.__file__).parent

CONCERNED = {
    "": [
        *("tests/test_*.py", "tests/catalogue", "tests/training", "tests/certify/test_third.py"),
        *("tests/data/test_intake.py", "tests/cli"),
    ],
    "analysis": ["tests/analysis", "tests/cli", "tests/test_defaults.py"],
    "catalogue": ["tests/catalogue", "tests/test_*.py", "tests/certify"],
    "certify": ["tests/certify", "tests/cli", "tests/show"],
    "cli": ["tests/cli", "tests/compare", "tests/certify", "tests/data", "tests/docs"],
    "compare": ["tests/compare", "tests/show", "tests/cli"],
    "data": ["tests/data", "tests/cli"],
    "formulas": ["tests/formulas", "tests/certify", "tests/show"],
    "numerics": ["tests/certify", "tests/catalogue", "tests/test_*.py", "tests/formulas"],
    "networks": ["tests/networks"],
    "show": ["tests/show", "tests/cli", "tests/certify", "tests/tutorial"],
    "storage": ["tests/storage", "tests/training", "tests/compare", "tests/cli"],
    "training": ["tests/training", "tests/compare", "tests/storage", "tests/cli"],
    "tutorial": ["tests/tutorial", "tests/cli"],
}
"""Where the tests of a folder's files are, beside those that have a file's own name."""


class Fault(NamedTuple):
    """A piece of source, `was`, that stands once in a file, and what `becomes` of it.

    file:     below `actfunc/`.
    kind:     in a few words: wrong sign, dropped check, …
    effect:   what somebody would get wrong.
    survives: why no test sees it, where none does.
    """

    file: str
    kind: str
    effect: str
    was: str
    becomes: str
    survives: str = ""

    @property
    def folder(self) -> str:
        """The folder of the package, empty for its top."""
        return self.file.partition("/")[0] if "/" in self.file else ""

    def fits(self, package: Path) -> bool:
        """Whether what it changes stands in a package, once."""
        path = package / self.file
        return path.is_file() and path.read_text(encoding="utf-8").count(self.was) == 1

    def plant(self, package: Path) -> None:
        """Write it into a copy of the package."""
        path = package / self.file
        source = path.read_text(encoding="utf-8")
        path.write_text(source.replace(self.was, self.becomes), encoding="utf-8")

    def tests(self, root: Path) -> list[str]:
        """The test files that concern it, those of its file's name first, each once."""
        name = Path(self.file).stem
        places = [
            place if place.endswith(".py") else f"{place}/**/test_*.py"
            for place in CONCERNED[self.folder]
        ]
        own = f"tests/**/test_{name}.py", f"tests/**/test_{name.partition('_')[0]}*.py"
        found = [sorted(root.glob(each)) for each in (*own, *places)]
        paths = dict.fromkeys(chain.from_iterable(found))
        # by the record of faults itself a planted one is missed
        paths.pop(root / "tests/test_faults.py", None)
        return [str(path.relative_to(root)) for path in paths]


def load() -> list[Fault]:
    """All that are on record."""
    tables = [
        tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.toml"))
    ]
    return [Fault(**each) for table in tables for each in table["fault"]]
