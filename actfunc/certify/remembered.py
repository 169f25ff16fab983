"""Truths that were proven once and are kept on disk, so that nobody waits for them again.

Only where the setting ACTFUNC_TRUTHS names a folder. What was asked and the code that answers are
the name of an answer, so that a change of either finds none; a damaged file is as good as none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import flint
from torch import Tensor

from actfunc import source
from actfunc.errors import ActfuncError
from actfunc.storage import tensors

FEWEST = 256
"""Numbers among the points from which an answer is kept: fewer are proven sooner than read."""


def remembered(
    module: str, asked: object, points: list[Tensor], prove: Callable[[], list[Tensor]]
) -> list[Tensor]:
    """What `prove()` gives, tensors, or gave when the same was asked before.

    module: whose code proves it, with all that it imports.
    asked:  what else the answer depends on, as a value whose repr tells all of it.
    points: where: tensors of numbers that are taken as exact.
    """
    folder = os.environ.get("ACTFUNC_TRUTHS")
    if not folder or sum(column.numel() for column in points) < FEWEST:
        return prove()
    told = hashlib.sha256(f"{module} {flint.__version__} {asked!r}\n".encode())
    for column in points:
        plain = column.detach().cpu().contiguous()
        told.update(f"{plain.dtype} {tuple(plain.shape)}\n".encode() + plain.numpy().tobytes())
    place = Path(folder).expanduser() / source.digest(module)[:16] / f"{told.hexdigest()}.truth"
    asked_here = {"asked": told.hexdigest()}
    found = _read(place, asked_here)
    if found is None:
        found = prove()
        named = {str(number): part for number, part in enumerate(found)}
        with suppress(ActfuncError):  # on a full disk, say, the truth is known all the same
            tensors.write_tensors(place, named, asked_here)
    return found


def _read(place: Path, asked_here: dict[str, str]) -> list[Tensor] | None:
    """What is kept there, if it is whole and the answer to what is asked here."""
    try:
        kept, beside = tensors.read_tensors(place, "it is proven anew")
    except ActfuncError:
        return None
    return [kept[key] for key in sorted(kept, key=int)] if beside == asked_here else None
