"""Gradients of any number of images, streamed: what a whole training set says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import mlp, tree
from actfunc.analysis.batches import labelled
from actfunc.analysis.gradient_noise import Noise, mean_cosine, noise
from actfunc.analysis.per_example import (
    GradientMoments,
    LayerExamples,
    Norms,
    examples,
    norms,
)
from actfunc.analysis.sketch import Sketch, add, nothing
from actfunc.data import intake
from actfunc.errors import UsageError
from actfunc.given import taken


class StreamedGradient(NamedTuple):
    """What one layer receives from the mean loss, as `LayerGradient`, all images streamed.

    signal: the sketch of it, weight: (out, in), bias: (out)
    """

    signal: Sketch
    weight: Tensor
    bias: Tensor


class GradientStatistics(NamedTuple):
    """What the gradients of n examples are together.

    signals:        a sketch a layer of the mean loss's gradient with respect to pre-activations
    layers:         `GradientMoments` a layer; their means are the gradient of the mean loss
    norms:          of each example's gradient, (n, layer), in the order of the images
    layer_noise:    `Noise` a layer
    layer_cosines:  mean cosine between two different examples' gradients, 0-dimensional, a layer
    noise, cosine:  the same of the whole network
    """

    signals: tuple[Sketch, ...]
    layers: tuple[GradientMoments, ...]
    norms: Norms
    layer_noise: tuple[Noise, ...]
    layer_cosines: tuple[Tensor, ...]
    noise: Noise
    cosine: Tensor

    @property
    def gradients(self) -> tuple[StreamedGradient, ...]:
        """What `backpropagate` gives for a batch, layer by layer from the input."""
        return tuple(
            StreamedGradient(signal, *moments.mean)
            for signal, moments in zip(self.signals, self.layers, strict=True)
        )


class _Sums(NamedTuple):
    """Over examples, for one layer: gradients, their squares, and the gradients scaled to norm 1,
    within the layer and within the whole network."""

    gradient: mlp.Layer
    square: mlp.Layer
    unit: mlp.Layer
    whole_unit: mlp.Layer


@torch.no_grad()
def gradient_statistics(
    params: mlp.Params,
    activation: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    *,
    batch: int = 1024,
    on_batch: Callable[[int, int], None] | None = None,
) -> GradientStatistics:
    """Moments, norms, noise and cosines of each example's cross-entropy gradient.

    images, labels: two or more, see `data.intake`; activation: see `given.taken`. Streamed in
    batches, so that memory does not grow with n but for the norms; `on_batch(done, n)` is called
    as images are done. Sums over batches are kept, and noise and cosines given, in float64.
    """
    images, labels = intake.taken_examples(params, (images, labels))
    activation, count = taken(activation), len(images)
    if count < 2:
        raise UsageError(
            f"gradients have a spread over two or more images, got {count}",
            "256 are a usual batch",
        )
    signals = tuple(nothing(bias[..., 0]) for _, bias in params)
    seen: list[Norms] = []
    sums: tuple[_Sums, ...] | None = None
    for part, right in labelled(images, labels, batch):
        pixels = intake.pixels(part, params[0].weight.dtype)
        found = examples(params, activation, pixels, right)
        seen.append(norms(found))
        signals = tuple(
            add(before, layer.signal / count) for before, layer in zip(signals, found, strict=True)
        )
        added = tree.map(lambda leaf: leaf.double(), _sums(found, seen[-1]))
        sums = added if sums is None else tree.map(torch.add, sums, added)
        if on_batch is not None:
            on_batch(sum(each.bias.shape[-2] for each in seen), count)
    assert sums is not None
    every = Norms(*(torch.cat(parts, -2) for parts in zip(*seen, strict=True)))
    return _statistics(signals, sums, every, params[0].weight.dtype)


def _sums(found: Sequence[LayerExamples], size: Norms) -> tuple[_Sums, ...]:
    def unless_zero(norm: Tensor) -> Tensor:
        return norm.where(norm > 0, 1).unsqueeze(-1)

    whole = unless_zero(size.whole)
    result = []
    for (signal, read), own in zip(found, size.layer.unbind(-1), strict=True):
        # one product for the three that read the same
        kinds = [signal, signal / unless_zero(own), signal / whole]
        weights = (torch.cat(kinds, -1).mT @ read).chunk(3, -2)
        gradient, unit, whole_unit = (
            mlp.Layer(weight, kind.sum(-2)) for weight, kind in zip(weights, kinds, strict=True)
        )
        squares = signal.square()
        square = mlp.Layer(squares.mT @ read.square(), squares.sum(-2))
        result.append(_Sums(gradient, square, unit, whole_unit))
    return tuple(result)


def _statistics(
    signals: tuple[Sketch, ...], sums: Sequence[_Sums], every: Norms, dtype: torch.dtype
) -> GradientStatistics:
    count = every.bias.shape[-2]
    means = [tree.map(lambda leaf: leaf / count, layer.gradient) for layer in sums]
    squares = [tree.map(lambda leaf: leaf / count, layer.square) for layer in sums]
    mean_squares = every.layer.double().square().mean(-2).unbind(-1)
    square_means = [_square_norm(layer) for layer in means]
    return GradientStatistics(
        signals=signals,
        layers=tuple(
            tree.map(lambda leaf: leaf.to(dtype), GradientMoments(*pair))
            for pair in zip(means, squares, strict=True)
        ),
        norms=every,
        layer_noise=tuple(
            noise(*pair, count) for pair in zip(mean_squares, square_means, strict=True)
        ),
        layer_cosines=tuple(
            mean_cosine(_square_norm(layer.unit), norms)
            for layer, norms in zip(sums, every.layer.unbind(-1), strict=True)
        ),
        noise=noise(_total(mean_squares), _total(square_means), count),
        cosine=mean_cosine(_total([_square_norm(layer.whole_unit) for layer in sums]), every.whole),
    )


def _square_norm(layer: mlp.Layer) -> Tensor:
    return layer.weight.square().sum((-2, -1)) + layer.bias.square().sum(-1)


def _total(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack(tuple(parts)).sum(0)
