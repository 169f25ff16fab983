"""The tutorial's own checkpoints: `FashionMNIST_relu.config` (JSON) and `.tar` (a state dict).

Reading one executes nothing in it: torch's restricted unpickler makes tensors and refuses the rest.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import pickle
from pathlib import Path
from typing import NamedTuple

import torch

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.catalogue import get
from actfunc.errors import CheckpointError, UsageError, first_line
from actfunc.storage import files

# the tutorial's class names, ours, and its parameter names with ours
_CLASSES = {
    "Sigmoid": ("sigmoid", {}),
    "Tanh": ("tanh", {}),
    "ReLU": ("relu", {}),
    "LeakyReLU": ("leaky_relu", {"alpha": "negative_slope"}),
    "ELU": ("elu", {}),
    "Swish": ("silu", {}),
}


WHOLE = (
    "put a whole copy in its place; the author's in the data folder is fetched anew by --pretrained"
    " alone once it is removed"
)


class Checkpoint(NamedTuple):
    """A trained network: its activation, with its parameters bound, and its weights (CPU)."""

    activation: Activation
    params: mlp.Params


def paths(folder: Path, name: str) -> tuple[Path, Path]:
    """The two files of the network that the tutorial calls `name`: `sigmoid`, …, `swish`."""
    return folder / f"FashionMNIST_{name}.config", folder / f"FashionMNIST_{name}.tar"


def read(folder: Path, name: str) -> Checkpoint:
    """Read a checkpoint, on any machine whatever device it was saved from.

    Raises CheckpointError for a missing, damaged or unsafe file and for one whose weights do not
    fit its config.
    """
    config_file, weights_file = paths(folder, name)
    config = files.read_json(config_file, WHOLE)
    try:
        ours, renamed = _CLASSES[config["act_fn"]["name"]]
        settings = {renamed[k]: float(v) for k, v in config["act_fn"].items() if k in renamed}
        sizes = (config["input_size"], *config["hidden_sizes"], config["num_classes"])
        if not all(math.isfinite(value) for value in settings.values()):
            raise ValueError(f"{settings}")
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{config_file} is not a config of the tutorial: {type(error).__name__} {error}", WHOLE
        ) from error
    state = _read_state(weights_file)
    return Checkpoint(get(ours).bind(**settings), _params(state, sizes, weights_file))


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


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise CheckpointError(f"no file {path}", "`--pretrained DIR` names the folder of the six")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} was refused: it is damaged or wants to run code, which nothing here does",
            f"expected a dictionary of tensors; torch says: {_first_line(error)}",
        ) from error
    except Exception as error:  # whatever a reader stumbles over in a file cut short or garbled
        raise CheckpointError(
            f"{path} is damaged ({path.stat().st_size:,} bytes): {_first_line(error)}",
            WHOLE,
        ) from error
    if not isinstance(state, dict):
        raise CheckpointError(
            f"{path} holds a {type(state).__name__}, expected a state dict", WHOLE
        )
    return state


def _params(state: dict[str, torch.Tensor], sizes: tuple[int, ...], path: Path) -> mlp.Params:
    layers = []
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        found = []
        for part, shape in (("weight", (fan_out, fan_in)), ("bias", (fan_out,))):
            name = f"layers.{2 * index}.{part}"
            tensor = state.pop(name, None)
            if not isinstance(tensor, torch.Tensor) or tensor.shape != shape:
                got = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else "nothing"
                raise CheckpointError(
                    f"{path}: {name} should have shape {shape} by the config, found {got}", WHOLE
                )
            if tensor.layout != torch.strided or not tensor.is_floating_point():
                raise CheckpointError(
                    f"{path}: {name} should hold numbers, found {tensor.dtype}", WHOLE
                )
            if not tensor.isfinite().all():
                raise CheckpointError(f"{path}: {name} is not finite", WHOLE)
            found.append(tensor.detach().to(torch.float32))
        layers.append(mlp.Layer(*found))
    if state:
        raise CheckpointError(
            f"{path} holds more than its config says: {', '.join(map(str, state))}", WHOLE
        )
    return tuple(layers)


def _first_line(error: Exception) -> str:
    return first_line(error) or type(error).__name__
