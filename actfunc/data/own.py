"""A person's own data: an .npz file, or a function in a file that gives them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from actfunc.catalogue import door
from actfunc.data.dataset import Dataset, Examples
from actfunc.errors import DataError, UsageError, in_a_line

PARTS = ("x_train", "y_train", "x_test", "y_test")
"""What an .npz file holds, as Keras names them."""

GIVES = "((x_train, y_train), (x_test, y_test)), or an actfunc.data.Dataset"


def is_place(text: str) -> bool:
    """Whether it says where a person's own data are."""
    return text.endswith(".npz") or ":" in text


def load(place: str) -> Dataset:
    """The data at `path/to/file.npz`, or what the function at `my.py:data` gives.

    Images or other inputs (n, …), uint8 from 0 to 255 or floating; labels (n) whole numbers from 0
    on, or floating targets (n) or (n, out). Raises DataError or UsageError.
    """
    if place.endswith(".npz"):
        x_train, y_train, x_test, y_test = _arrays(Path(place))
        parts: Any = (x_train, y_train), (x_test, y_test)
    else:
        file, _, attribute = place.partition(":")
        function = door.found(file, attribute, "data")[0]
        try:
            parts = function()
        except Exception as error:  # a person's code may raise whatever it likes
            raise UsageError(f"{place} gives no data: {in_a_line(error)}") from error
    if isinstance(parts, Dataset):
        return parts._replace(name=place)
    try:
        (x_train, y_train), (x_test, y_test) = parts
    except (TypeError, ValueError) as error:
        raise UsageError(f"{place} gives {type(parts).__name__}", f"expected {GIVES}") from error
    train, test = _examples(place, x_train, y_train), _examples(place, x_test, y_test)
    if train.images.shape[1:] != test.images.shape[1:] or train.labels.dtype != test.labels.dtype:
        raise UsageError(f"training and test examples of {place} are of different shapes or kinds")
    classes: tuple[str, ...] = ()
    if not train.labels.is_floating_point():
        most = int(max(train.labels.max(), test.labels.max()))
        classes = tuple(map(str, range(most + 1)))
    return Dataset(place, classes, train, test, f"Your own data, {place}.")


def _arrays(path: Path) -> list[Any]:
    try:
        with np.load(path, allow_pickle=False) as held:
            return [held[name] for name in PARTS]
    except FileNotFoundError as error:
        raise DataError(f"no file {path}") from error
    except KeyError as error:
        raise DataError(f"{path} lacks {error.args[0]}", f"it holds {', '.join(PARTS)}") from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no .npz file: {in_a_line(error)}") from error


def _examples(place: str, x: Any, y: Any) -> Examples:
    inputs, targets = _tensor(place, x), _tensor(place, y)
    if inputs.dtype != torch.uint8:
        inputs = inputs.float()
    targets = targets.float() if targets.is_floating_point() else targets.long()
    if targets.ndim == 2 and targets.shape[1] == 1 and not targets.is_floating_point():
        targets = targets.squeeze(1)
    if not targets.is_floating_point() and targets.numel() and int(targets.min()) < 0:
        raise UsageError(f"labels of {place} are counted from 0, got {int(targets.min())}")
    if not len(inputs) or len(inputs) != len(targets):
        raise UsageError(
            f"{place} has {len(inputs)} examples and {len(targets)} labels", "one each is wanted"
        )
    return Examples(inputs.unsqueeze(1) if inputs.ndim == 1 else inputs, targets)


def _tensor(place: str, values: Any) -> Tensor:
    try:
        found = torch.as_tensor(values, device="cpu")
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{place} holds no numbers: {in_a_line(error)}", GIVES) from error
    if not found.ndim or found.is_complex() or found.dtype == torch.bool:
        raise UsageError(f"{place} holds {found.dtype} of shape {tuple(found.shape)}", GIVES)
    return found
