"""The author's six trained networks: where they are, and fetching them where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from actfunc.data import data_root, fashion_mnist
from actfunc.data.download import DownloadError, download
from actfunc.data.loading import TRAIN
from actfunc.errors import CheckpointError, UnknownNameError
from actfunc.storage import authors_files, tutorial_checkpoint
from actfunc.storage.trained import Origin
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.tutorial import SIX

ORIGIN = Origin(fashion_mnist.NAME, TRAIN[fashion_mnist.NAME], split_seed=42)
"""What the tutorial's networks were trained on, by its notebook."""

AUTHOR = "author"
FOLDER = "uva_checkpoints"
ADDRESS = "https://raw.githubusercontent.com/phlippe/saved_models/main/tutorial3/"


def read_six(
    where: str = AUTHOR,
    names: Sequence[str] | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, Checkpoint]:
    """The author's networks by the tutorial's names, or those of `names`.

    where: a folder, or AUTHOR: the data folder's own, fetched where a file is not there.
    Raises CheckpointError for what is missing, damaged or unsafe, or AUTHOR's and not as published.
    """
    wanted = list(names or SIX)
    for name in wanted:
        if name not in SIX:
            raise UnknownNameError.among(
                "network of the tutorial", name, SIX, f"there are {', '.join(SIX)}"
            )
    folder = _authors(wanted, report) if where == AUTHOR else Path(where)
    if not folder.is_dir():
        raise CheckpointError(
            f"no folder {folder}", "`--pretrained` alone takes the author's, fetched if need be"
        )
    published = where == AUTHOR
    return {name: tutorial_checkpoint.read(folder, name, as_published=published) for name in wanted}


def _authors(names: Sequence[str], report: Callable[[str], None]) -> Path:
    folder = data_root() / FOLDER
    paths = [path for name in names for path in tutorial_checkpoint.paths(folder, name)]
    absent = [authors_files.FILES[path.name] for path in paths if not path.exists()]
    try:
        download(absent, [ADDRESS], folder, report)
    except DownloadError as why:
        raise CheckpointError(
            why.message, f"{why.hint}; --pretrained FOLDER reads those of a folder"
        ) from why
    return folder
