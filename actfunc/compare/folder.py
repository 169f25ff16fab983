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
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.errors import CheckpointError
from actfunc.storage import files
from actfunc.storage.run_folder import (
    epoch_document,
    epoch_of,
    read_progress,
    write_progress,
)
from actfunc.training import Progress

TRAIN_ANEW = "remove it, and it is trained anew"


class Pool:
    """The members that are trained or in training, on disk; every write leaves it whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self._members = path / "members"

    def begin(self, config: dict[str, Any], *, overwrite: bool = False) -> None:
        """Make the folder ready for members trained so, or go on with those that are there.

        Raises CheckpointError where members of other settings are in it.
        """
        if overwrite:
            for file in (*self._members.glob("*.json"), *self._members.glob("*.safetensors")):
                file.unlink(missing_ok=True)
        elif self.config_file.exists():
            there = files.read_json(self.config_file)
            apart = [key for key in config if key != "made_by" and _of(there, key) != config[key]]
            if apart:
                raise CheckpointError(
                    f"{self.path} holds members trained otherwise: "
                    + ", ".join(f"{k} {_of(there, k)}, asked for {config[k]}" for k in apart),
                    "--name NAME makes another folder, --overwrite replaces this one",
                )
        for left_by_a_kill in (*self.path.glob(".*.partial"), *self._members.glob(".*.partial")):
            # another rank may be about to write the same settings here
            if not left_by_a_kill.name.startswith(f".{self.config_file.name}"):
                left_by_a_kill.unlink(missing_ok=True)
        files.write_json(self.config_file, config)

    def __contains__(self, member: Member) -> bool:
        """Whether the member is trained to its end."""
        return self._file(member, "json").exists()

    def result(self, member: Member) -> Result | None:
        """The member's result, or None where it is not trained to its end."""
        file = self._file(member, "json")
        with _one_member_lost():
            return result_of(files.read_json(file), file) if member in self else None

    def keep(self, result: Result) -> None:
        """Write the result of a member that is done, which then needs nothing to go on from."""
        files.write_json(self._file(result.member, "json"), document(result))
        self._file(result.member, "safetensors").unlink(missing_ok=True)

    def save(self, member: Member, progress: Progress) -> None:
        """Write where a member is."""
        write_progress(self._file(member, "safetensors"), progress)

    def resume(self, member: Member, fresh: Progress) -> Progress:
        """Where the member is, else `fresh`, which gives its shape."""
        with _one_member_lost():
            return read_progress(self._file(member, "safetensors"), fresh)

    def _file(self, member: Member, ending: str) -> Path:
        # names that say something, and a digest for what a file's name cannot hold
        slug = re.sub(r"[^\w.=+-]+", "-", member.key)[:96]
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
        "last": result.last._asdict(),
        "stopped": result.stopped._asdict(),
        "seconds": result.seconds,
        "history": [epoch_document(epoch) for epoch in result.history],
    }


def result_of(read: Mapping[str, Any], file: Path) -> Result:
    """The result that `document` wrote. Raises CheckpointError for what is none."""
    try:
        arm = Arm(read["activation"], tuple(read["hidden"]), read["optimizer"], read["init"])
        return Result(
            Member(arm, read["learning_rate"], read["seed"]),
            _reading_of(read["last"]),
            _reading_of(read["stopped"]),
            tuple(epoch_of(epoch) for epoch in read["history"]),
            read["seconds"],
        )
    except (KeyError, TypeError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CheckpointError(f"{file} is no member's result: {what}", TRAIN_ANEW) from error


def _reading_of(read: Mapping[str, Any]) -> Reading:
    return Reading(*(read[name] for name in Reading._fields))


@contextmanager
def _one_member_lost() -> Iterator[None]:
    # a file that is damaged is no reason to --overwrite all the others
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(error.message, TRAIN_ANEW) from error


def _of(config: object, key: str) -> object:
    return config.get(key) if isinstance(config, dict) else None


def _member(member: Member) -> dict[str, Any]:
    return {
        "activation": member.arm.activation,
        "hidden": " ".join(map(str, member.arm.hidden)),
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
