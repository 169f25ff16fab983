"""A trained network read back from its run folder, with the images that it was trained on."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.catalogue import source_of
from actfunc.errors import CheckpointError
from actfunc.storage import files
from actfunc.storage.run_folder import ANOTHER, RunFolder
from actfunc.storage.tutorial_checkpoint import Checkpoint


class Origin(NamedTuple):
    """What a network was trained on.

    dataset:     the data set's own name.
    images:      so many of its first training images, before the split.
    split_seed:  the seed that split them in those to train and those to validate on.
    """

    dataset: str
    images: int
    split_seed: int

    def __str__(self) -> str:
        return f"{self.images:,} images of {self.dataset}, split by seed {self.split_seed}"


class Trained(NamedTuple):
    """A trained network and what it was trained on."""

    network: Checkpoint
    origin: Origin


def read(folder: RunFolder, activation: Activation, device: torch.device) -> Trained:
    """The network that `train` left in `folder`, on the device, of the sizes it was trained with.

    Raises CheckpointError for what is missing or damaged.
    """
    config = files.read_json(folder.config_file, ANOTHER)
    try:
        origin, sizes = _origin(config), tuple(int(size) for size in config["sizes"])
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes {sizes}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CheckpointError(
            f"{folder.config_file} is not a run's config: {what}", ANOTHER
        ) from error
    if (source := source_of(activation)) and config.get("source") != source:
        raise CheckpointError(
            f"{activation.spec} is not what it was when {folder.path} was trained: its source has"
            " changed",
            ANOTHER,
        )
    template = mlp.init(sizes, seed=0, device=device)
    return Trained(Checkpoint(activation, folder.parameters(template)), origin)


def _origin(config: dict[str, Any]) -> Origin:
    dataset = config["dataset"]
    images = int(dataset["train"]) + int(dataset["validation"])
    return Origin(str(dataset["name"]), images, int(dataset["split_seed"]))
