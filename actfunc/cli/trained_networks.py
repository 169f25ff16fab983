"""The trained networks that a command reads, and the images that belong to them.

Which images a network was trained on and which it was validated on, its run says and no option.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from actfunc.cli.console import Output
from actfunc.cli.options import layer_sizes
from actfunc.cli.working_set import resolve_device, set_up
from actfunc.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    import torch

    from actfunc.storage import RunFolder, WorkingSet
    from actfunc.storage.trained import Origin, Trained
    from actfunc.storage.tutorial_checkpoint import Checkpoint


def trained_networks(
    out: Output,
    activations: list[str] | None,
    *,
    pretrained: str | None,
    runs: Path,
    hidden: str | None,
    dataset: str,
    examples: int | None,
    seed: int,
    device: str,
    split_seed: int | None = None,
    network: str | None = None,
) -> tuple[WorkingSet, dict[str, Checkpoint]]:
    """What to work on, and the trained networks asked for by name, on the device.

    Those of the tutorial's author, by the tutorial's names, where `pretrained` says from where;
    else those that `train` left in the folder `runs` with `seed`, by their specs. The six by
    default. The data set, how many images of it and their split are those of the training;
    `examples` keeps only the first of either part. network: what of `train --network` was asked
    for. The first line is printed.

    Raises CheckpointError for a network that is missing or damaged, and UsageError where the
    networks were trained on different images or an option asks for other images or sizes.
    """
    from actfunc.data.loading import TRAIN

    where = resolve_device(device)
    if pretrained is not None:
        return _authors(
            out, activations, pretrained, hidden, dataset, examples, seed, device, split_seed
        )
    trained = _from_runs(runs, activations, dataset, seed, where, network)
    networks = {name: each.network for name, each in trained.items()}
    _expect_sizes(networks, hidden)
    origin = _common({name: each.origin for name, each in trained.items()})
    _expect_images(", ".join(networks), origin, dataset, examples, split_seed)
    whole = origin.images == TRAIN.get(origin.dataset)
    work = set_up(
        out,
        origin.dataset,
        seed=seed,
        split_seed=origin.split_seed,
        device=device,
        examples=None if whole else origin.images,
        keep=examples if examples != origin.images else None,
    )
    return work, networks


def _authors(
    out: Output,
    names: list[str] | None,
    pretrained: str,
    hidden: str | None,
    dataset: str,
    examples: int | None,
    seed: int,
    device: str,
    split_seed: int | None,
) -> tuple[WorkingSet, dict[str, Checkpoint]]:
    from actfunc import tree
    from actfunc.data.loading import meant
    from actfunc.tutorial.checkpoints import ORIGIN, read_six

    with out.status("reading the author's networks") as report:
        six = read_six(pretrained, names, report)
    _expect_sizes(six, hidden)
    foreign = ORIGIN.dataset not in meant(dataset)
    work = set_up(
        out,
        dataset,
        seed=seed,
        split_seed=ORIGIN.split_seed if split_seed is None else split_seed,
        device=device,
        examples=examples if foreign else None,
        keep=None if foreign else examples,
    )
    if work.dataset.name == ORIGIN.dataset:
        _expect_images("the tutorial's networks", ORIGIN, dataset, examples, split_seed)
    else:
        trained = f"the tutorial's networks were trained on {ORIGIN}"
        out.note(f"{trained}; none of these images is among them")
    return work, {
        name: found._replace(params=tree.map(lambda leaf: leaf.to(work.device), found.params))
        for name, found in six.items()
    }


def _from_runs(
    runs: Path,
    activations: list[str] | None,
    dataset: str,
    seed: int,
    device: torch.device,
    network: str | None,
) -> dict[str, Trained]:
    """The networks by spec, of the first data set that `dataset` may mean and that has them all."""
    from actfunc.catalogue import get
    from actfunc.data.loading import meant
    from actfunc.storage import trained
    from actfunc.tutorial import SIX

    records = {text: get(text) for text in activations or SIX.values()}
    folders = {
        name: {text: run_folder(runs, name, r.spec, seed, network) for text, r in records.items()}
        for name in meant(dataset)
    }
    lacking = {
        name: [text for text, folder in each.items() if not folder.trained]
        for name, each in folders.items()
    }
    chosen = min(lacking, key=lambda name: len(lacking[name]))
    if lacking[chosen]:
        text = lacking[chosen][0]
        places = " or ".join(str(each[text].path) for each in folders.values())
        raise CheckpointError(
            f"no trained network for {records[text].spec} in {places}",
            f"`actfunc train {text}` makes it; --pretrained takes the author's",
        )
    return {
        record.spec: trained.read(folders[chosen][text], record, device)
        for text, record in records.items()
    }


def run_folder(
    runs: Path, dataset: str, activation: str, seed: int, network: str | None
) -> RunFolder:
    """The folder of a run that `train` was asked for with that --network. Raises as `get` does."""
    from actfunc.networks import title
    from actfunc.storage import RunFolder

    return RunFolder.of(runs, dataset, activation, seed, "" if network is None else title(network))


def _expect_sizes(networks: Mapping[str, Checkpoint], hidden: str | None) -> None:
    from actfunc import mlp

    asked = None if hidden is None else layer_sizes(hidden)
    for name, network in networks.items():
        if network.network is not None:
            if asked is not None:
                raise UsageError(
                    f"--hidden {hidden} is asked for, and {name} is no multilayer perceptron",
                    "leave --hidden out: --network says which network it is",
                )
            continue
        own = mlp.sizes(network.params)[1:-1]
        if asked not in (None, own):
            raise UsageError(
                f"--hidden {hidden} is asked for, but the hidden layers of {name} are"
                f" {','.join(map(str, own))}",
                "leave --hidden out: a trained network has its own sizes",
            )


def _common(origins: Mapping[str, Origin]) -> Origin:
    """What all networks were trained on; an error where that is not one thing."""
    [first, *others] = dict.fromkeys(origins.values())
    if others:
        told = (
            f"{', '.join(name for name, own in origins.items() if own == origin)} on {origin}"
            for origin in (first, *others)
        )
        raise UsageError(
            f"these networks were not trained on the same images: {'; '.join(told)}",
            "name those of the same images only: one split cannot validate them all",
        )
    return first


def _expect_images(
    who: str, origin: Origin, dataset: str, examples: int | None, split_seed: int | None
) -> None:
    from actfunc.data.loading import meant

    asked = []
    if origin.dataset not in meant(dataset):
        asked.append(f"--dataset {dataset}")
    if examples is not None and examples > origin.images:
        asked.append(f"--examples {examples}")
    if split_seed not in (None, origin.split_seed):
        asked.append(f"--split-seed {split_seed}")
    if asked:
        raise UsageError(
            f"{' '.join(asked)} is asked for, but {who} learnt from {origin}; by another split,"
            " images trained on would be among those to validate on",
            "leave that out: a trained network's own images and split are used",
        )
