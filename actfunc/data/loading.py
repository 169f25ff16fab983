"""Loading a data set by name, with the drawn one where FashionMNIST cannot be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from actfunc.data import fashion_mnist, fetch, own, silhouettes
from actfunc.data.dataset import Dataset
from actfunc.data.drawn import DRAWN, draw
from actfunc.errors import UnknownNameError, UsageError
from actfunc.number import whole
from actfunc.places import data_root

NAMES = ("auto", "fashion_mnist", "silhouettes", *DRAWN)
TRAIN = {
    fashion_mnist.NAME: fashion_mnist.FILES[0].shape[0],
    silhouettes.NAME: silhouettes.TRAIN,
    **{name: each.train for name, each in DRAWN.items()},
}
"""How many training images a data set has, by its own name."""
_TITLES = {"fashion_mnist": fashion_mnist.NAME, "silhouettes": silhouettes.NAME}


def load(
    name: str = "auto",
    *,
    root: Path | None = None,
    download: bool = True,
    report: Callable[[str], None] | None = None,
    examples: int | None = None,
) -> Dataset:
    """A data set in memory: FashionMNIST, fetched if need be, a drawn one, or a person's own.

    name:      one of NAMES, or a place, see `own.load`; "auto" is FashionMNIST where it is or
               can be fetched, else silhouettes, and the note says why. A damaged file is an error,
               never a reason to fall back.
    root:      the data folder, `data_root()` where not given; it may be read-only.
    report:    gets one line at the start of whatever takes more than a second.
    examples:  keep only so many training images and a sixth as many test images.

    Raises UnknownNameError, UsageError, and DataError naming the file and what is wrong with it.
    """
    if examples is not None:
        examples = whole("examples", examples)
    if own.is_place(name):
        loaded = own.load(name)
        return _first(loaded, None if examples == len(loaded.train.labels) else examples)
    chosen = _chosen(name)
    if chosen in DRAWN:
        _expect_at_most(examples or 1, DRAWN[chosen].train, chosen)
        return _first(draw(chosen, examples), examples)
    root = data_root() if root is None else Path(root)
    if chosen == "silhouettes":
        return _silhouettes(examples, report)
    try:
        dataset = _fashion_mnist(root, download, report)
    except fashion_mnist.UnavailableError as why:
        if chosen == "fashion_mnist":
            raise
        drawn = _silhouettes(examples, report)
        return drawn._replace(note=f"{_absence(root, why, download)} {drawn.note}")
    return _first(dataset, examples)


def meant(name: str) -> tuple[str, ...]:
    """The own names of the data sets that one of NAMES may mean, the preferred one first, and a
    person's own by its place.

    Raises UnknownNameError.
    """
    if own.is_place(name):
        return (name,)
    chosen = _chosen(name)
    return tuple(_TITLES.values()) if chosen == "auto" else (_TITLES.get(chosen, chosen),)


def _chosen(name: str) -> str:
    known = {"fashionmnist": "fashion_mnist"} | {each: each for each in NAMES}
    chosen = known.get(str(name).lower().replace("-", "_"))
    if chosen is None:
        raise UnknownNameError.among(
            "data set",
            str(name),
            NAMES,
            f"known: {', '.join(NAMES)}; your own are file.npz or file.py:name",
        )
    return chosen


def _fashion_mnist(root: Path, download: bool, report: Callable[[str], None] | None) -> Dataset:
    absent = fashion_mnist.missing(root)
    # only what is absent: a damaged file is for the reader to report, not to be replaced unasked
    if absent and download:
        fetch.fetch(root, absent, report)
    return fashion_mnist.read(root)


def _silhouettes(examples: int | None, report: Callable[[str], None] | None) -> Dataset:
    if examples is None:
        return silhouettes.load(report=report)
    _expect_at_most(examples, silhouettes.TRAIN, silhouettes.NAME)
    drawn = silhouettes.draw(examples, max(1, examples // 6))
    return _first(drawn, examples)


def _first(dataset: Dataset, examples: int | None) -> Dataset:
    if examples is None:
        return dataset
    _expect_at_most(examples, len(dataset.train.labels), dataset.name)
    tests = max(1, examples // 6)
    return dataset._replace(
        train=dataset.train.first(examples),
        test=dataset.test.first(tests),
        note=f"{dataset.note} Only the first {examples:,} training and {tests:,} test images.",
    )


def _expect_at_most(examples: int, n: int, name: str) -> None:
    if examples > n:
        raise UsageError(f"examples must be {n:,} or less for {name}, got {examples:,}")


def _absence(root: Path, why: fashion_mnist.UnavailableError, download: bool) -> str:
    tried = why.message if download else "that was not asked for (`actfunc data --fetch`)"
    return (
        f"FashionMNIST was not found in {fashion_mnist.folder(root)} and not fetched: {tried}."
        " All results are on the drawn set."
    )
