"""Losses of outputs against targets, by their names or one's own, and the score that fits them.

Targets that are whole numbers are classes, and a network's score is the share of right answers.
Targets that are floating-point numbers have no right answers: the score is the share of their
variance that the outputs explain, 0 where their mean would do as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from actfunc.catalogue import door
from actfunc.catalogue.named import spelling_key
from actfunc.data import intake
from actfunc.errors import UnknownNameError, UsageError
from actfunc.source import digest_of

NO_LABEL = -(2**62)
"""The label that a loss leaves out, as torch's -100, which may stand in data: nobody's."""

GivenLoss: TypeAlias = "str | Loss | Callable[[Tensor, Tensor], Tensor]"
"""A loss by its name or place, or a function (outputs, targets) -> the mean over a batch."""


@dataclass(frozen=True)
class Loss:
    """What is made small: `mean(outputs, targets)` of a batch.

    name:     as the command line takes it
    targets:  "classes" from 0 on, "binary" 0 or 1, "numbers", or "any" of a person's own function
    mean:     outputs (batch, out) and targets (batch) or (batch, out) to a 0-dimensional tensor;
              where it `stacks`, (…, batch, out) to (…)
    source:   a digest of the source of a person's own, else empty
    """

    name: str
    targets: str
    mean: Callable[[Tensor, Tensor], Tensor]
    stacks: bool = True
    source: str = ""


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """In nats, of logits (…, batch, class) and labels (…, batch) of classes."""
    labels = intake.as_classes(labels, logits)
    losses = F.cross_entropy(
        logits.flatten(0, -2), labels.flatten(), reduction="none", ignore_index=NO_LABEL
    )
    return losses.reshape(labels.shape).mean(dim=-1)


def binary_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """In nats, of logits (…, batch, 1) for the class 1 and labels (…, batch), 0 or 1."""
    single = logits.squeeze(-1)
    return F.binary_cross_entropy_with_logits(
        single, labels.to(single.dtype), reduction="none"
    ).mean(dim=-1)


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean over the batch and the outputs, of outputs (…, batch, out) and targets."""
    return (outputs - as_rows(targets, outputs)).square().mean(dim=(-2, -1))


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("cross_entropy", "classes", cross_entropy),
        Loss("binary_cross_entropy", "binary", binary_cross_entropy),
        Loss("squared_error", "numbers", squared_error),
    )
}

CROSS_ENTROPY = LOSSES["cross_entropy"]


def named(loss: GivenLoss) -> Loss:
    """The loss that is meant: by its name, by a place `my.py:loss`, or a function itself.

    Raises UnknownNameError (with the nearest names) or UsageError.
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        return _own(loss, getattr(loss, "__name__", type(loss).__name__))
    place, _, attribute = loss.partition(":")
    if attribute:
        return _own(door.found(place, attribute, "loss")[0], loss)
    by_key = {spelling_key(name): found for name, found in LOSSES.items()}
    found = by_key.get(spelling_key(loss))
    if found is None:
        raise UnknownNameError.among(
            "loss", loss, LOSSES, f"accepted: {', '.join(LOSSES)}, or your own file.py:name"
        )
    return found


def _own(function: Callable[[Tensor, Tensor], Tensor], name: str) -> Loss:
    if not callable(function):
        raise UsageError(
            f"loss must be a name or a function (outputs, targets), got {type(function).__name__}",
            f"by name: {', '.join(LOSSES)}",
        )
    return Loss(name, "any", function, stacks=False, source=digest_of(function, ours=False))


def as_rows(targets: Tensor, outputs: Tensor) -> Tensor:
    """Targets (…, batch) or (…, batch, out) as outputs (…, batch, out) are; those of a batch, where
    they are the same for all networks of a stack."""
    each_its_own = targets.numel() == outputs.numel()
    return targets.reshape(outputs.shape if each_its_own else outputs.shape[-2:]).to(outputs.dtype)


def counted(outputs: Tensor, targets: Tensor) -> Tensor:
    """What a score is made of, for each example of outputs (…, batch, out): whether the answer is
    right, or the mean squared error of its outputs where targets are numbers.

    A single output answers class 1 where it is above 0.
    """
    if targets.is_floating_point():
        return (outputs - as_rows(targets, outputs)).square().mean(dim=-1)
    if outputs.shape[-1] == 1:
        return (outputs.squeeze(-1) > 0) == (targets == 1)
    return outputs.argmax(dim=-1) == targets.long()


def counts_in(targets: Tensor, dtype: torch.dtype) -> torch.dtype:
    """The dtype in which `counted` is summed, of networks of a dtype."""
    return dtype if targets.is_floating_point() else torch.int64


def share(total: Tensor, examples: int, targets: Tensor) -> Tensor:
    """The score in [0, 1], float64, of what was counted of so many examples with such targets."""
    if not targets.is_floating_point():
        return total.double() / examples
    rows = targets.double().flatten(1) if targets.ndim > 1 else targets.double().unsqueeze(-1)
    spread = (rows - rows.mean(dim=0)).square().mean().to(total.device)
    # of NaN, as of a network that has diverged, nothing is explained
    return (1 - total.double() / examples / spread).clamp(min=0).nan_to_num(0)
