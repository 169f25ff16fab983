"""Convolutional networks: a plain one, and the residual one of He et al. with group norms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from actfunc.errors import UsageError
from actfunc.generator import seeded
from actfunc.mlp import Layer
from actfunc.networks.layers import (
    Norm,
    affine,
    as_images,
    convolution,
    convolved,
    group_normed,
    norm,
)
from actfunc.networks.network import Network


class Plain(NamedTuple):
    """The parameters of `convolutional`."""

    convolutions: tuple[Layer, ...]
    head: Layer


def convolutional(
    channels: Sequence[int] = (16, 32, 64), classes: int = 10, channels_in: int = 1
) -> Network:
    """3×3 convolutions, each of which but the first halves the sides, then the mean of each channel
    and an affine layer."""

    def init(seed: int) -> Plain:
        generator = seeded(seed)
        pairs = zip((channels_in, *channels), channels, strict=False)
        return Plain(
            tuple(convolution(generator, into, out) for into, out in pairs),
            affine(generator, channels[-1], classes),
        )

    return Network("convolutional", init, apply_plain)


def apply_plain(params: Plain, x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
    """Outputs (batch, class) of images (batch, height, width) or (batch, channel, …, width)."""
    x = as_images(x)
    for number, layer in enumerate(params.convolutions):
        x = activation(convolved(layer, x, stride=2 if number else 1))
    return F.linear(x.mean((-2, -1)), *params.head)


class ResidualBlock(NamedTuple):
    """Two convolutions with their norms, and one for the skip where the shape changes."""

    first: Layer
    first_norm: Norm
    second: Layer
    second_norm: Norm
    skip: tuple[Layer, ...]


class Residual(NamedTuple):
    """The parameters of `residual`."""

    stem: Layer
    stem_norm: Norm
    stages: tuple[tuple[ResidualBlock, ...], ...]
    head: Layer


def residual(depth: int = 20, width: int = 16, classes: int = 10, channels_in: int = 1) -> Network:
    """ResNet-20's plan (He et al., Deep residual learning, 2016): three stages of `width`, twice
    and four times as many channels, with group norms in place of batch norms.

    depth: 6n + 2 layers, n blocks a stage. Raises UsageError for another.
    """
    if depth < 8 or (depth - 2) % 6:
        raise UsageError(f"depth must be 8, 14, 20, … (6n + 2), got {depth}")

    def init(seed: int) -> Residual:
        generator = seeded(seed)
        stem, into, stages = convolution(generator, channels_in, width), width, []
        for out in (width, 2 * width, 4 * width):
            stage = []
            for number in range((depth - 2) // 6):
                first = convolution(generator, out if number else into, out)
                second = convolution(generator, out, out)
                changes = not number and out != into
                skip = (convolution(generator, into, out, size=1),) if changes else ()
                stage.append(ResidualBlock(first, norm(out), second, norm(out), skip))
            stages.append(tuple(stage))
            into = out
        return Residual(stem, norm(width), tuple(stages), affine(generator, into, classes))

    return Network("residual", init, apply_residual)


def apply_residual(params: Residual, x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
    """Outputs (batch, class) of images (batch, height, width) or (batch, channel, …, width)."""
    x = activation(group_normed(params.stem_norm, convolved(params.stem, as_images(x))))
    for block in (block for stage in params.stages for block in stage):
        stride = 2 if block.skip else 1
        inner = group_normed(block.first_norm, convolved(block.first, x, stride))
        inner = group_normed(block.second_norm, convolved(block.second, activation(inner)))
        skipped = convolved(block.skip[0], x, stride) if block.skip else x
        x = activation(skipped + inner)
    return F.linear(x.mean((-2, -1)), *params.head)
