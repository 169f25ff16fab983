"""Images and labels as people bring them, looked at once and in the form that a network takes.

Pixels are uint8, 0 to 255, and are normalised where they are read, or floating-point numbers, which
are taken as they are. Labels are whole numbers of any dtype, counted from 0. Whatever takes images
or labels from outside takes them through here, before its work and never in a step of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from actfunc import mlp, torch_private, tree
from actfunc.data.dataset import Examples, normalise
from actfunc.data.split import Split
from actfunc.errors import UsageError

FLOATING = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def taken_images(params: mlp.Params, images: Any, name: str = "images") -> Tensor:
    """The images as this network reads them in batches, without a channel axis of 1.

    images: (n, height, width), (n, 1, height, width) or (n, pixel), uint8 or floating; for a stack
    of networks the same for all, or each network's own, (network, n, …).
    Raises UsageError for anything else, and for numbers that are not finite in the network's dtype.
    """
    images = _read_by_any(_tensor(images, name, params), name)
    images = mlp.without_channel(params, images)
    axes, stack = mlp.example_axes(params, images), _stack(params)
    if len(axes) != 1 and (len(axes), axes[:-1]) != (len(stack) + 1, stack):
        own = f", or {(*stack, 'n')} of them" if stack else ""
        raise UsageError(
            f"{name} must be (n, height, width) or (n, pixel){own}, got {tuple(images.shape)}",
            "reshape(len(images), -1) makes rows of pixels of them",
        )
    expect_finite(images, params[0].weight.dtype, name)
    return images


def _read_by_any(images: Tensor, name: str) -> Tensor:
    if images.dtype != torch.uint8 and images.dtype not in FLOATING:
        raise UsageError(
            f"{name} must be uint8 or floating-point, got {images.dtype}",
            "to(torch.uint8) of pixels from 0 to 255, which are normalised; float() of numbers that"
            " are to be taken as they are",
        )
    if not images.numel():
        raise UsageError(f"{name} must be one or more, got none, of shape {tuple(images.shape)}")
    return images


def taken_inputs(params: Any, inputs: Any, name: str = "images") -> Tensor:
    """What any network may read in batches, (n, …), uint8 or floating; params: a pytree of tensors.

    Raises UsageError for anything else, and for numbers that are not finite in their dtype.
    """
    leaves = tree.leaves(params)
    if not (leaves and all(isinstance(leaf, Tensor) for leaf in leaves)):
        raise UsageError(f"params must be a pytree of tensors, got {type(params).__name__}")
    inputs = _read_by_any(plain_tensor(inputs, name, leaves[0].device), name)
    if inputs.ndim < 2:
        raise UsageError(
            f"{name} must have an axis of examples and one or more of each, got shape"
            f" {tuple(inputs.shape)}",
            "unsqueeze(-1) of numbers that are one example each",
        )
    expect_finite(inputs, leaves[0].dtype, name)
    return inputs


def taken_labels(params: mlp.Params, labels: Any, count: int, name: str = "labels") -> Tensor:
    """The labels of so many images as int64: (n) whole numbers of any dtype, a class each.

    For a stack of networks the same for all, or each network's own, (network, n). Raises
    UsageError for anything else, and for numbers that are no class of the network.
    """
    classes = params[-1].weight.shape[-2]
    return as_labels(_tensor(labels, name, params), count, classes, name, _stack(params))


def as_labels(
    labels: Tensor, count: int, classes: int, name: str, stack: tuple[int, ...] = ()
) -> Tensor:
    """A tensor of labels as `taken_labels`, of a network that tells so many classes apart."""
    _expect_whole(labels, name)
    check_shape(labels, count, stack, name)
    labels = labels.long()
    if _can_be_read(labels):
        wrong = (labels < 0) | (labels >= classes)
        if wrong.any():
            place = int(wrong.flatten().nonzero()[0])
            raise UsageError(
                f"{name} must be from 0 to {classes - 1}, got {int(labels.flatten()[place])}"
                f" at {place % count}",
                f"the network tells {classes} classes apart, counted from 0",
            )
    return labels


def taken_examples(params: mlp.Params, examples: Any, name: str = "") -> Examples:
    """Images and their labels, as `taken_images` and `taken_labels`; name: whose they are."""
    images, labels = pair(examples, name)
    images = taken_images(params, images, f"{name} images".lstrip())
    count = mlp.example_axes(params, images)[-1]
    return Examples(images, taken_labels(params, labels, count, f"{name} labels".lstrip()))


def pair(examples: Any, name: str) -> tuple[Any, Any]:
    """Images and labels of examples. Raises UsageError for what are none."""
    try:
        images, labels = examples
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name or 'examples'} must be images and labels, got {type(examples).__name__}",
            "actfunc.data.Examples(images, labels)",
        ) from error
    return images, labels


def taken_split(params: mlp.Params, split: Split) -> Split:
    """The three parts of a split, each as `taken_examples`."""
    parts = zip(Split._fields, split, strict=True)
    return Split(*(taken_examples(params, part, f"split.{name}") for name, part in parts))


def device(split: Split) -> torch.device:
    """Where a split lies, to be trained on there. Raises UsageError for what is no split."""
    try:
        examples, _, _ = split
        found = [each.device for each in examples if isinstance(each, Tensor)]
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"split must be three parts, got {type(split).__name__}",
            "actfunc.data.Split(train, validation, test), each Examples(images, labels)",
        ) from error
    return found[-1] if found else torch.device("cpu")


def check_shape(
    labels: Tensor, count: int, stack: tuple[int, ...] = (), name: str = "labels"
) -> None:
    """Raise UsageError unless there is a label an image: one alone would be taken for all."""
    if tuple(labels.shape) in {(count,), (*stack, count)}:
        return
    if labels.ndim == 1:
        raise UsageError(
            f"{name} must be one for each image, got {count} images and {len(labels)} labels",
            "labels are whole numbers, (batch)",
        )
    raise UsageError(
        f"{name} of {count} images must be of shape ({count},), got {tuple(labels.shape)}",
        "flatten() takes an axis of 1 away; argmax(-1) makes numbers of one-hot rows",
    )


def as_classes(labels: Tensor, logits: Tensor) -> Tensor:
    """Labels as int64, of which there is one for each row of logits; only looked at from outside.

    Raises UsageError for labels of another shape or kind.
    """
    _expect_whole(labels, "labels")
    if labels.shape != logits.shape[:-1]:
        *stack, count = logits.shape[:-1]
        check_shape(labels, count, tuple(stack))
        labels = labels.expand(logits.shape[:-1])
    return labels.long()


def pixels(images: Tensor, dtype: torch.dtype) -> Tensor:
    """What a network of that dtype reads: uint8 images normalised, floating ones as they are."""
    return (images if images.is_floating_point() else normalise(images)).to(dtype)


def taken_pixels(params: mlp.Params, images: Any) -> Tensor:
    """The images as `taken_images`, ready to be read as one batch."""
    return pixels(taken_images(params, images), params[0].weight.dtype)


def taken_batch(params: mlp.Params, images: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Images and labels as `taken_examples`, ready to be read as one batch."""
    images, labels = taken_examples(params, (images, labels))
    return pixels(images, params[0].weight.dtype), labels


def _tensor(given: Any, name: str, params: mlp.Params) -> Tensor:
    if not (isinstance(params, (tuple, list)) and params and hasattr(params[0], "weight")):
        raise UsageError(
            f"params must be the layers of a network, got {type(params).__name__}",
            "as mlp.init gives them: a tuple of mlp.Layer(weight, bias)",
        )
    return plain_tensor(given, name, params[0].weight.device)


def plain_tensor(given: Any, name: str, there: torch.device) -> Tensor:
    """A tensor that lies on a network's device. Raises UsageError for anything else."""
    if not isinstance(given, Tensor):
        raise UsageError(
            f"{name} must be a tensor, got {type(given).__name__}",
            "torch.as_tensor(...) makes one of numbers and of NumPy's arrays",
        )
    if given.layout != torch.strided or given.is_quantized:
        raise UsageError(f"{name} must be a plain tensor, got {given.layout} of {given.dtype}")
    if given.device != there:
        raise UsageError(
            f"{name} must lie where the network does, on {there}, got {given.device}",
            f"to({str(there)!r}) moves them",
        )
    return given


def _expect_whole(labels: Tensor, name: str) -> None:
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise UsageError(
            f"{name} must be whole numbers, got {labels.dtype}",
            "the number of a class each, counted from 0: argmax(-1) of one-hot rows, long() of"
            " what is whole",
        )


def _stack(params: mlp.Params) -> tuple[int, ...]:
    return tuple(params[0].weight.shape[:-2])


def _can_be_read(tensor: Tensor) -> bool:
    return tensor.device.type != "meta" and not torch_private.values_are_hidden()


def expect_finite(images: Tensor, dtype: torch.dtype, name: str) -> None:
    """Raise UsageError where numbers of (n, …) are not finite in a dtype."""
    if not images.is_floating_point() or not _can_be_read(images):
        return
    # NaN comes through both ends
    low, high = (float(end) for end in images.detach().aminmax())
    most = torch.finfo(dtype).max
    if -most <= low and high <= most:
        return
    rows = images.detach().reshape(len(images), -1)
    place = int((~(rows.abs() <= most)).any(1).nonzero()[0])
    wrong = rows[place][~(rows[place].abs() <= most)][0].item()
    raise UsageError(
        f"{name} must be finite numbers in {dtype}, got {wrong:g} in image {place}",
        "leave out what is damaged: a network gives NaN for it",
    )
