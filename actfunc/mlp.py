"""The multilayer perceptron: `init` makes its parameters, `apply` evaluates it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from actfunc import number
from actfunc.errors import UsageError
from actfunc.generator import seeded
from actfunc.given import activated, expect_elementwise


class Layer(NamedTuple):
    """One affine layer: weight (out, in) and bias (out); in a stack with (network) before them."""

    weight: Tensor
    bias: Tensor


Params: TypeAlias = tuple[Layer, ...]
Taps: TypeAlias = tuple[Tensor, ...]
"""One zero tensor (batch, out) a layer; the gradient for it is the backpropagated signal."""


class Trace(NamedTuple):
    """Everything a forward pass computes, layer by layer.

    logits:           (batch, classes)
    inputs:           what each affine layer reads, (batch, in) each; the first is the flat image
    pre_activations:  what each affine layer gives, (batch, out) each; the last is the logits
    """

    logits: Tensor
    inputs: tuple[Tensor, ...]
    pre_activations: tuple[Tensor, ...]

    @property
    def activations(self) -> tuple[Tensor, ...]:
        """The output of each hidden layer, (batch, out) each."""
        return self.inputs[1:]


def init(
    sizes: Sequence[int],
    *,
    gain: float | None = None,
    bias: float = 0.0,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Params:
    """Parameters for layers of the given sizes, `(784, 512, …, 10)` from input to logits.

    Bit-equal to the same stack of `torch.nn.Linear` made in order under `torch.manual_seed(seed)`:
    weights and biases uniform in ±1/√in, drawn on the CPU in float32. Give `seed` or `generator`.
    With a `gain` they are Gaussian instead: weights of standard deviation gain/√in, biases of
    standard deviation `bias`, zero by default; `actfunc.analysis.gain.recommend` gives both.
    """
    sizes = checked_sizes(sizes)
    if (seed is None) == (generator is None):
        raise UsageError("give either seed or generator to mlp.init")
    if gain is not None:
        gain, bias = checked_spread(gain, bias)
    elif number.as_number(bias) != 0:
        raise UsageError(
            f"bias must be {BIAS}, got {number.shown(bias)}",
            "for example mlp.init(sizes, gain=1.4, bias=0.1, seed=0)",
        )
    if generator is None:
        generator = seeded(seed)  # type: ignore[arg-type]  # one of the two is there
    layers = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        weight = torch.empty(fan_out, fan_in, dtype=torch.float32, device="cpu")
        shift, bound = weight.new_empty(fan_out), 1 / math.sqrt(fan_in)
        if gain is None:
            # nn.Linear's own call, so that its rounding of the bound is ours as well
            torch.nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
            shift.uniform_(-bound, bound, generator=generator)
        else:
            weight.normal_(0, gain * bound, generator=generator)
            shift.normal_(0, bias, generator=generator)
        layers.append(Layer(weight.to(device, dtype), shift.to(device, dtype)))
    return tuple(layers)


def checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Layer sizes as Python's ints. Raises UsageError for what `init` does not take as such."""
    try:
        found = tuple(number.whole("a size", size) for size in sizes)
    except (TypeError, UsageError) as error:
        shown = number.shown(tuple(sizes) if isinstance(sizes, Iterable) else sizes)
        raise UsageError(f"sizes must be two or more positive integers, got {shown}") from error
    if len(found) < 2:
        raise UsageError(f"sizes must be two or more positive integers, got {found}")
    return found


def checked_spread(gain: float, bias: float = 0.0) -> tuple[float, float]:
    """The two as Python's floats. Raises UsageError for what `init` does not take as such."""
    most = number.GREATEST
    return (
        number.real("gain", gain, "a positive number", lambda found: 0 < found <= most),
        number.real("bias", bias, BIAS, lambda found: 0 <= found <= most),
    )


BIAS = "the biases' standard deviation beside a gain"


def apply(
    params: Params, images: Tensor, activation: Callable[[Tensor], Tensor], taps: Taps | None = None
) -> Tensor:
    """Logits (batch, classes) of images (batch, [channel,] height, width) or (batch, pixel).

    A channel axis of 1, (batch, 1, height, width), is dropped. Without the batch axis, as inside
    `vmap`, one row of logits. `taps` are added to the pre-activations; see `zero_taps`.

    Stacks of networks, weights (network, out, in), are evaluated side by side: images (network,
    batch, …) or the same for all, logits (network, batch, classes). A stack's activation is
    elementwise, or UsageError: it is given (network, out, batch).
    """
    return trace(params, images, activation, taps).logits


def trace(
    params: Params, images: Tensor, activation: Callable[[Tensor], Tensor], taps: Taps | None = None
) -> Trace:
    """The forward pass with what every layer read and gave kept beside the logits."""
    images = _flat(images, params)
    if params[0].weight.ndim > 2:
        return _stack_trace(params, images, activation, taps)
    inputs, pre_activations = [images], []
    for index, (weight, bias) in enumerate(params):
        z = F.linear(inputs[-1], weight, bias)
        if taps is not None:
            z = z + taps[index]
        pre_activations.append(z)
        if index < len(params) - 1:
            inputs.append(activated(activation, z))
    return Trace(pre_activations[-1], tuple(inputs), tuple(pre_activations))


def zero_taps(params: Params, batch: int) -> Taps:
    """Taps for `apply` that change nothing: a zero (batch, out) tensor a layer.

    Differentiate a loss with respect to them and get, per layer, the loss's gradient with respect
    to the pre-activations, for each example: the signal that backpropagation carries.
    """
    shapes = ((*layer.bias.shape[:-1], batch, layer.bias.shape[-1]) for layer in params)
    return tuple(layer.bias.new_zeros(shape) for layer, shape in zip(params, shapes, strict=True))


def sizes(params: Params) -> tuple[int, ...]:
    """The layer sizes `init` was given, from input to logits."""
    return (params[0].weight.shape[-1], *(layer.weight.shape[-2] for layer in params))


def _stack_trace(
    params: Params, images: Tensor, activation: Callable[[Tensor], Tensor], taps: Taps | None
) -> Trace:
    """`trace` of a stack, in which an example is a column.

    So batched products give the weights' gradients as the weights lie, where they would come out
    transposed, and the biases' gradients are sums of neighbours: a tenth of a training step.
    """
    expect_elementwise(activation)
    inputs, pre_activations = [images.mT], []
    for index, (weight, bias) in enumerate(params):
        z = weight @ inputs[-1] + bias.unsqueeze(-1)
        if taps is not None:
            z = z + taps[index].mT
        pre_activations.append(z)
        if index < len(params) - 1:
            inputs.append(activated(activation, z))
    rows = [tuple(columns.mT for columns in kept) for kept in (inputs, pre_activations)]
    return Trace(rows[1][-1], *rows)


def without_channel(params: Params, images: Tensor) -> Tensor:
    """Images (…, batch, 1, height, width), as most loaders give them, without the channel axis."""
    if images.ndim < 4 or images.shape[-3] != 1:
        return images
    features, stack = params[0].weight.shape[-1], params[0].weight.shape[:-2]
    if images.shape[-1] == features or images.shape[-2] * images.shape[-1] != features:
        return images
    # one image for each network of a stack looks alike
    one_each = len(stack) == images.ndim - 3 and images.shape[:-3] == stack
    return images if one_each else images.squeeze(-3)


def example_axes(params: Params, images: Tensor) -> tuple[int, ...]:
    """The axes of images before those of an image's pixels, (…, batch). Raises UsageError for
    images of another number of pixels than the network reads."""
    features = params[0].weight.shape[-1]
    for axes in range(1, min(images.ndim, 3) + 1):
        if math.prod(images.shape[-axes:]) == features:
            return tuple(images.shape[:-axes])
    raise UsageError(
        f"the network reads {features} features an example, got images of shape"
        f" {tuple(images.shape)}",
        "images are (batch, height, width) or (batch, pixel)",
    )


def _flat(images: Tensor, params: Params) -> Tensor:
    if not images.is_floating_point():
        raise UsageError(
            f"the network reads floating-point images, got {images.dtype}",
            "actfunc.data.normalise makes uint8 pixels what it was trained on",
        )
    images = without_channel(params, images)
    axes = len(example_axes(params, images))
    return images if axes == images.ndim - 1 else images.flatten(axes)
