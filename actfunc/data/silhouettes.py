"""Silhouettes: a drawn data set of FashionMNIST's ten classes, for where that cannot be had.

Same sizes, same classes, about as hard: a linear model does clearly worse than a small network.
Every image comes from a seed; the test part is drawn from random numbers of its own.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from actfunc.data.dataset import CLASSES, Dataset, Examples
from actfunc.data.drawing import others, shoes, tops
from actfunc.data.drawing.brush import ROLLS, SIDE, Canvas, Dice, canvas
from actfunc.places import cache_root

NAME = "silhouettes"
TRAIN, TEST = 60_000, 10_000
VERSION = 1
"""Counts every change of the drawings, so that an older cache is drawn again."""

BLOCK = 1_000
"""Images that share a generator: the first n images of a set do not depend on its size."""

CHUNK = 40
"""Images of a class drawn at once: so few pixels that torch keeps each operation on one thread.

With more it shares every operation out, and on a busy machine its threads wait for each other.
"""

Draw = Callable[[Canvas, Dice], Tensor]

GARMENTS: dict[str, Draw] = {
    **{name: partial(tops.top, cut=cut) for name, cut in tops.CUTS.items()},
    "Trouser": others.trouser,
    "Sandal": shoes.sandal,
    "Sneaker": shoes.sneaker,
    "Bag": others.bag,
    "Ankle boot": shoes.ankle_boot,
}


def draw(train: int = TRAIN, test: int = TEST, seed: int = 0, chunk: int = CHUNK) -> Dataset:
    """The drawn set with the given numbers of images; `chunk` bounds the memory, nothing else."""
    return Dataset(
        NAME,
        CLASSES,
        examples(train, seed, part=0, chunk=chunk),
        examples(test, seed, part=1, chunk=chunk),
        _note(seed),
    )


def examples(n: int, seed: int, part: int, chunk: int = CHUNK) -> Examples:
    """The first n images of a part (0 training, 1 test): the same for any n and any chunk."""
    pictures, places, labels = [], [], []
    for start in range(0, n, BLOCK):
        # torch's CPU generator keeps 32 bits of a seed, so parts and blocks have to fit into them
        mixed = ((2 * seed + part) * 1_000_003 + start // BLOCK) % 2**32
        generator = torch.Generator().manual_seed(mixed)
        label = torch.randperm(BLOCK, generator=generator, device="cpu") % len(CLASSES)
        rolls = torch.rand(BLOCK, ROLLS, dtype=torch.float32, generator=generator, device="cpu")
        grain = torch.rand(
            BLOCK, SIDE, SIDE, dtype=torch.float32, generator=generator, device="cpu"
        )
        kept = label[: n - start]
        for name, which in _groups(kept.tolist(), chunk):
            dice = Dice(rolls.index_select(0, which))
            picture = GARMENTS[name](canvas(dice, grain.index_select(0, which)), dice)
            pictures.append((picture.clamp(0, 1) * 255 + 0.5).to(torch.uint8))
            places.append(which + start)
        labels.append(kept)
    order = torch.cat(places).argsort()
    return Examples(torch.cat(pictures).index_select(0, order), torch.cat(labels))


def _groups(labels: list[int], chunk: int) -> Iterator[tuple[str, Tensor]]:
    """The places of each class's images, at most `chunk` at once."""
    for index, name in enumerate(CLASSES):
        places = [place for place, label in enumerate(labels) if label == index]
        for start in range(0, len(places), chunk):
            yield name, torch.tensor(places[start : start + chunk], device="cpu")


def load(
    train: int = TRAIN,
    test: int = TEST,
    seed: int = 0,
    report: Callable[[str], None] | None = None,
) -> Dataset:
    """The drawn set out of the user's cache, drawn and kept there the first time.

    A damaged cache is drawn again; where nothing can be kept, it is drawn every time.
    """
    folder = cache_root() / "data" / NAME
    path = folder / f"version-{VERSION}-seed-{seed}-{train}-{test}.safetensors"
    kept = _kept(path)
    if kept is None:
        if report is not None:
            report(f"drawing {train + test:,} silhouettes")
        dataset = draw(train, test, seed)
        _keep(path, dataset)
        return dataset
    return Dataset(NAME, CLASSES, *kept, _note(seed))


def _kept(path: Path) -> tuple[Examples, Examples] | None:
    """What the cache holds, if that is whole."""
    try:
        held = safetensors.torch.load(path.read_bytes())
        train = Examples(held["train.images"], held["train.labels"])
        test = Examples(held["test.images"], held["test.labels"])
        whole = torch.equal(held["digest"], _digest(path.name, train, test))
        return (train, test) if whole else None
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, SafetensorError):
        return None


def _keep(path: Path, dataset: Dataset) -> None:
    """Write the cache under a name of its own first: nobody may find half of it."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    content = safetensors.torch.save(
        {
            "train.images": dataset.train.images,
            "train.labels": dataset.train.labels,
            "test.images": dataset.test.images,
            "test.labels": dataset.test.labels,
            "digest": _digest(path.name, dataset.train, dataset.test),
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError:
        return  # a cache only saves time


def _digest(name: str, *parts: Examples) -> Tensor:
    """The md5 of a cache's name and of its tensors, dtypes and shapes included, 16 bytes.

    safetensors does not notice a flipped bit.
    """
    md5 = hashlib.md5(name.encode(), usedforsecurity=False)
    for part in parts:
        for tensor in part:
            md5.update(f"{tensor.dtype} {tuple(tensor.shape)}\n".encode())
            md5.update(tensor.contiguous().numpy().data)
    return torch.tensor(list(md5.digest()), dtype=torch.uint8, device="cpu")


def _note(seed: int) -> str:
    return (
        f"Silhouettes: FashionMNIST's ten classes drawn from seed {seed}, not photographs;"
        " accuracies on them do not compare with FashionMNIST's."
    )
