"""Networks as people write them: a name with settings, or a place in a file or a package."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from actfunc import number
from actfunc.catalogue import door
from actfunc.errors import UsageError
from actfunc.makers import Makers
from actfunc.networks import convolutions, multilayer, transformers
from actfunc.networks.module import of_module
from actfunc.networks.network import Network, Params
from actfunc.source import digest_of

SETTINGS = "a network is a name or a place with settings behind it: residual:depth=20"


def mlp(
    hidden: Sequence[int] = (512, 256, 256, 128), features: int = 784, classes: int = 10
) -> Network:
    """The multilayer perceptron of the tutorial, with these hidden layers."""
    return multilayer.mlp((features, *hidden, classes))


OF_THE_DATA = ("features", "channels_in", "side", "classes")
"""Settings that say what the data are."""

NETWORKS = Makers(
    "network",
    mlp,
    multilayer.skip_mlp,
    convolutions.convolutional,
    convolutions.residual,
    transformers.transformer,
)


def get(spec: str | Network | nn.Module | Callable[..., Any]) -> Network:
    """The network that is meant.

    spec: a name with settings, `residual:depth=20`, `mlp:hidden=512-256`; or a place,
    `my.py:net` or `torchvision.models:resnet18:num_classes=10`. At a place stands a `Network`; a
    module, or a class or function that makes one, which takes the settings; or a pure function
    `net(params, x, activation)` with a function `init(seed)` beside it that gives its parameters.
    Or such a thing itself, but for the last.

    Raises UnknownNameError (with the nearest names) or UsageError.
    """
    if isinstance(spec, Network):
        return spec
    if not isinstance(spec, str):
        return of_module(spec)
    if not _is_place(spec):
        return NETWORKS.make(spec)
    head, _, tail = spec.partition(":")
    attribute, _, settings = tail.partition(":")
    found, beside = door.found(head, attribute, "network")
    given = _settings(spec, settings)
    if isinstance(found, Network | nn.Module):
        if given:
            raise UsageError(f"{head}:{attribute} is made already, and takes no settings")
        return found if isinstance(found, Network) else of_module(found, attribute)
    if not given and _is_pure(found):
        init = getattr(beside, "init", None)
        if not callable(init):
            raise UsageError(
                f"{head}:{attribute} has no function init(seed) beside it",
                "a pure function net(params, x, activation) is a network together with init(seed),"
                " which gives its parameters",
            )
        return Network(attribute, lambda seed: _drawn(init, seed), found)
    return of_module(lambda: found(**given), attribute)


def canonical(spec: str, shape: Sequence[int], outputs: int) -> str:
    """The one text for a network of inputs (*shape) with so many outputs.

    What the spec of one of ours does not say of features, channels, sides and classes is the
    data's; a place stays as it is. Raises as `get` does.
    """
    if _is_place(spec):
        return spec
    channels = shape[0] if len(shape) == 3 else 1
    return NETWORKS.canonical(
        spec, features=math.prod(shape), channels_in=channels, side=shape[-1], classes=outputs
    )


def title(spec: str) -> str:
    """What to call a network beside the data it is of: its spec without what those say, and
    nothing for the multilayer perceptron, which is told by its layers. Raises as `get` does."""
    if _is_place(spec):
        return spec
    name, _, settings = NETWORKS.canonical(spec).partition(":")
    if name == mlp.__name__:
        return ""
    told = [each for each in settings.split(",") if each.partition("=")[0] not in OF_THE_DATA]
    return f"{name}:{','.join(told)}"


def source_of(spec: str) -> str:
    """A digest of the source of a person's own network; empty for one of ours.

    Of what is installed the file that it stands in; raises as `get` does.
    """
    if not _is_place(spec):
        return ""
    place, attribute = spec.split(":")[:2]
    return digest_of(door.found(place, attribute, "network")[1], ours=False)


def _is_place(spec: str) -> bool:
    _, _, tail = spec.partition(":")
    return bool(tail) and "=" not in tail.partition(":")[0]


def _drawn(init: Callable[[int], Params], seed: int) -> Params:
    """What `init` gives, of this seed even where it draws from torch's own generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number.seed(seed))
        return init(seed)


def _is_pure(function: Any) -> bool:
    """Whether it is a function of parameters, inputs and an activation, and makes no module."""
    if inspect.isclass(function):
        return False
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [each for each in parameters if each.default is each.empty and each.kind in kinds]
    return len(needed) == 3


def _settings(spec: str, text: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for setting in filter(None, text.split(",")):
        key, equals, value = (part.strip() for part in setting.partition("="))
        if not (equals and key.isidentifier()) or key in settings:
            raise UsageError(f"cannot read {setting!r} in {spec!r}", SETTINGS)
        settings[key] = _value(value)
    return settings


def _value(text: str) -> bool | int | float | str:
    """A whole number, a number, true or false; any other text itself."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
