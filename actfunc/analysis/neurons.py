"""Which neurons still do anything, by their slopes: dead, saturated, always linear; streamed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import mlp
from actfunc.activation import Activation, Function
from actfunc.analysis.batches import in_batches
from actfunc.analysis.inside import Inside, inside, pixels, read_images
from actfunc.data import intake
from actfunc.errors import UsageError
from actfunc.given import record_of
from actfunc.networks.network import OWN, Network, Params

SATURATED = 0.01
"""The slope, in size, under which an input counts as saturating a neuron, where nothing is said."""

TOO_MANY = 0.25
"""The share of a layer's neurons from which its dead ones are worth a warning."""


class NeuronCounts(NamedTuple):
    """What is kept of one hidden layer while inputs stream past; (out) each, `seen` without axes.

    In a stack of networks with its axes before them. seen: inputs so far. low, high: the smallest
    and the largest slope. least, most: the same of the pre-activation. flat: inputs whose slope is
    under the bound in size.
    """

    seen: Tensor
    low: Tensor
    high: Tensor
    least: Tensor
    most: Tensor
    flat: Tensor


class LayerNeurons(NamedTuple):
    """What the neurons of one hidden layer are, (out) each.

    dead:      slope exactly 0 for every input; no gradient passes, none reaches its weights
    saturated: slope under the bound in size for every input; the dead ones are among them
    linear:    slope the same number, not 0, for every input and all values on one line; what it
               does an affine layer could do
    undefined: pre-activation or slope NaN for some input, as in a network that has diverged; such
               a neuron is nothing else
    flat:      the share of the inputs whose slope is under the bound in size
    """

    dead: Tensor
    saturated: Tensor
    linear: Tensor
    undefined: Tensor
    flat: Tensor


class LayerTally(NamedTuple):
    """How many neurons of one hidden layer are what; int64 without axes, a stack's axes kept.

    saturated_pairs is the share of (neuron, input) pairs whose slope is under the bound in size.
    """

    neurons: Tensor
    dead: Tensor
    saturated: Tensor
    linear: Tensor
    undefined: Tensor
    saturated_pairs: Tensor

    def share(self, kind: str) -> Tensor:
        """The share of the layer's neurons that are `kind`: dead, saturated, linear, undefined."""
        counted: Tensor = getattr(self, kind)
        return counted.float() / self.neurons


def no_inputs(params: mlp.Params) -> tuple[NeuronCounts, ...]:
    """Of each hidden layer the counts before any input."""
    return tuple(_nothing(bias) for _, bias in params[:-1])


def _nothing(units: Tensor) -> NeuronCounts:
    return NeuronCounts(
        seen=torch.zeros((), dtype=torch.int64, device=units.device),
        low=torch.full_like(units, math.inf),
        high=torch.full_like(units, -math.inf),
        least=torch.full_like(units, math.inf),
        most=torch.full_like(units, -math.inf),
        flat=torch.zeros_like(units, dtype=torch.int64),
    )


def count_batch(
    counts: Sequence[NeuronCounts],
    params: mlp.Params,
    activation: Activation | Function,
    images: Tensor,
    bound: float = SATURATED,
) -> tuple[NeuronCounts, ...]:
    """The counts after one more batch of images, see `data.intake`; those given stay as they are.

    Raises UsageError for what are no images or no activation.
    """
    layers = inside(params, record_of(activation), intake.taken_pixels(params, images))
    return _counted(counts, layers, bound)


def _counted(
    counts: Sequence[NeuronCounts], layers: Sequence[Inside], bound: float
) -> tuple[NeuronCounts, ...]:
    return tuple(
        _with(before, layer.pre, layer.slope, bound)
        for before, layer in zip(counts, layers, strict=True)
    )


def judge(
    counts: Sequence[NeuronCounts], activation: Activation | Function
) -> tuple[LayerNeurons, ...]:
    """What the neurons of each hidden layer are, by all inputs counted so far."""
    record = record_of(activation)
    return tuple(_judged(layer, record.f) for layer in counts)


def tally(neurons: Sequence[LayerNeurons]) -> tuple[LayerTally, ...]:
    """How many neurons of each hidden layer are what."""
    return tuple(
        LayerTally(
            neurons=torch.ones_like(layer.dead).sum(-1),
            dead=layer.dead.sum(-1),
            saturated=layer.saturated.sum(-1),
            linear=layer.linear.sum(-1),
            undefined=layer.undefined.sum(-1),
            saturated_pairs=layer.flat.mean(-1),
        )
        for layer in neurons
    )


def starving(tallies: Sequence[LayerTally], share: float = TOO_MANY) -> tuple[int, ...]:
    """The numbers, from 1, of the hidden layers of which more than `share` is dead."""
    return tuple(n for n, layer in enumerate(tallies, 1) if float(layer.share("dead")) > share)


@torch.no_grad()
def count_neurons(
    params: Params,
    activation: Activation | Function,
    images: Tensor,
    *,
    bound: float = SATURATED,
    batch: int = 1024,
    on_batch: Callable[[int, int], None] | None = None,
    network: Network | None = None,
) -> tuple[LayerNeurons, ...]:
    """What the neurons of each hidden layer are, by every one of the images.

    images: uint8 or normalised float, see `data.intake`, streamed in batches, so memory does not
    grow with n.
    bound: slopes under it in size count as saturated. `on_batch(done, n)` is called as images are
    done. Slopes are the record's `df`, a plain function's are by forward mode, in the parameters'
    dtype: a smooth activation's slope is exactly 0 or exactly 1 where it rounds to that.
    network: as of `distribution`; a channel is counted at every position.
    """
    if not 0 < bound < math.inf:
        raise UsageError(
            f"bound must be a number above 0, got {bound!r}", f"{SATURATED} by default"
        )
    images = read_images(params, images, network)
    function = activation if activation is OWN else record_of(activation)
    counts: tuple[NeuronCounts, ...] = ()
    layers: tuple[Inside, ...] = ()
    done = 0
    for part in in_batches(images, batch):
        layers = inside(params, function, pixels(params, part), network)
        counts = counts or tuple(_nothing(layer.pre.amax(-2)) for layer in layers)
        counts = _counted(counts, layers, bound)
        done += len(part)
        if on_batch is not None:
            on_batch(done, len(images))
    return tuple(_judged(each, layer.value) for each, layer in zip(counts, layers, strict=True))


def _with(before: NeuronCounts, z: Tensor, slope: Tensor, bound: float) -> NeuronCounts:
    low, high = slope.aminmax(dim=-2)
    least, most = z.aminmax(dim=-2)
    return NeuronCounts(
        before.seen + z.shape[-2],
        torch.minimum(before.low, low),
        torch.maximum(before.high, high),
        torch.minimum(before.least, least),
        torch.maximum(before.most, most),
        before.flat + (slope.abs() < bound).sum(-2),
    )


def _judged(counts: NeuronCounts, value: Callable[[Tensor], Tensor]) -> LayerNeurons:
    seen, low, high, least, most, flat = counts
    # equal slopes alone are not one line: a shrinkage has slope 1 on both sides of its gap
    highest, lowest = value(most), value(least)
    rise, run = highest - lowest, low * (most - least)
    room = 8 * torch.finfo(low.dtype).eps
    scale = highest.abs() + lowest.abs() + run.abs()
    one_line = (rise - run).abs() <= room * scale
    # many a slope is written with comparisons, and is a number at NaN
    undefined = low.isnan() | least.isnan()
    dead = (low == 0) & (high == 0) & ~undefined
    return LayerNeurons(
        dead=dead,
        saturated=(flat == seen) & ~undefined,
        linear=(low == high) & ~dead & one_line,
        undefined=undefined,
        flat=flat.float() / seen,
    )
