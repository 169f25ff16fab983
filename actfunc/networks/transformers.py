"""A transformer on patches of an image, its feed-forward plain or gated."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from actfunc.errors import UsageError
from actfunc.generator import seeded
from actfunc.mlp import Layer
from actfunc.networks.layers import Norm, affine, as_images, layer_normed, norm
from actfunc.networks.network import Network


class TransformerBlock(NamedTuple):
    """Attention, then a feed-forward; gate is (layer,) where that is gated, else empty."""

    attention_norm: Norm
    queries_keys_values: Layer
    mixed: Layer
    forward_norm: Norm
    into: Layer
    gate: tuple[Layer, ...]
    out: Layer


class Transformer(NamedTuple):
    """The parameters of `transformer`. places: what is added to each patch, (patch, feature)."""

    stem: Layer
    places: Tensor
    blocks: tuple[TransformerBlock, ...]
    norm: Norm
    head: Layer


def transformer(
    side: int = 28,
    patch: int = 7,
    width: int = 64,
    depth: int = 4,
    heads: int = 4,
    *,
    gated: bool = False,
    classes: int = 10,
    channels_in: int = 1,
) -> Network:
    """A small vision transformer (Dosovitskiy et al., An image is worth 16×16 words, 2021) with
    norms first and the mean over the patches last.

    The feed-forward has four times the width; gated, out(φ(into(x)) · gate(x)) (Shazeer, GLU
    variants improve transformer, 2020) with two thirds of that, so that the parameters are as many.
    Raises UsageError for sides that are no multiple of `patch` or a width that is none of `heads`.
    """
    for name, whole, part in (("side", side, patch), ("width", width, heads)):
        if whole % part:
            raise UsageError(f"{name} must be a multiple of {part}, got {whole}")
    inner = 8 * width // 3 if gated else 4 * width

    def init(seed: int) -> Transformer:
        generator = seeded(seed)
        stem = affine(generator, channels_in * patch * patch, width)
        places = torch.empty((side // patch) ** 2, width, device="cpu")
        places.normal_(0, 0.02, generator=generator)
        blocks = tuple(
            TransformerBlock(
                norm(width),
                affine(generator, width, 3 * width),
                affine(generator, width, width),
                norm(width),
                affine(generator, width, inner),
                (affine(generator, width, inner),) if gated else (),
                affine(generator, inner, width),
            )
            for _ in range(depth)
        )
        return Transformer(stem, places, blocks, norm(width), affine(generator, width, classes))

    return Network("transformer", init, partial(apply_transformer, patch=patch, heads=heads))


def apply_transformer(
    params: Transformer,
    x: Tensor,
    activation: Callable[[Tensor], Tensor],
    *,
    patch: int,
    heads: int,
) -> Tensor:
    """Outputs (batch, class) of images (batch, height, width) or (batch, channel, …, width)."""
    tokens = rearrange(as_images(x), "b c (h i) (w j) -> b (h w) (c i j)", i=patch, j=patch)
    x = F.linear(tokens, *params.stem) + params.places
    for block in params.blocks:
        x = x + attended(block, layer_normed(block.attention_norm, x), heads)
        inner = layer_normed(block.forward_norm, x)
        active = activation(F.linear(inner, *block.into))
        for gate in block.gate:
            active = active * F.linear(inner, *gate)
        x = x + F.linear(active, *block.out)
    return F.linear(layer_normed(params.norm, x).mean(-2), *params.head)


def attended(block: TransformerBlock, x: Tensor, heads: int) -> Tensor:
    """What each of x's tokens (batch, token, feature) takes from the others."""
    # written out, since torch's fused attention has no second derivative on every device
    q, k, v = rearrange(
        F.linear(x, *block.queries_keys_values), "b t (n h d) -> n b h t d", n=3, h=heads
    ).unbind(0)
    shares = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    return F.linear(rearrange(shares @ v, "b h t d -> b t (h d)"), *block.mixed)
