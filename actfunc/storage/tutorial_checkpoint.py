"""The tutorial's own checkpoints: `FashionMNIST_relu.config` (JSON) and `.tar` (a state dict).

Reading one executes nothing in it: torch's restricted unpickler makes tensors and refuses the rest.

The author's files are known by their SHA-256. Those of others are zip archives, of which every part
has a CRC-32, and `write` adds a digest of config and weights. torch's format from before 2020, in
which the author's files are, has nothing to check a file by, and is taken from nobody else.
"""

from __future__ import annotations

import io
import itertools
import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.catalogue import get
from actfunc.errors import CheckpointError, UsageError, first_line, visible
from actfunc.networks import Network
from actfunc.storage import authors_files, documents, files, tensors
from actfunc.storage.schema import each, number, one_of, record, whole

# the tutorial's class names, ours, and its parameter names with ours
_CLASSES = {
    "Sigmoid": ("sigmoid", {}),
    "Tanh": ("tanh", {}),
    "ReLU": ("relu", {}),
    "LeakyReLU": ("leaky_relu", {"alpha": "negative_slope"}),
    "ELU": ("elu", {}),
    "Swish": ("silu", {}),
}

CONFIG = record(
    act_fn=record(("alpha",), name=one_of(*_CLASSES), alpha=number()),
    input_size=whole(1),
    num_classes=whole(1),
    hidden_sizes=each(whole(1)),
)

SEAL = "archive/actfunc.sha256"
"""The part of a written archive that holds the digest of config and weights."""

_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

WHOLE = (
    "put a whole copy in its place; the author's in the data folder is fetched anew by --pretrained"
    " alone once it is removed"
)


_MISSING = f"`--pretrained DIR` names the folder of the six; {WHOLE}"


class Checkpoint(NamedTuple):
    """A trained network: its activation, with its parameters bound, and its weights (CPU).

    network: None of a multilayer perceptron; loss: the spec of what it was trained on.
    """

    activation: Activation
    params: Any
    network: Network | None = None
    loss: str = "cross_entropy"


def paths(folder: Path, name: str) -> tuple[Path, Path]:
    """The two files of the network that the tutorial calls `name`: `sigmoid`, …, `swish`."""
    return folder / f"FashionMNIST_{name}.config", folder / f"FashionMNIST_{name}.tar"


def read(folder: Path, name: str, *, as_published: bool = False) -> Checkpoint:
    """Read a checkpoint, on any machine whatever device it was saved from.

    as_published: take nothing else than what the author published under this name.

    Raises CheckpointError for a missing, damaged or unsafe file and for one whose weights do not
    fit its config.
    """
    config_file, weights_file = paths(folder, name)
    config_bytes = files.read_bytes(config_file, _MISSING)
    content = files.read_bytes(weights_file, _MISSING)
    authors = authors_files.is_published(weights_file.name, content)
    if as_published and not authors:
        raise _not_published(weights_file)
    if (as_published or authors) and not authors_files.is_published(config_file.name, config_bytes):
        raise _not_published(config_file)
    config = documents.read_json(config_file, CONFIG, WHOLE)
    ours, renamed = _CLASSES[config["act_fn"]["name"]]
    settings = {renamed[k]: float(v) for k, v in config["act_fn"].items() if k in renamed}
    sizes = (config["input_size"], *config["hidden_sizes"], config["num_classes"])
    archive = content.startswith(b"PK")
    seal = _checked_archive(content, weights_file) if archive else None
    state = _read_state(content, weights_file)
    params = _params(dict(state), sizes, weights_file, may_diverge=seal is not None)
    if seal is not None and seal != _seal(config, state):
        raise documents.damaged(weights_file, "it was written with another config", WHOLE)
    if not archive and not authors:
        raise documents.damaged(
            weights_file,
            "in torch's old format, expected what the author published under this name",
            f"{WHOLE}; of your own: torch.save(torch.load(FILE), FILE) gives it checksums",
        )
    return Checkpoint(get(ours).bind(**settings), params)


def write(folder: Path, name: str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint that the tutorial's notebook loads.

    Raises UsageError for an activation that the notebook has no class for.
    """
    config_file, weights_file = paths(folder, name)
    sizes = mlp.sizes(checkpoint.params)
    config = {
        "act_fn": _act_fn(checkpoint.activation),
        "input_size": sizes[0],
        "num_classes": sizes[-1],
        "hidden_sizes": list(sizes[1:-1]),
    }
    state = {
        # every second module of the notebook's Sequential is an activation
        f"layers.{2 * index}.{part}": tensor.detach().cpu().clone()
        for index, layer in enumerate(checkpoint.params)
        for part, tensor in layer._asdict().items()
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(SEAL, _seal(config, state))
    files.write_bytes(config_file, json.dumps(config).encode())
    files.write_bytes(weights_file, buffer.getvalue())


def _act_fn(activation: Activation) -> dict[str, object]:
    for theirs, (ours, renamed) in _CLASSES.items():
        # what the notebook's class has no argument for must be what it does anyway
        kept = {key: activation.params[key] for key in renamed.values() if key in activation.params}
        if activation.name == ours and get(ours).bind(**kept).params == activation.params:
            return {"name": theirs} | {key: kept[renamed[key]] for key in renamed}
    raise UsageError(
        f"the tutorial's notebook has no activation {activation.spec}",
        f"its classes are {', '.join(_CLASSES)}; a run folder keeps any activation",
    )


def _seal(config: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> str:
    return tensors.digest(state, {"config": documents.digest(config)})


def _not_published(path: Path) -> CheckpointError:
    return documents.damaged(path, "it is not what the author published under this name", WHOLE)


def _checked_archive(content: bytes, path: Path) -> str | None:
    """The digest in an archive, of which every part has its checksum, or None without one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # torch compresses nothing, and what is small must not become large
            packed = [part for part in archive.infolist() if part.compress_type != 0]
            wrong = packed[0].filename if packed else archive.testzip()
            if wrong is not None:
                raise ValueError(f"the part {wrong!r} is compressed or not as it was written")
            return archive.read(SEAL).decode() if SEAL in archive.namelist() else None
    except Exception as error:  # a garbled archive makes the reader stumble in many ways
        raise documents.damaged(
            path, f"({len(content):,} bytes): {_first_line(error)}", WHOLE
        ) from error


def _read_state(content: bytes, path: Path) -> dict[str, torch.Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what torch finds in a garbled file
            state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # torch's own words advise to read it all the same, running what it wants to run
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        wants = (
            f"wants to run code ({asked.group(1)})" if asked else "is damaged or wants to run code"
        )
        found = documents.described(content, f"one that {wants}")
        raise CheckpointError(
            f"{path} was refused: expected a dictionary of tensors, found {found}", WHOLE
        ) from error
    except Exception as error:  # whatever a reader stumbles over in a file cut short or garbled
        found = documents.described(content, _first_line(error))
        raise documents.damaged(path, f"({len(content):,} bytes): {found}", WHOLE) from error
    if not isinstance(state, dict):
        raise CheckpointError(
            f"{path} holds a {type(state).__name__}, expected a state dict", WHOLE
        )
    return state


def _params(
    state: dict[str, torch.Tensor], sizes: tuple[int, ...], path: Path, *, may_diverge: bool
) -> mlp.Params:
    layers = []
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        found = []
        for part, shape in (("weight", (fan_out, fan_in)), ("bias", (fan_out,))):
            name = f"layers.{2 * index}.{part}"
            numbers = _numbers(state.pop(name, None), shape, f"{path}: {name}")
            if not (may_diverge or numbers.isfinite().all()):
                raise CheckpointError(f"{path}: {name} is not finite", WHOLE)
            found.append(numbers)
        layers.append(mlp.Layer(*found))
    if state:
        more = visible(", ".join(str(name)[:40] for name in list(state)[:3]))
        raise CheckpointError(f"{path} holds more than its config says: {more}", WHOLE)
    return tuple(layers)


def _numbers(tensor: object, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """A plain tensor of that shape as float32, in which a large float64 is infinite."""
    if not isinstance(tensor, torch.Tensor):
        raise CheckpointError(f"{what} should have shape {shape}, found nothing", WHOLE)
    # of a nested tensor the shape cannot even be asked
    plain = not tensor.is_nested and tensor.layout == torch.strided and not tensor.is_meta
    if not plain or tensor.dtype not in _DTYPES:
        raise CheckpointError(
            f"{what} should hold numbers of {', '.join(map(str, _DTYPES))},"
            f" found {tensor.dtype} ({tensor.layout}, {tensor.device})",
            WHOLE,
        )
    if tensor.shape != shape:
        raise CheckpointError(
            f"{what} should have shape {shape} by the config, found {tuple(tensor.shape)}", WHOLE
        )
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(f"{what} has fewer numbers than its shape", WHOLE)
    return tensor.detach().to(torch.float32)


def _first_line(error: Exception) -> str:
    return first_line(error) or type(error).__name__
