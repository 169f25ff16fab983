"""A network as two pure functions, and what it does inside: what its activation gets to see.

No network has to know of it. Given an activation that takes notes, it shows its pre-activations;
with something added to what the activation sees, it shows the gradient for that, which is the
signal that backpropagation carries.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from actfunc.errors import UsageError
from actfunc.given import Given, activated

Params: TypeAlias = Any
"""A pytree of tensors: tuples, named tuples, lists and dicts."""

Apply: TypeAlias = Callable[[Params, Tensor, Callable[[Tensor], Tensor]], Tensor]


Place: TypeAlias = Callable[["Own | None"], str]
"""What to call the place where an activation is being called just now."""


@contextmanager
def counted() -> Iterator[Place]:
    """Places by their number: `activation 1`, …"""
    numbers = itertools.count(1)
    yield lambda own: f"activation {next(numbers)}"


@dataclass(frozen=True)
class Network:
    """A network as two pure functions.

    name:   what to call it
    init:   seed -> its parameters, a pytree of tensors
    apply:  (params, x, activation) -> output. It calls the activation on a tensor wherever it has
            one, and knows nothing else of it.
    places: while entered, what it gives tells the name of the place where `apply` is.
    own:    whether it has activations of its own, which `OWN` leaves as they are.
    untrainable: why it cannot be trained as it is; empty where it can.
    """

    name: str
    init: Callable[[int], Params]
    apply: Apply
    places: Callable[[], AbstractContextManager[Place]] = counted
    own: bool = False
    untrainable: str = ""


class Observed(NamedTuple):
    """What a network gives, and what its activation was given and gave, call by call.

    functions: what was called there: the activation, or a module's own function for `OWN`.
    """

    output: Tensor
    before: tuple[Tensor, ...]
    after: tuple[Tensor, ...]
    functions: tuple[Given, ...]


class Site(NamedTuple):
    """A place where a network calls its activation.

    name:  as the network calls it
    shape: of what is seen there, for the examples that were tried
    units: the axis of the units, channels or features. The other axes are examples of them: the
           batch, and the positions or tokens.
    """

    name: str
    shape: tuple[int, ...]
    units: int

    def per_unit(self, values: Tensor) -> Tensor:
        """Values of the site's shape as (example, unit), positions and tokens as examples."""
        return values.movedim(self.units, -1).flatten(0, -2)


class Own:
    """The function that a module calls where another activation may stand: its name, and itself."""

    def __init__(self, name: str, function: Callable[[Tensor], Tensor]) -> None:
        self.name, self.function = name, function


def OWN(z: Tensor) -> Tensor:  # noqa: N802  # it stands where an activation does, and is none
    """In place of an activation: those that a module has of its own."""
    raise UsageError(
        "this network has no activations of its own", "give it one: actfunc.get('relu')"
    )


class Witness:
    """An activation that keeps what it is given and gives.

    taps:  added to what it is given, call by call
    noted: called before it is, with what it is given and what it stands for
    """

    def __init__(
        self,
        activation: Given,
        taps: Sequence[Tensor] | None = None,
        noted: Callable[[Tensor, Own | None], None] = lambda z, own: None,
    ) -> None:
        self.activation, self.taps, self.noted = activation, taps, noted
        self.before: list[Tensor] = []
        self.after: list[Tensor] = []
        self.functions: list[Given] = []

    def __call__(self, z: Tensor, own: Own | None = None) -> Tensor:
        if self.taps is not None:
            if len(self.before) == len(self.taps):
                raise _other_number(self.taps, "more often")
            z = z + self.taps[len(self.before)]
        self.noted(z, own)
        self.before.append(z)
        self.functions.append(standing(self.activation, own))
        self.after.append(replaced(self.activation, z, own))
        return self.after[-1]


def replaced(activation: Given, z: Tensor, own: Own | None) -> Tensor:
    """The activation's values where a network calls it, or its own function's for `OWN`."""
    if isinstance(activation, Witness):
        return activation(z, own)
    return activated(standing(activation, own), z)


def standing(activation: Given, own: Own | None) -> Given:
    """The function that stands where a network calls its activation."""
    return own.function if own is not None and activation is OWN else activation


def observe(
    apply: Apply,
    params: Params,
    x: Tensor,
    activation: Given,
    taps: Sequence[Tensor] | None = None,
) -> Observed:
    """The network's output with what its activation saw, in the order of the calls.

    taps: a tensor for each call, added to what is seen there: zeros, as `zero_taps` gives them,
    change nothing, and the gradient with respect to them is the signal of each example. Pure, so
    that every transform of torch.func and the compiler go through it. Raises UsageError for taps of
    another number, and where the activation is never called.
    """
    witness = Witness(activation, taps)
    output = apply(params, x, witness)
    if not witness.before:
        raise UsageError(
            "the network never calls the activation it is given",
            "apply(params, x, activation) must call it on a tensor; a module must call one of"
            " torch's functions",
        )
    if taps is not None and len(witness.before) != len(taps):
        raise _other_number(taps, f"{len(witness.before)} times")
    found = witness.before, witness.after, witness.functions
    return Observed(output, *map(tuple, found))  # type: ignore[arg-type]


@torch.no_grad()
def sites(
    network: Network, params: Params, x: Tensor, activation: Given = torch.relu
) -> tuple[Site, ...]:
    """Where the network calls its activation, by a look at what it does with x; see `look`."""
    return look(network, params, x, activation)[0]


def look(
    network: Network, params: Params, x: Tensor, activation: Given
) -> tuple[tuple[Site, ...], Observed]:
    """Where the network calls its activation, and what that saw there, in one pass.

    The units are those of the layer that made what is seen: the channels of a convolution, the
    features of an affine layer. Where two places have one name, the later ones have a number.
    Raises UsageError where the activation is never called.
    """
    found: list[Site] = []
    times: Counter[str] = Counter()
    with network.places() as place, _Layers() as layers:

        def noted(z: Tensor, own: Own | None) -> None:
            name = place(own)
            times[name] += 1
            again = f" ({times[name]})" if times[name] > 1 else ""
            found.append(Site(name + again, tuple(z.shape), layers.units_of(z)))

        witness = Witness(activation, noted=noted)
        output = observe(network.apply, params, x, witness).output
    seen = witness.before, witness.after, witness.functions
    return tuple(found), Observed(output, *map(tuple, seen))  # type: ignore[arg-type]


def zero_taps(seen: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Taps for `observe` that change nothing, for a network that was seen to be so."""
    return tuple(map(torch.zeros_like, seen))


def _other_number(taps: Sequence[Tensor], calls: str) -> UsageError:
    return UsageError(
        f"{len(taps)} taps for a network that calls its activation {calls}",
        "zero_taps of what was observed makes as many",
    )


class _Layers(TorchFunctionMode):
    """Notes which axis the last convolution, affine layer or norm has its units on."""

    CHANNELS_SECOND = frozenset({
        torch.conv1d, torch.conv2d, torch.conv3d, torch.conv_transpose1d, torch.conv_transpose2d,
        torch.conv_transpose3d, torch.batch_norm, torch.group_norm, torch.instance_norm,
    })  # fmt: skip
    FEATURES_LAST = frozenset({
        torch.nn.functional.linear, torch.matmul, torch.bmm, torch.addmm, torch.baddbmm, torch.mm,
        torch.Tensor.matmul, torch.Tensor.__matmul__, torch.Tensor.__rmatmul__, torch.einsum,
        torch.nn.functional.layer_norm,
    })  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.second: bool | None = None

    def units_of(self, z: Tensor) -> int:
        """The axis of the units of what came of the last such layer."""
        second = z.ndim >= 4 if self.second is None else self.second
        return 1 if second and z.ndim >= 3 else z.ndim - 1

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in self.CHANNELS_SECOND:
            self.second = True
        elif func in self.FEATURES_LAST:
            self.second = False
        return func(*args, **(kwargs or {}))
