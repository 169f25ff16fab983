"""The folder of one training run: what was asked, how it went, what came out, and how to go on.

config.json             activation, sizes, settings, data set and what made it
metrics.jsonl           one line an epoch
parameters.safetensors  the best parameters
progress.safetensors    the state after the last epoch, to resume from
curve.svg               the validation accuracy by epoch
neurons.jsonl           where they were watched: one line an epoch, what its neurons are
neurons.svg             the same as shares by epoch
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from actfunc import mlp, tree
from actfunc.errors import CheckpointError
from actfunc.storage import files
from actfunc.training import Epoch, Progress
from actfunc.training.members import diverged_in

ANOTHER = "train it anew with --overwrite"


class RunFolder:
    """A run folder on disk; every write leaves it whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self.metrics_file = path / "metrics.jsonl"
        self.parameters_file = path / "parameters.safetensors"
        self.progress_file = path / "progress.safetensors"
        self.curve_file = path / "curve.svg"
        self.neurons_file = path / "neurons.jsonl"
        self.neurons_figure_file = path / "neurons.svg"

    @classmethod
    def of(cls, root: Path, dataset: str, activation: str, seed: int) -> RunFolder:
        """The folder of a run below `root`: `FashionMNIST/leaky_relu-negative_slope=0.1-seed42`."""
        slug = re.sub(r"[^\w.=+-]+", "-", activation)
        return cls(root / dataset / f"{slug}-seed{seed}")

    def begin(self, config: dict[str, Any], *, overwrite: bool = False) -> None:
        """Make the folder ready for a run of this config: empty, or the same run to go on with.

        Raises CheckpointError where another run, of other settings, stands in it.
        """
        if overwrite:
            made = (self.progress_file, self.parameters_file, self.metrics_file)
            for file in (*made, self.neurons_file, self.neurons_figure_file):
                file.unlink(missing_ok=True)
        elif self.config_file.exists():
            before = files.read_json(self.config_file)
            if not isinstance(before, dict):
                raise CheckpointError(
                    f"{self.config_file} is damaged: expected a run's settings, found {before!r}",
                    ANOTHER,
                )
            there, asked = _identity(before), _identity(config)
            differing = [key for key in asked if there.get(key) != asked[key]]
            if differing:
                raise CheckpointError(
                    f"{self.path} holds a run with other settings: "
                    + ", ".join(f"{k} {there.get(k)}, asked for {asked[k]}" for k in differing),
                    "--overwrite replaces it, --out FOLDER keeps both",
                )
        for left_by_a_kill in self.path.glob(".*.partial"):
            left_by_a_kill.unlink(missing_ok=True)
        files.write_json(self.config_file, config)

    def save(self, progress: Progress) -> None:
        """Keep the progress after an epoch, and the best parameters so far."""
        if progress.best_epoch == len(progress.history):
            files.write_tensors(
                self.parameters_file,
                tree.named_leaves(progress.best),
                {"epoch": str(progress.best_epoch)},
            )
        write_progress(self.progress_file, progress)
        files.write_bytes(self.metrics_file, _lines(progress).encode())

    def watch(self, epoch: int, layers: Sequence[Mapping[str, Any]]) -> None:
        """Keep what the neurons of each hidden layer are after an epoch, as plain JSON values."""
        before = [line for line in self.watched() if line["epoch"] < epoch]
        lines = [*before, {"epoch": epoch, "layers": list(layers)}]
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
        files.write_bytes(self.neurons_file, text.encode())

    def watched(self) -> list[dict[str, Any]]:
        """What `watch` kept, epoch by epoch; empty where nobody watched."""
        if not self.neurons_file.exists():
            return []
        try:
            read = [json.loads(line) for line in self.neurons_file.read_text("utf-8").splitlines()]
            return [{"epoch": int(line["epoch"]), "layers": list(line["layers"])} for line in read]
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{self.neurons_file} is damaged: {error}", "remove it, or train with --overwrite"
            ) from error

    def diverged(self) -> int | None:
        """The epoch in which the network diverged; None where it did not, or no epoch is kept."""
        if not self.metrics_file.exists():
            return None
        try:
            lines = self.metrics_file.read_text("utf-8").splitlines()
            return diverged_in(epoch_of(json.loads(line)) for line in lines)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{self.metrics_file} is damaged: {error}", ANOTHER) from error

    def resume(self, fresh: Progress) -> Progress:
        """The progress to go on from: what was saved here, else `fresh`, which gives its shape."""
        return read_progress(self.progress_file, fresh)

    def parameters(self, template: mlp.Params) -> mlp.Params:
        """The best parameters, on the device and of the shapes of `template`."""
        tensors, _ = files.read_tensors(self.parameters_file)
        try:
            params = tree.from_named_leaves(template, tensors)
        except KeyError as error:
            raise CheckpointError(
                f"{self.parameters_file} is of another network: it lacks {error}", ANOTHER
            ) from error
        return tree.map(partial(_fitted, self.parameters_file), params, template)


def write_progress(file: Path, progress: Progress) -> None:
    """Write where a network is in its training."""
    # the state carries its history, so that the two cannot be of different epochs
    text = {"history": _lines(progress)}
    if progress.stopped_test is not None:
        text["stopped_test"] = repr(progress.stopped_test)
    files.write_tensors(file, tree.named_leaves(progress[:2]), text)


def read_progress(file: Path, fresh: Progress) -> Progress:
    """What `write_progress` wrote, else `fresh`, which gives its shape. Raises CheckpointError."""
    if not file.exists():
        return fresh
    tensors, text = files.read_tensors(file)
    try:
        history = [epoch_of(json.loads(line)) for line in text["history"].splitlines()]
        stopped = float(text["stopped_test"]) if "stopped_test" in text else None
        found = tree.from_named_leaves(fresh[:2], tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{file} is of another network or version: {error}", ANOTHER
        ) from error
    state, best = tree.map(partial(_fitted, file), found, fresh[:2])
    return Progress(state, best, tuple(history), stopped)


def _lines(progress: Progress) -> str:
    return "".join(
        json.dumps(epoch_document(epoch), allow_nan=False) + "\n" for epoch in progress.history
    )


def epoch_document(epoch: Epoch) -> dict[str, Any]:
    """An epoch as JSON values, which have no NaN: the loss of a run that diverged is None."""
    return epoch._asdict() | {"loss": epoch.loss if math.isfinite(epoch.loss) else None}


def epoch_of(read: dict[str, Any]) -> Epoch:
    """The epoch that `epoch_document` gave."""
    return Epoch(**read | {"loss": math.nan if read["loss"] is None else read["loss"]})


def _fitted(file: Path, leaf: Tensor, like: Tensor) -> Tensor:
    if leaf.shape != like.shape or leaf.dtype != like.dtype:
        raise CheckpointError(
            f"{file} is of another network: expected {like.dtype} of shape {tuple(like.shape)},"
            f" found {leaf.dtype} of shape {tuple(leaf.shape)}",
            ANOTHER,
        )
    return leaf.to(like.device)


def _identity(config: dict[str, Any]) -> dict[str, Any]:
    """What makes a run another run; how long it may go on and who asked does not.

    But the end of a run is where its schedule leads, unless that is constant.
    """
    settings = config.get("settings")
    flat = config | (settings if isinstance(settings, dict) else {})
    free = {"settings", "made_by", "patience"}
    if flat.get("schedule") == "constant":
        free.add("max_epochs")
    return {key: value for key, value in flat.items() if key not in free}
