"""The tutorial's own checkpoints: `FashionMNIST_relu.config` (JSON) and `.tar` (a state dict).

Reading one executes nothing in it: torch's restricted unpickler makes tensors and refuses the rest.
"""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import NamedTuple

import torch

from actfunc import mlp
from actfunc.activation import Activation
from actfunc.catalogue import get
from actfunc.errors import CheckpointError
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
    config = files.read_json(config_file)
    try:
        ours, renamed = _CLASSES[config["act_fn"]["name"]]
        settings = {renamed[k]: v for k, v in config["act_fn"].items() if k in renamed}
        sizes = (config["input_size"], *config["hidden_sizes"], config["num_classes"])
        template = mlp.init(sizes, seed=0)
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"{config_file} is not a config of the tutorial: {type(error).__name__} {error}"
        ) from error
    state = _read_state(weights_file)
    return Checkpoint(get(ours).bind(**settings), _params(state, template, weights_file))


def write(folder: Path, name: str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint that the tutorial's notebook loads."""
    config_file, weights_file = paths(folder, name)
    sizes = mlp.sizes(checkpoint.params)
    theirs, renamed = next(
        (cls, names)
        for cls, (ours, names) in _CLASSES.items()
        if ours == checkpoint.activation.name
    )
    act_fn = {"name": theirs} | {k: checkpoint.activation.params[v] for k, v in renamed.items()}
    config = {
        "act_fn": act_fn,
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


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise CheckpointError(f"no file {path}", "`--pretrained DIR` names the folder of the six")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} was refused: it is damaged or asks for code to be run, which nothing here does",
            f"expected a dictionary of tensors; torch says: {_first_line(error)}",
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise CheckpointError(
            f"{path} is damaged ({path.stat().st_size:,} bytes): {_first_line(error)}",
            "fetch it again from the author's repository",
        ) from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path} holds a {type(state).__name__}, expected a state dict")
    return state


def _params(state: dict[str, torch.Tensor], template: mlp.Params, path: Path) -> mlp.Params:
    layers = []
    for index, expected in enumerate(template):
        found = []
        for part, like in expected._asdict().items():
            tensor = state.pop(f"layers.{2 * index}.{part}", None)
            if not isinstance(tensor, torch.Tensor) or tensor.shape != like.shape:
                shape = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else "nothing"
                raise CheckpointError(
                    f"{path}: layers.{2 * index}.{part} should have shape {tuple(like.shape)}"
                    f" by the config, found {shape}"
                )
            if not tensor.isfinite().all():
                raise CheckpointError(f"{path}: layers.{2 * index}.{part} is not finite")
            found.append(tensor.to(like.dtype))
        layers.append(mlp.Layer(*found))
    if state:
        raise CheckpointError(f"{path} holds more than its config says: {', '.join(state)}")
    return tuple(layers)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
