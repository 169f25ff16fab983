"""People's modules as networks: their parameters by name, their activations found and replaced."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from actfunc import number
from actfunc.errors import UsageError, in_a_line
from actfunc.networks.network import Network, Own, Params, Place, replaced

NAMES = (
    "relu", "relu6", "gelu", "silu", "mish", "elu", "selu", "celu", "leaky_relu", "rrelu", "prelu",
    "hardswish", "hardtanh", "tanh", "softplus", "softsign", "tanhshrink", "hardshrink",
    "softshrink", "logsigmoid", "threshold",
)  # fmt: skip
"""Torch's functions that are taken for a network's activations. Sigmoids and softmaxes are gates,
and are left alone."""


BATCH_NORMS = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm

DROPS = {
    "Dropout": ("p",),
    "AlphaDropout": ("p",),
    "FeatureAlphaDropout": ("p",),
    "StochasticDepth": ("p",),
    "DropPath": ("drop_prob",),
    "MultiheadAttention": ("dropout",),
}
"""Modules that leave out some of what they are given in training, with what says how much: torch's,
torchvision's and timm's."""


class _Function(NamedTuple):
    """One of torch's: its name, the form of it that writes nothing over, whether it does."""

    name: str
    pure: Callable[..., Tensor]
    in_place: bool


def _functions() -> Iterator[tuple[Any, _Function]]:
    for name, home in itertools.product(NAMES, (F, torch, Tensor)):
        pure = getattr(home, name, None)
        if pure is not None:
            yield pure, _Function(name, pure, False)
            if (writing := getattr(home, f"{name}_", None)) is not None:
                yield writing, _Function(name, pure, True)


FUNCTIONS = dict(_functions())


def of_module(module: nn.Module | Callable[[], nn.Module], name: str = "") -> Network:
    """A module, or a function that makes one, as a network.

    Its parameters are a dict by their names, `functional_call`'s; buffers are constants, and the
    module is as in evaluation. Activations are found wherever they are called: submodules, torch's
    functions, methods, in place too. `apply` calls the activation that it is given instead;
    `networks.OWN` leaves those there are. Images without a channel axis, (batch, height, width),
    are given one where the module convolves images. What does otherwise in training than in
    evaluation, batch norm and dropout, cannot be trained: see `Network.untrainable`.

    init(seed) makes the module anew with that seed, which needs a function that makes it; that of a
    module gives the parameters it has. Raises UsageError for what is neither.
    """
    made = module if isinstance(module, nn.Module) else _made(module, 0)
    frame = copy.deepcopy(made).eval().requires_grad_(False)
    title = name or type(made).__name__
    flat_images = any(isinstance(part, nn.Conv2d) for part in frame.modules())

    def init(seed: int) -> Params:
        source = made if isinstance(module, nn.Module) else _made(module, seed)
        return {path: each.detach().clone() for path, each in source.named_parameters()}

    def apply(params: Params, x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
        if flat_images and x.ndim == 3:
            x = x.unsqueeze(1)
        with _every_activation_called(), _Replacing(activation):
            output: Tensor = functional_call(frame, params, (x,))
        return output

    return Network(title, init, apply, lambda: _paths(frame), True, _untrainable(frame))


def _untrainable(frame: nn.Module) -> str:
    """Why a module does not do in training what it does in evaluation; empty where it does."""
    for path, part in frame.named_modules():
        kind = type(part).__name__
        if isinstance(part, BATCH_NORMS) and part.track_running_stats:
            return (
                f"{path or 'it'} is {kind}, which in training ties the examples of a batch together"
                " and changes its running statistics; GroupNorm or LayerNorm in its place do not"
            )
        if any(getattr(part, rate, 0) for rate in DROPS.get(kind.rstrip("123d"), ())):
            return f"{path or 'it'} is {kind}, which draws random numbers in training; p=0 is none"
    return ""


def _made(maker: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number.seed(seed))
        try:
            found = maker()
        except Exception as error:  # a person's code may raise whatever it likes
            raise UsageError(f"the network cannot be made: {in_a_line(error)}") from error
    if not isinstance(found, nn.Module):
        raise UsageError(
            "a network is made of a module or of a function that makes one, got a function that"
            f" gives {type(found).__name__}"
        )
    return found


@contextmanager
def _every_activation_called() -> Iterator[None]:
    """Without torch's fused way through a transformer's layer, which calls no activation."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


@contextmanager
def _paths(frame: nn.Module) -> Iterator[Place]:
    """Places by the path of the module that is at work: `layer1.0.relu`."""
    at: list[tuple[str, nn.Module]] = []

    def place(own: Own | None) -> str:
        path, module = at[-1] if at else ("", frame)
        name = own.name if own is not None else "activation"
        # a module of torch's that is nothing but an activation has a name given by its owner
        alone = type(module).__module__ == nn.ReLU.__module__ and path
        return path if alone else f"{path}.{name}".removeprefix(".")

    hooks = []
    for path, module in frame.named_modules():
        hooks += [
            module.register_forward_pre_hook(lambda m, _, path=path: at.append((path, m))),
            module.register_forward_hook(lambda *_: at.pop() and None, always_call=True),
        ]
    try:
        yield place
    finally:
        for hook in hooks:
            hook.remove()


class _Replacing(TorchFunctionMode):
    """Calls of torch's activation functions become calls of another function."""

    def __init__(self, activation: Callable[..., Tensor]) -> None:
        super().__init__()
        self.activation = activation

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        found = FUNCTIONS.get(func)
        if found is None:
            return func(*args, **kwargs)
        z, pure, in_place = _taken_apart(found, args, kwargs)
        y = replaced(self.activation, z.clone() if in_place else z, Own(found.name, pure))
        return z.copy_(y) if in_place else y


def _taken_apart(
    function: _Function, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Tensor, Callable[[Tensor], Tensor], bool]:
    """A call's input, the function with its settings, and whether it writes over the input."""
    try:
        bound = inspect.signature(function.pure).bind(*args, **kwargs).arguments
    except ValueError:  # of torch's own code, which has no flag of that kind
        given = {**kwargs}
        z, *more = args or (given.pop("input"),)
        return z, lambda z: function.pure(z, *more, **given), function.in_place
    in_place = bound.pop("inplace", False) or function.in_place
    z = bound.pop(next(iter(bound)))
    return z, lambda z: function.pure(z, **bound), in_place
