"""The folder of a comparison: a pool of trained members of one kind, from which tables are made.

config.json          what all members have in common, and what made them
members/*.json       one file a member that is trained
members/*.safetensors  where a member is that is not, to go on from
results.jsonl, results.csv   a line a member of the last comparison
epochs.csv           a line an epoch of a member
summary.json, summary.md     how the arms stand, and what made it
*.svg, index.html    the figures, and the page
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.errors import CheckpointError
from actfunc.storage import documents, files
from actfunc.storage.progress_file import (
    EPOCH,
    Identity,
    differences,
    epoch_document,
    epochs_of,
    read_progress,
    write_progress,
)
from actfunc.storage.schema import (
    Unfit,
    anything,
    each,
    mapping,
    maybe,
    number,
    record,
    text,
    whole,
)
from actfunc.training import Progress

TRAIN_ANEW = "remove it, and it is trained anew"
OVERWRITE = "--name NAME makes another folder, --overwrite replaces this one"

READING = record(
    validation=number(0, 100),
    test=number(0, 100),
    best_epoch=whole(1),
    epochs=whole(1),
    diverged=maybe(whole(1)),
)
RESULT = record(
    ("network",),
    activation=text(),
    network=text(),  # of another than the multilayer perceptron
    hidden=each(whole(1)),
    optimizer=text(),
    init=text(),
    learning_rate=number(0),
    seed=whole(),
    last=READING,
    stopped=READING,
    seconds=number(0),
    history=each(EPOCH),
)
KEPT = record(result=RESULT, trained=mapping(anything))
"""A member's file: its result, and what it has in common with the others of its pool."""


class Pool:
    """The members that are trained or in training, on disk; every write leaves it whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self._members = path / "members"
        self._common: Identity = {}
        self._sources: Mapping[str, str] = {}

    def begin(
        self,
        config: Mapping[str, Any],
        *,
        sources: Mapping[str, str] | None = None,
        overwrite: bool = False,
    ) -> None:
        """Make the folder ready for members trained so, or go on with those that are there.

        sources: of one's own activations and networks, by their specs, a digest of the source.

        Only for processes that are alone in it (`Ranks.alone`). Raises CheckpointError where
        members of other settings are in it.
        """
        self._sources = dict(sources or {})
        self._common = {key: value for key, value in config.items() if key != "made_by"}
        if overwrite:
            for file in (*self._members.glob("*.json"), *self._members.glob("*.safetensors")):
                files.remove(file)
        elif files.exists(self.config_file):
            there = documents.read_sealed(self.config_file, mapping(anything), OVERWRITE)
            there.pop("made_by", None)
            apart = differences(there, self._common)
            if apart:
                raise CheckpointError(
                    f"{self.path} holds members trained otherwise: {apart}", OVERWRITE
                )
        for progress in self._members.glob("*.safetensors"):
            if files.exists(progress.with_suffix(".json")):  # killed before it was removed
                files.remove(progress)
        documents.write_sealed(self.config_file, config)

    def __contains__(self, member: Member) -> bool:
        """Whether the member is trained to its end."""
        return files.exists(self._file(member, "json"))

    def result(self, member: Member) -> Result | None:
        """The member's result, or None where it is not trained to its end.

        Raises CheckpointError where its file is damaged, or of another member or pool.
        """
        file = self._file(member, "json")
        if member not in self:
            return None
        kept = documents.read_sealed(file, KEPT, TRAIN_ANEW)
        found = result_of(kept["result"], file)
        if found.member != member:
            raise CheckpointError(f"{file} is of another member: {found.member.key}", TRAIN_ANEW)
        apart = differences(kept["trained"], self._trained(member))
        if apart:
            raise CheckpointError(f"{file} holds a member trained otherwise: {apart}", OVERWRITE)
        return found

    def keep(self, result: Result) -> None:
        """Write the result of a member that is done, which then needs nothing to go on from."""
        kept = {"result": document(result), "trained": self._trained(result.member)}
        documents.write_sealed(self._file(result.member, "json"), kept)
        files.remove(self._file(result.member, "safetensors"))

    def save(self, member: Member, progress: Progress) -> None:
        """Write where a member is."""
        write_progress(self._file(member, "safetensors"), progress, self._of(member))

    def resume(self, member: Member, fresh: Progress) -> Progress:
        """Where the member is, else `fresh`, which gives its shape. Raises CheckpointError."""
        file = self._file(member, "safetensors")
        return read_progress(file, fresh, self._of(member), TRAIN_ANEW)

    def _of(self, member: Member) -> Identity:
        return {"member": member.key, **self._trained(member)}

    def _trained(self, member: Member) -> Identity:
        """How it is trained, beside what is its own; with the source of an activation that has
        one to be told."""
        found = {
            "source": self._sources.get(member.arm.activation),
            "network_source": self._sources.get(member.arm.network),
        }
        return {**self._common, **{key: told for key, told in found.items() if told}}

    def _file(self, member: Member, ending: str) -> Path:
        # names that say something, and a digest for what a file's name cannot hold
        slug = files.slug(member.key)
        digest = hashlib.sha256(member.key.encode()).hexdigest()[:8]
        return self._members / f"{slug}-{digest}.{ending}"


def write_tables(path: Path, results: Iterable[Result]) -> None:
    """Write results.jsonl, results.csv and epochs.csv into a folder."""
    results = list(results)
    lines = (json.dumps(document(result), allow_nan=False) for result in results)
    files.write_bytes(path / "results.jsonl", "".join(f"{line}\n" for line in lines).encode())
    rows = [_row(result) for result in results]
    files.write_bytes(path / "results.csv", _csv(rows))
    epochs = [
        _member(result.member) | epoch_document(epoch)
        for result in results
        for epoch in result.history
    ]
    files.write_bytes(path / "epochs.csv", _csv(epochs))


def document(result: Result) -> dict[str, Any]:
    """A result as plain JSON values."""
    return {
        **_member(result.member),
        "hidden": list(result.member.arm.hidden),
        **({"network": result.member.arm.network} if result.member.arm.network else {}),
        "last": result.last._asdict(),
        "stopped": result.stopped._asdict(),
        "seconds": result.seconds,
        "history": [epoch_document(epoch) for epoch in result.history],
    }


def result_of(read: object, file: Path) -> Result:
    """The result that `document` gave, from a file. Raises CheckpointError for what is none."""
    values = documents.checked(file, read, RESULT, TRAIN_ANEW)
    try:
        history = epochs_of(values["history"])
    except Unfit as unfit:
        raise documents.damaged(file, f"history{unfit}", TRAIN_ANEW) from unfit
    arm = Arm(
        values["activation"],
        tuple(values["hidden"]),
        values["optimizer"],
        values["init"],
        values.get("network", ""),
    )
    return Result(
        Member(arm, values["learning_rate"], values["seed"]),
        Reading(**values["last"]),
        Reading(**values["stopped"]),
        history,
        values["seconds"],
    )


def _member(member: Member) -> dict[str, Any]:
    return {
        "activation": member.arm.activation,
        "hidden": member.arm.network or " ".join(map(str, member.arm.hidden)),
        "optimizer": member.arm.optimizer,
        "init": member.arm.init,
        "learning_rate": member.learning_rate,
        "seed": member.seed,
    }


def _row(result: Result) -> dict[str, Any]:
    readings = {
        f"{rule}_{name}": value
        for rule, reading in (("stopped", result.stopped), ("last", result.last))
        for name, value in reading._asdict().items()
    }
    return _member(result.member) | readings | {"seconds": result.seconds}


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
