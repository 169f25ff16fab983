"""What networks are built of: affine layers, convolutions and norms, drawn and applied.

Weights and biases are drawn as torch's modules draw theirs, uniform in ±1/√(inputs of a unit).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from actfunc.mlp import Layer


class Norm(NamedTuple):
    """What a norm learns of each channel or feature, (channel) each."""

    scale: Tensor
    shift: Tensor


def affine(generator: Generator, fan_in: int, fan_out: int) -> Layer:
    """Weight (out, in) and bias (out) of `torch.nn.functional.linear`."""
    return _drawn(generator, (fan_out, fan_in))


def convolution(generator: Generator, channels_in: int, channels_out: int, size: int = 3) -> Layer:
    """Weight (out, in, size, size) and bias (out) of `torch.nn.functional.conv2d`."""
    return _drawn(generator, (channels_out, channels_in, size, size))


def _drawn(generator: Generator, shape: tuple[int, ...]) -> Layer:
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    weight, bias = (torch.empty(each, device="cpu") for each in (shape, shape[:1]))
    for part in (weight, bias):
        part.uniform_(-bound, bound, generator=generator)
    return Layer(weight, bias)


def norm(features: int) -> Norm:
    """A norm that changes neither scale nor place yet."""
    return Norm(torch.ones(features, device="cpu"), torch.zeros(features, device="cpu"))


def convolved(layer: Layer, x: Tensor, stride: int = 1) -> Tensor:
    """x (batch, in, height, width) convolved, padded so that only the stride makes it smaller."""
    return F.conv2d(x, *layer, stride=stride, padding=layer.weight.shape[-1] // 2)


def layer_normed(parameters: Norm, x: Tensor) -> Tensor:
    """x (…, feature), of mean 0 and variance 1 over its features."""
    return F.layer_norm(x, x.shape[-1:], *parameters)


def group_normed(parameters: Norm, x: Tensor, groups: int = 8) -> Tensor:
    """x (batch, channel, height, width), of mean 0 and variance 1 over each group of channels.

    Unlike batch norm it keeps examples apart and has no running statistics (Wu & He, Group
    normalization, 2018).
    """
    return F.group_norm(x, groups, *parameters)


def as_images(x: Tensor) -> Tensor:
    """Images (batch, height, width) with a channel of their own; with channels, as they are."""
    return x.unsqueeze(-3) if x.ndim == 3 else x
