"""The folder of one training run: what was asked, how it went, what came out, and how to go on.

config.json             activation, sizes, settings, data set and what made it
metrics.jsonl           one line an epoch
parameters.safetensors  the best parameters
progress.safetensors    the state after the last epoch, to resume from
curve.svg               the validation accuracy by epoch
neurons.jsonl           where they were watched: one line an epoch, what its neurons are
neurons.svg             the same as shares by epoch

What is read again carries a digest, and says of which run it is; `restore` makes anew what the
progress holds as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from actfunc import mlp, tree
from actfunc.errors import CheckpointError, UsageError
from actfunc.storage import documents, files, tensors
from actfunc.storage.progress_file import (
    Identity,
    differences,
    expect_same,
    fitted,
    history_lines,
    read_best,
    read_history,
    read_progress,
    write_progress,
)
from actfunc.storage.schema import (
    anything,
    each,
    either,
    flag,
    mapping,
    number,
    record,
    text,
    whole,
)
from actfunc.training import Epoch, Progress, Settings
from actfunc.training.members import best_epoch_of, diverged_in

ANOTHER = "train it anew with --overwrite"

_KINDS = {"float": number(), "int": whole(), "str": text(), "bool": flag()}

CONFIG = record(
    ("source", "network", "network_source", "loss", "loss_source"),
    activation=text(),
    network=text(),  # a spec, of another than the multilayer perceptron
    network_source=text(),
    loss=text(),  # a spec, of another than cross-entropy
    loss_source=text(),
    source=text(),  # a digest, of one's own function
    sizes=each(whole(1), fewest=2),  # of another network, those of its inputs and outputs
    settings=record(**{field.name: _KINDS[str(field.type)] for field in fields(Settings)}),
    dataset=record(name=text(), train=whole(1), validation=whole(), split_seed=whole()),
    made_by=mapping(anything),
)
NEURONS = record(epoch=whole(1), layers=each(mapping(either(whole(), number(0)))))


class RunFolder:
    """A run folder on disk; every write leaves it whole."""

    def __init__(self, path: Path, expected: Mapping[str, Any] | None = None) -> None:
        """expected: what its config must say for the run to be the one that is looked for."""
        self.path = path
        self.config_file = path / "config.json"
        self.metrics_file = path / "metrics.jsonl"
        self.parameters_file = path / "parameters.safetensors"
        self.progress_file = path / "progress.safetensors"
        self.curve_file = path / "curve.svg"
        self.neurons_file = path / "neurons.jsonl"
        self.neurons_figure_file = path / "neurons.svg"
        self._expected = dict(expected or {})
        self._begun: Identity | None = None

    @classmethod
    def of(
        cls, root: Path, dataset: str, activation: str, seed: int, network: str = ""
    ) -> RunFolder:
        """The folder of a run below `root`: `FashionMNIST/leaky_relu-negative_slope=0.1-seed42`.

        network: the title of another than the multilayer perceptron, which its name tells as well.
        """
        names = [files.file_name(name) for name in (activation, network) if name]
        path = root / files.file_name(dataset) / "-".join([*names, f"seed{seed}"])
        return cls(path, {"activation": activation, "seed": seed})

    @property
    def identity(self) -> Identity:
        """What makes the run another than others, by its config. Raises CheckpointError."""
        return self._begun if self._begun is not None else _identity(self.config())

    @property
    def trained(self) -> bool:
        """Whether there are parameters to read. Raises CheckpointError where that is not known."""
        return files.exists(self.parameters_file) or files.exists(self.progress_file)

    def config(self) -> dict[str, Any]:
        """What was asked of the run that is here, as `begin` was given it.

        Raises CheckpointError where that is missing, damaged, or of another run than this folder's.
        """
        hint = ANOTHER if files.exists(self.config_file) else "the same `train` writes it anew"
        config: dict[str, Any] = documents.read_sealed(self.config_file, CONFIG, hint)
        try:
            Settings(**config["settings"])
        except UsageError as error:
            raise documents.damaged(self.config_file, error.message, ANOTHER) from error
        there = _identity(config)
        other = differences({key: there.get(key) for key in self._expected}, self._expected)
        if other:
            raise CheckpointError(f"{self.config_file} is of another run: {other}", ANOTHER)
        return config

    def begin(self, config: Mapping[str, Any], *, overwrite: bool = False) -> None:
        """Make the folder ready for a run of this config: empty, or the same run to go on with.

        Only for who is alone in it (`lock.alone`). Raises CheckpointError where another run, of
        other settings, stands in it.
        """
        if overwrite:
            # the config first: what a kill leaves then is of a run that nobody asks for
            made = (self.config_file, self.progress_file, self.parameters_file, self.metrics_file)
            for file in (*made, self.neurons_file, self.neurons_figure_file):
                files.remove(file)
        elif files.exists(self.config_file):
            other = differences(_identity(self.config()), _identity(config))
            if other:
                raise CheckpointError(
                    f"{self.path} holds a run with other settings: {other}",
                    "--overwrite replaces it, --out FOLDER keeps both",
                )
        documents.write_sealed(self.config_file, config)
        self._begun = _identity(config)

    def save(self, progress: Progress) -> None:
        """Keep the progress after an epoch, and the best parameters so far."""
        if progress.best_epoch == len(progress.history):
            self._write_parameters(progress)
        write_progress(self.progress_file, progress, self.identity)
        files.write_bytes(self.metrics_file, history_lines(progress.history).encode())

    def resume(self, fresh: Progress) -> Progress:
        """The progress to go on from: what was saved here, else `fresh`, which gives its shape."""
        return read_progress(self.progress_file, fresh, self.identity, ANOTHER)

    def restore(self, progress: Progress) -> None:
        """Make what a kill or a loss has left of the other files what this progress says.

        Raises CheckpointError where what was watched of the neurons is damaged.
        """
        seen = self.watched()
        epochs = len(progress.history)
        if seen and seen[-1]["epoch"] > epochs:
            self._write_watched([line for line in seen if line["epoch"] <= epochs])
        if not epochs:
            return
        try:
            kept, epoch = self._kept_parameters(progress.best)
            pairs = zip(tree.leaves(kept), tree.leaves(progress.best), strict=True)
            as_kept = epoch == progress.best_epoch and all(_same_bits(*pair) for pair in pairs)
        except CheckpointError:
            as_kept = False
        if not as_kept:
            self._write_parameters(progress)
        lines = history_lines(progress.history).encode()
        if not files.exists(self.metrics_file) or files.read_bytes(self.metrics_file) != lines:
            files.write_bytes(self.metrics_file, lines)

    def parameters(self, template: mlp.Params) -> mlp.Params:
        """The best parameters, on the device and of the shapes of `template`.

        From the progress where their own file is lost or damaged, or of an earlier epoch. Raises
        CheckpointError.
        """
        try:
            kept, epoch = self._kept_parameters(template)
        except CheckpointError as lost:
            try:
                return read_best(self.progress_file, template, self.identity, ANOTHER)
            except CheckpointError:
                raise lost from None
        try:
            newest = best_epoch_of(self.history())
        except CheckpointError:
            return kept  # which are whole, and all that is left
        if newest > epoch:
            return read_best(self.progress_file, template, self.identity, ANOTHER)
        return kept

    def history(self) -> tuple[Epoch, ...]:
        """The epochs that are trained, from the progress. Raises CheckpointError."""
        return read_history(self.progress_file, self.identity, ANOTHER)

    def watch(self, epoch: int, layers: Sequence[Mapping[str, Any]]) -> None:
        """Keep what the neurons of each hidden layer are after an epoch, as plain JSON values."""
        before = [line for line in self.watched() if line["epoch"] < epoch]
        self._write_watched([*before, {"epoch": epoch, "layers": list(layers)}])

    def watched(self) -> list[dict[str, Any]]:
        """What `watch` kept, epoch by epoch; empty where nobody watched. Raises CheckpointError."""
        if not files.exists(self.neurons_file):
            return []
        hint = "remove it, or train with --overwrite"
        kind = record(of=anything)
        lines, beside = documents.read_lines(self.neurons_file, NEURONS, hint, beside=kind)
        other = differences(beside["of"], self.identity)
        if other:
            raise CheckpointError(f"{self.neurons_file} is of another run: {other}", hint)
        return lines

    def _write_watched(self, lines: Sequence[Mapping[str, Any]]) -> None:
        documents.write_lines(self.neurons_file, lines, {"of": self.identity})

    def diverged(self) -> int | None:
        """The epoch in which it diverged; None where it did not. Raises CheckpointError."""
        return diverged_in(self.history())

    def _write_parameters(self, progress: Progress) -> None:
        of = json.dumps(self.identity, sort_keys=True)
        tensors.write_tensors(
            self.parameters_file,
            tree.named_leaves(progress.best),
            {"epoch": str(progress.best_epoch), "of": of},
        )

    def _kept_parameters(self, template: mlp.Params) -> tuple[mlp.Params, int]:
        """What is in the parameters' own file, and of which epoch. Raises CheckpointError."""
        named, beside = tensors.read_tensors(self.parameters_file, ANOTHER)
        expect_same(self.parameters_file, beside, self.identity, ANOTHER)
        epoch = beside.get("epoch", "")
        if not (epoch.isascii() and epoch.isdecimal() and len(epoch) < 10):
            raise documents.damaged(self.parameters_file, f"of epoch {epoch!r}", ANOTHER)
        return fitted(self.parameters_file, named, template, ANOTHER), int(epoch)


def _same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    # as bytes: a network that diverged has NaN, which equals nothing
    left, right = (each.cpu().contiguous().reshape(-1).view(torch.uint8) for each in (one, other))
    return torch.equal(left, right)


def _identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a run another run; how long it may go on and who asked does not.

    But the end of a run is where its schedule leads, unless that is constant.
    """
    flat = {**config, **config["settings"]}
    free = {"settings", "made_by", "patience"}
    if flat.get("schedule") == "constant":
        free.add("max_epochs")
    return {key: value for key, value in flat.items() if key not in free}
