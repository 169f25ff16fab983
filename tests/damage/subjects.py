"""The kinds of files that the package reads, small, whole, and with others like them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from actfunc import data, get, mlp, tree
from actfunc.certify import constants, exhaustive, kept, remembered
from actfunc.compare import trainer
from actfunc.data import fashion_mnist, silhouettes
from actfunc.storage import RunFolder, WorkingSet, documents, trained, tutorial_checkpoint
from actfunc.storage.run import train
from actfunc.training import Progress, Settings
from tests.compare.small import Cut, Told, plan_of, run, timeless
from tests.damage import Subject
from tests.data import fake_archives
from tests.made_up import small_dataset

CPU = torch.device("cpu")
SETTINGS = Settings(batch_size=200, max_epochs=3, learning_rate=0.05, seed=5)
RATES = (SETTINGS, replace(SETTINGS, learning_rate=0.1))


def subjects(root: Path, checkpoints: Path | None = None) -> list[Subject]:
    """All kinds, made below `root`; `checkpoints` is the folder of the author's, if it is there."""
    found = [
        *_runs(root / "runs"),
        _members(root / "members"),
        _certificates(root / "certificates"),
        _constants(root / "constants"),
        _blocks(root / "blocks"),
        _truths(root / "truths"),
        _silhouettes(root / "silhouettes"),
        _written_networks(root / "networks"),
        _archives(root / "archives"),
    ]
    return [*found, *([_authors(root / "authors", checkpoints)] if checkpoints else [])]


def _runs(root: Path) -> Iterator[Subject]:
    """A finished run that is evaluated and that is trained on, and one that is cut off."""
    small = small_dataset()
    work = WorkingSet(small, data.split(small, 5), CPU, 5, 5)

    def go(folder: Path, settings: Settings = SETTINGS, cut: int | None = None) -> Progress:
        def watch(progress: Progress) -> None:
            counts = [{"dead": len(progress.history), "pairs": 0.1 + settings.learning_rate}]
            RunFolder.of(folder, "made-up", "tanh", 5).watch(len(progress.history), counts)

        def after(progress: Progress) -> None:
            if len(progress.history) == cut:
                raise Cut

        more = {"hidden": (16, 8), "watch": watch, "on_epoch": after}
        return train(get("tanh"), work, settings, folder, **more).progress

    for name, cut in (("finished", None), ("cut", 2)):
        for number, settings in enumerate(RATES):
            with suppress(Cut):
                go(root / name / str(number), settings, cut)

    def evaluated(folder: Path) -> object:
        place = RunFolder.of(folder, "made-up", "tanh", 5)
        network, origin = trained.read(place, get("tanh"), CPU)
        return origin, _weights(network.params)

    def trained_on(folder: Path) -> object:
        place, progress = RunFolder.of(folder, "made-up", "tanh", 5), go(folder)
        epochs = [[*map(json.loads, place.metrics_file.read_text().splitlines())]]
        epochs.append([epoch._asdict() for epoch in progress.history])
        for epoch in (*epochs[0], *epochs[1]):
            del epoch["seconds"]
        files = sorted(path.name for path in place.path.iterdir())
        own = _weights(trained.read(place, get("tanh"), CPU).network.params)
        return files, epochs, _weights(progress[:2]), own, place.watched()

    for what, name, use in (
        ("a run, evaluated", "finished", evaluated),
        ("a run, trained again", "finished", trained_on),
        ("a run cut off, gone on with", "cut", trained_on),
    ):
        others = (root / name / "1",)
        # that neurons were not watched until now is nothing that anybody could know
        yield Subject(what, root / name / "0", others, use, optional=("neurons.jsonl",))


def _members(root: Path) -> Subject:
    """A comparison cut off, with members that are done and that are on their way."""
    plan = plan_of("tanh", "relu", seeds=2)
    settings = Settings(batch_size=50, max_epochs=3, patience=1, early_stopping=False)
    for number, patience in ((0, 1), (1, 2)):
        changed = replace(settings, patience=patience)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trainer, "SAVE_EVERY", -1.0)
            with suppress(Cut):
                run(plan, root / str(number), changed, tell=Told(cut_after=9))

    def use(folder: Path) -> object:
        return timeless(run(plan, folder, settings))

    return Subject("a comparison's members", root / "0", (root / "1",), use)


def _certificates(root: Path) -> Subject:
    made, lines = kept.load()
    few = list(lines.values())[:4]
    for number in (0, 1):
        told = [{"made": made}, *few[2 * number :][:2]]
        documents.write_lines(root / str(number) / "kept.jsonl", told)
    # of another run it is another file, which is named on the command line and whole
    return Subject("certificates", root / "0", (), lambda folder: kept.load(folder / "kept.jsonl"))


def _constants(root: Path) -> Subject:
    for number, few in ((0, slice(2)), (1, slice(2, 4))):
        lines = list(constants.table().values())[few]
        documents.write_lines(root / str(number) / "constants.jsonl", lines)

    def use(folder: Path) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(constants.resources, "files", lambda package: folder)
            return constants.table.__wrapped__()

    return Subject("constants", root / "0", (), use)


def _blocks(root: Path) -> Subject:
    record, other = get("gelu"), get("silu")

    def use(folder: Path, asked: object = record) -> object:
        with _setting("XDG_CACHE_HOME", folder), pytest.MonkeyPatch.context() as patch:
            patch.setattr(exhaustive, "BLOCKS", 4)
            patch.setattr(exhaustive, "BLOCK", 2**10)
            *_, (_, total) = exhaustive.blocks(asked, CPU, threads=1)
            return total

    for number, each in enumerate((record, other)):
        use(root / str(number), each)
    return _of_one_name("exhaustive blocks", root, use)


def _truths(root: Path) -> Subject:
    x = torch.linspace(-2, 2, 300, dtype=torch.float64)

    def use(folder: Path, power: int = 2) -> object:
        with _setting("ACTFUNC_TRUTHS", folder):
            proven = partial(lambda p: [x**p, x > 0], power)
            found = remembered.remembered("actfunc.formulas.tree", power, [x], proven)
            return _weights(found)

    for power in (2, 3):
        use(root / str(power - 2), power)
    return _of_one_name("proven truths", root, use)


def _silhouettes(root: Path) -> Subject:
    def use(folder: Path, seed: int = 0) -> object:
        with _setting("XDG_CACHE_HOME", folder):
            drawn = silhouettes.load(12, 4, seed)
            return _weights([*drawn.train, *drawn.test])

    for seed in (0, 1):
        use(root / str(seed), seed)
    return _of_one_name("drawn images", root, use)


def _written_networks(root: Path) -> Subject:
    for number, spec in ((0, "leaky_relu:negative_slope=0.1"), (1, "leaky_relu")):
        network = tutorial_checkpoint.Checkpoint(get(spec), mlp.init((12, 8, 3), seed=number))
        tutorial_checkpoint.write(root / str(number), "leakyrelu", network)
    return Subject("networks written", root / "0", (root / "1",), _read_network)


def _archives(root: Path) -> Subject:
    contents = fake_archives.CONTENTS
    fake_archives.place(root / "0", contents)
    fake_archives.place(root / "1", (contents[2], contents[3], contents[0], contents[1]))

    def use(folder: Path) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fashion_mnist, "FILES", fake_archives.table(contents))
            read = fashion_mnist.read(folder)
            return _weights([*read.train, *read.test])

    return Subject("FashionMNIST", root / "0", (root / "1",), use)


def _authors(root: Path, checkpoints: Path) -> Subject:
    for number, name in enumerate(("leakyrelu", "tanh")):
        (root / str(number)).mkdir(parents=True)
        pairs = zip(
            tutorial_checkpoint.paths(checkpoints, name),
            tutorial_checkpoint.paths(root / str(number), "leakyrelu"),
            strict=True,
        )
        for theirs, ours in pairs:
            shutil.copy(theirs, ours)
    return Subject("the author's networks", root / "0", (root / "1",), _read_network)


def _read_network(folder: Path) -> object:
    network = tutorial_checkpoint.read(folder, "leakyrelu")
    return network.activation.spec, _weights(network.params)


def _of_one_name(name: str, root: Path, use: Callable[[Path], object]) -> Subject:
    """A cache's one file, and another's under its name: in a cache the name says what it is of."""
    [this], [other] = ([p for p in (root / n).rglob("*") if p.is_file()] for n in "01")
    place = root / "2" / this.relative_to(root / "0")
    place.parent.mkdir(parents=True)
    shutil.copy(other, place)
    return Subject(name, root / "0", (root / "2",), use)


def _weights(parts: object) -> list[tuple[str, str, bytes]]:
    """Tensors by dtype, shape and bits."""
    return [
        (str(leaf.dtype), str(tuple(leaf.shape)), leaf.contiguous().numpy().tobytes())
        for leaf in tree.leaves(parts)
    ]


@contextmanager
def _setting(name: str, folder: Path) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(name) if before is None else os.environ.update({name: before})
