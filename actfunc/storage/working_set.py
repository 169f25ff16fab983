"""What a computation works on: a data set, its split on a device, and the seed of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from actfunc import data, mlp, tree
from actfunc.errors import UsageError
from actfunc.networks import Network
from actfunc.storage.provenance import describe, provenance
from actfunc.training import initialisation

HIDDEN = (512, 256, 256, 128)
"""The tutorial's hidden layers."""


class WorkingSet(NamedTuple):
    """A data set, its split on `device`, and the seed of the weights and the batches.

    The split has a seed of its own, so that networks of many seeds see the same images.
    """

    dataset: data.Dataset
    split: data.Split
    device: torch.device
    seed: int
    split_seed: int

    @property
    def described(self) -> tuple[str, ...]:
        """The parts of the line that says what is worked on."""
        sizes = f"{len(self.dataset.train.labels):,} / {len(self.dataset.test.labels):,}"
        version = torch.__version__.partition("+")[0]
        seed = f"seed {self.seed}"
        return (self.dataset.name, sizes, seed, describe(self.device), f"torch {version}")

    def facts(self) -> dict[str, Any]:
        """The same for machines: data set, seed and what made the result, as JSON values."""
        name, note = self.dataset.name, self.dataset.note
        sizes = {part: len(examples.labels) for part, examples in self.split._asdict().items()}
        return {
            "dataset": {"name": name, "note": note, **sizes},
            "seed": self.seed,
            "split_seed": self.split_seed,
            "made_by": provenance(self.device),
        }

    def sizes(self, hidden: tuple[int, ...] = HIDDEN) -> tuple[int, ...]:
        """Layer sizes from the data set's pixels through `hidden` to its classes."""
        inputs = self.dataset.train.images[0].numel()
        return (inputs, *hidden, data.outputs(self.dataset))

    def fresh(self, hidden: tuple[int, ...] = HIDDEN, init: str = "linear") -> mlp.Params:
        """The freshly initialised network of this seed, on the device; init: of `Settings`."""
        return initialisation.drawn(init, self.sizes(hidden), self.seed, self.device)

    def drawn(self, network: Network) -> Any:
        """The parameters that the seed draws of a network, on the device."""
        return tree.map(lambda leaf: leaf.to(self.device), network.init(self.seed))

    def first(self, examples: int) -> WorkingSet:
        """Only so many images, a sixth of them to validate on: the first of either part.

        A quick try of a trained network, without images changing sides.
        """
        n = len(self.dataset.train.labels)
        if examples > n:
            raise UsageError(f"examples must be {n:,} or less here, got {examples:,}")
        train, validation, test = self.split
        sixth = max(1, examples // 6)
        split = data.Split(
            train.first(max(1, examples - sixth)), validation.first(sixth), test.first(sixth)
        )
        note = f"{self.dataset.note} Of its split only the first {examples:,} images."
        dataset = self.dataset._replace(
            train=self.dataset.train.first(examples),
            test=self.dataset.test.first(sixth),
            note=note,
        )
        return self._replace(dataset=dataset, split=split)


def prepare(
    dataset: str,
    *,
    seed: int,
    device: torch.device,
    split_seed: int | None = None,
    examples: int | None = None,
    report: Callable[[str], None] | None = None,
) -> WorkingSet:
    """Load and split a data set and put it on the device; see `data.load` for the arguments.

    The split is drawn from `split_seed`, or from `seed` where there is none, as the tutorial does.
    """
    split_seed = seed if split_seed is None else split_seed
    loaded = data.load(dataset, report=report, examples=examples)
    split = tree.map(lambda leaf: leaf.to(device), data.split(loaded, split_seed))
    return WorkingSet(loaded, split, device, seed, split_seed)
