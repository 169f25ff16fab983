"""Single faults in every kind of file that the package reads: refused or healed, never used.

`subjects.py` has the files and what reads them, `__main__.py` does thousands of faults.
"""

from __future__ import annotations

import random
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from actfunc.errors import ActfuncError

FAULTS = ("flipped", "cut", "swapped", "grown", "lost")
OUTCOMES = ("unread or healed", "refused", "silent", "traceback")
BAD = OUTCOMES[2:]


class Subject(NamedTuple):
    """A folder of files and what reads them.

    whole:     the folder as it was written; others: those of other runs, with files of its names.
    use:       reads a copy of it, and gives all that it found, to be compared by its repr.
    optional:  names of files that need not be there: to lose one is no fault.
    """

    name: str
    whole: Path
    others: tuple[Path, ...]
    use: Callable[[Path], object]
    optional: tuple[str, ...] = ()

    @property
    def files(self) -> list[Path]:
        """The files by their places in the folder."""
        found = (path for path in self.whole.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.whole) for path in found)


class Found(NamedTuple):
    """What came of a fault, one of OUTCOMES; `told` is the error."""

    subject: str
    file: str
    fault: str
    outcome: str
    told: str = ""


def undamaged(subject: Subject, work: Path) -> str:
    """The repr of what a subject gives as it was written."""
    return repr(subject.use(_copied(subject, work)))


def tried(subject: Subject, right: str, drawn: random.Random, work: Path) -> Found:
    """One random fault in one of a subject's files. right: what `undamaged` gives."""
    file = drawn.choice(subject.files)
    possible = {"swapped": bool(subject.others), "lost": file.name not in subject.optional}
    fault = drawn.choice([kind for kind in FAULTS if possible.get(kind, True)])
    _copied(subject, work)
    _damage(work / file, fault, [other / file for other in subject.others], drawn)
    told = ""
    try:
        outcome = "unread or healed" if repr(subject.use(work)) == right else "silent"
    except ActfuncError as error:
        told = f"{error.message} [{error.hint}]"
        good = error.hint and error.exit_code == 3 and told.isprintable()
        outcome = "refused" if good else "traceback"
    except Exception:
        outcome, told = "traceback", traceback.format_exc()
    return Found(subject.name, str(file), fault, outcome, told)


def _copied(subject: Subject, work: Path) -> Path:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(subject.whole, work)
    return work


def _damage(path: Path, fault: str, others: list[Path], drawn: random.Random) -> None:
    content = path.read_bytes()
    if fault == "lost":
        path.unlink()
        return
    if fault == "swapped":
        content = drawn.choice(others).read_bytes()
    elif fault == "cut":
        content = content[: drawn.randrange(len(content))]
    elif fault == "grown":
        content += drawn.randbytes(drawn.choice([1, 8, 500]))
    else:
        place, garbled = drawn.randrange(len(content)), bytearray(content)
        garbled[place] ^= drawn.randrange(1, 256)
        content = bytes(garbled)
    path.write_bytes(content)
