"""Multilayer perceptrons: the tutorial's, and one with norms and skips."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from torch import Tensor

from actfunc import mlp as tutorial
from actfunc.generator import seeded
from actfunc.mlp import Layer
from actfunc.networks.layers import Norm, affine, layer_normed, norm
from actfunc.networks.network import Network, Own, Place


def mlp(sizes: Sequence[int] = (784, 512, 256, 256, 128, 10)) -> Network:
    """The multilayer perceptron of `actfunc.mlp`, by default the tutorial's."""
    return Network(
        "mlp", lambda seed: tutorial.init(sizes, seed=seed), tutorial.apply, _hidden_layers
    )


@contextmanager
def _hidden_layers() -> Iterator[Place]:
    numbers = itertools.count(1)

    def place(own: Own | None) -> str:
        return f"hidden {next(numbers)}"

    yield place


class SkipBlock(NamedTuple):
    """One residual block: the norm before it, and the layers around its activation."""

    norm: Norm
    into: Layer
    out: Layer


class Skipping(NamedTuple):
    """The parameters of `skip_mlp`."""

    stem: Layer
    blocks: tuple[SkipBlock, ...]
    norm: Norm
    head: Layer


def skip_mlp(features: int = 784, width: int = 256, depth: int = 4, classes: int = 10) -> Network:
    """Blocks x + out(φ(into(norm(x)))) of one width between an affine stem and head."""

    def init(seed: int) -> Skipping:
        generator = seeded(seed)
        return Skipping(
            affine(generator, features, width),
            tuple(
                SkipBlock(
                    norm(width), affine(generator, width, width), affine(generator, width, width)
                )
                for _ in range(depth)
            ),
            norm(width),
            affine(generator, width, classes),
        )

    return Network("skip_mlp", init, apply_skipping)


def apply_skipping(params: Skipping, x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
    """Outputs (batch, class) of examples (batch, …), flat or not."""
    x = x.flatten(1) @ params.stem.weight.mT + params.stem.bias
    for block in params.blocks:
        inner = layer_normed(block.norm, x) @ block.into.weight.mT + block.into.bias
        x = x + activation(inner) @ block.out.weight.mT + block.out.bias
    return layer_normed(params.norm, x) @ params.head.weight.mT + params.head.bias
