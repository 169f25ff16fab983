"""A trained network read back from its run folder, with the images that it was trained on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from actfunc import mlp, networks, tree
from actfunc.activation import Activation
from actfunc.catalogue import source_of
from actfunc.errors import CheckpointError
from actfunc.networks import Network
from actfunc.storage.progress_file import differences
from actfunc.storage.run import objective_facts
from actfunc.storage.run_folder import ANOTHER, RunFolder
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.training import losses


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
    config = folder.config()
    network, loss = config.get("network", ""), config.get("loss", losses.CROSS_ENTROPY.name)
    now = objective_facts(network, loss) | {"source": source_of(activation)}
    now = {key: told for key, told in now.items() if told}
    other = differences({key: config.get(key) for key in now}, now)
    if other:
        raise CheckpointError(f"{folder.path} was trained otherwise: {other}", ANOTHER)
    of = config["dataset"]
    origin = Origin(of["name"], of["train"] + of["validation"], of["split_seed"])
    known = networks.get(network) if network else None
    params = folder.parameters(_template(config["sizes"]) if known is None else _like(known))
    params = tree.map(lambda leaf: leaf.to(device), params)
    return Trained(Checkpoint(activation, params, known, loss), origin)


def _like(network: Network) -> Any:
    return tree.map(lambda leaf: leaf.to("meta"), network.init(0))


def _template(sizes: Sequence[int]) -> mlp.Params:
    """A network's shapes, without the memory that a damaged file could ask for."""
    return tuple(
        mlp.Layer(torch.empty(fan_out, fan_in, device="meta"), torch.empty(fan_out, device="meta"))
        for fan_in, fan_out in itertools.pairwise(sizes)
    )
