"""The author's six trained networks: where they are, and fetching them where they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from actfunc.data import data_root, fashion_mnist
from actfunc.data.download import DownloadError, Published, download
from actfunc.data.loading import TRAIN
from actfunc.errors import CheckpointError, UnknownNameError
from actfunc.storage import tutorial_checkpoint
from actfunc.storage.trained import Origin
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.tutorial import SIX

ORIGIN = Origin(fashion_mnist.NAME, TRAIN[fashion_mnist.NAME], split_seed=42)
"""What the tutorial's networks were trained on, by its notebook."""

AUTHOR = "author"
FOLDER = "uva_checkpoints"
ADDRESS = "https://raw.githubusercontent.com/phlippe/saved_models/main/tutorial3/"

FILES = {
    file.name: file
    for file in (
        Published(
            "FashionMNIST_elu.config",
            103,
            "163999f76542bfec5b1d41c31e61ef833397ab3df8222659a9605fc8e416ba68",
        ),
        Published(
            "FashionMNIST_elu.tar",
            2_534_722,
            "35c38b937200b89665c9ce9fca174908b6494abd603ae1fbb39a162af7620a1a",
        ),
        Published(
            "FashionMNIST_leakyrelu.config",
            123,
            "45e9e320c2190f53bae21276c11d073a70689711790d17bb7322f612655e234c",
        ),
        Published(
            "FashionMNIST_leakyrelu.tar",
            2_534_722,
            "76598913dab64fbc1e6d4cdcc0590d4d8f24a2ad311d6d721699a3c5790e590f",
        ),
        Published(
            "FashionMNIST_relu.config",
            104,
            "dd63e07b83259e9cf0f3eef646cefb7bfaa536bde7062910884b45de50cfcb20",
        ),
        Published(
            "FashionMNIST_relu.tar",
            2_534_722,
            "0d7184a8ebc940c61580fd2df1c864b1817e1a16a1e3783e47d47d5efc3a6555",
        ),
        Published(
            "FashionMNIST_sigmoid.config",
            107,
            "3a266e849977a204b51bcd7f041a3261cb392d017eb159b5283c50e1af83e69e",
        ),
        Published(
            "FashionMNIST_sigmoid.tar",
            2_534_722,
            "733c23d3a4717595c36506675de4ed6892c9b1df6c454b3de279d6dfa7b27bc2",
        ),
        Published(
            "FashionMNIST_swish.config",
            105,
            "a617c8feae74e0bc412111ad1b63c4035418f83d8c6d66830061c7c565c29839",
        ),
        Published(
            "FashionMNIST_swish.tar",
            2_534_722,
            "f3fc3b4e9b4d55717f94eba60425da2489f1fef4f8b5478d9f0200699a6c57dc",
        ),
        Published(
            "FashionMNIST_tanh.config",
            104,
            "9e9654a586ca47e8b0491bd5a7ce94557fa6dc64ad54325e989e91e4971938ce",
        ),
        Published(
            "FashionMNIST_tanh.tar",
            2_534_722,
            "f27b1999c4f18fec2c7673266e97ca22ee9445d7b1ad5a896dd930488be09dd3",
        ),
    )
}
"""As the author published them; what is downloaded must be these."""


def read_six(
    where: str = AUTHOR,
    names: Sequence[str] | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, Checkpoint]:
    """The author's networks by the tutorial's names, or those of `names`.

    where: a folder, or AUTHOR: the data folder's own, fetched where a file is not there.
    Raises CheckpointError for what is missing, damaged or unsafe.
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
    return {name: tutorial_checkpoint.read(folder, name) for name in wanted}


def _authors(names: Sequence[str], report: Callable[[str], None]) -> Path:
    folder = data_root() / FOLDER
    paths = [path for name in names for path in tutorial_checkpoint.paths(folder, name)]
    absent = [FILES[path.name] for path in paths if not path.exists()]
    try:
        download(absent, [ADDRESS], folder, report)
    except DownloadError as why:
        raise CheckpointError(
            why.message, f"{why.hint}; --pretrained FOLDER reads those of a folder"
        ) from why
    return folder
