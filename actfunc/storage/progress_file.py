"""Where a network is in its training, as a file: state, best parameters, history, and of which run.

The state carries its history, so that the two cannot be of different epochs; and what it is of, so
that it is not taken for another run's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from actfunc import mlp, tree
from actfunc.errors import CheckpointError
from actfunc.storage import documents, files, tensors
from actfunc.storage.schema import Kind, Unfit, maybe, number, record, share, whole
from actfunc.training import Epoch, Progress

Identity = Mapping[str, Any]
"""What a file is of, as JSON values: two files of one run or member have equal ones."""

_SOURCES = {
    "source": "the source of its own activation has changed",
    "network_source": "the source of its own network has changed",
    "loss_source": "the source of its own loss has changed",
}

EPOCH: Kind = record(
    epoch=whole(1),
    loss=maybe(number()),
    train_accuracy=share(),
    validation_accuracy=share(),
    seconds=number(0),
)


def write_progress(file: Path, progress: Progress, of: Identity) -> None:
    """Write where a network is in its training."""
    text = {"of": json.dumps(of, sort_keys=True), "history": history_lines(progress.history)}
    if progress.stopped_test is not None:
        text["stopped_test"] = repr(progress.stopped_test)
    tensors.write_tensors(file, tree.named_leaves(progress[:2]), text)


def read_progress(file: Path, fresh: Progress, of: Identity, hint: str) -> Progress:
    """What `write_progress` wrote, else `fresh`, which gives its shape.

    Raises CheckpointError where it is damaged, or of something else than `of`.
    """
    if not files.exists(file):
        return fresh
    named, text = tensors.read_tensors(file, hint)
    history, stopped = _text_of(file, text, of, hint)
    state, best = fitted(file, named, fresh[:2], hint)
    return Progress(state, best, history, stopped)


def read_best(file: Path, template: mlp.Params, of: Identity, hint: str) -> mlp.Params:
    """The best parameters in what `write_progress` wrote. Raises as `read_progress` does."""
    named, text = tensors.read_tensors(file, hint)
    _text_of(file, text, of, hint)
    place = "1."  # after the state
    best = {path.removeprefix(place): leaf for path, leaf in named.items() if path[:2] == place}
    params: mlp.Params = fitted(file, best, template, hint)
    return params


def read_history(file: Path, of: Identity, hint: str) -> tuple[Epoch, ...]:
    """The epochs in what `write_progress` wrote, without the tensors; none where it is not there.

    Raises as `read_progress` does.
    """
    if not files.exists(file):
        return ()
    return _text_of(file, tensors.read_text(file, hint), of, hint)[0]


def expect_same(file: Path, text: Mapping[str, str], of: Identity, hint: str) -> None:
    """Raises CheckpointError where a file, by the text beside its tensors, is of something else."""
    try:
        there = documents.parsed(text["of"])
    except (KeyError, ValueError) as error:
        raise documents.damaged(file, f"it does not say what it is of: {error!r}", hint) from error
    if there != json.loads(json.dumps(of)):
        raise CheckpointError(f"{file} is of another run: {differences(there, of)}", hint)


def differences(there: object, asked: Identity) -> str:
    """What differs between what is there and what is asked for, field by field."""
    found = there if isinstance(there, dict) else {}
    plain = json.loads(json.dumps(asked))
    keys = dict.fromkeys([*plain, *found])
    return ", ".join(
        _SOURCES.get(key) or f"{key} {found.get(key)}, asked for {plain.get(key)}"
        for key in keys
        if found.get(key) != plain.get(key)
    )


def fitted(file: Path, named: Mapping[str, Tensor], like: Any, hint: str) -> Any:
    """Tensors as a tree like another, on its devices, or the CPU for one that is on none (meta).

    Raises CheckpointError where they are those of another network.
    """
    paths = tree.named_leaves(like).keys()
    if paths != named.keys():
        odd = sorted(paths ^ named.keys())[0]
        what = f"it lacks {odd}" if odd in paths else f"it has {odd} besides"
        raise CheckpointError(f"{file} is of another network: {what}", hint)
    return tree.map(partial(_fitted, file, hint), tree.from_named_leaves(like, named), like)


def _fitted(file: Path, hint: str, leaf: Tensor, like: Tensor) -> Tensor:
    if leaf.shape != like.shape or leaf.dtype != like.dtype:
        raise CheckpointError(
            f"{file} is of another network: expected {like.dtype} of shape {tuple(like.shape)},"
            f" found {leaf.dtype} of shape {tuple(leaf.shape)}",
            hint,
        )
    return leaf if like.is_meta else leaf.to(like.device)


def _text_of(
    file: Path, text: Mapping[str, str], of: Identity, hint: str
) -> tuple[tuple[Epoch, ...], float | None]:
    """The history and the accuracy where it stopped."""
    expect_same(file, text, of, hint)
    try:
        history = epochs_of([documents.parsed(line) for line in text["history"].splitlines()])
        stopped = text.get("stopped_test")
        return history, None if stopped is None else share()(documents.parsed(stopped))
    except (KeyError, ValueError, Unfit) as error:
        raise documents.damaged(file, f"its history is none: {error}", hint) from error


def history_lines(history: tuple[Epoch, ...]) -> str:
    """The epochs as text, a line of JSON each."""
    return "".join(json.dumps(epoch_document(epoch), allow_nan=False) + "\n" for epoch in history)


def epoch_document(epoch: Epoch) -> dict[str, Any]:
    """An epoch as JSON values, which have no NaN: the loss of a run that diverged is None."""
    return epoch._asdict() | {"loss": epoch.loss if math.isfinite(epoch.loss) else None}


def epochs_of(read: list[Any]) -> tuple[Epoch, ...]:
    """The epochs that `epoch_document` gave, numbered from 1 on. Raises Unfit for any others."""
    history = []
    for index, one in enumerate(read):
        try:
            epoch = EPOCH(one)
            whole(index + 1, index + 1)(epoch["epoch"])
        except Unfit as unfit:
            unfit.steps.append(index)
            raise
        loss = math.nan if epoch["loss"] is None else epoch["loss"]
        history.append(Epoch(**epoch | {"loss": loss}))
    return tuple(history)
