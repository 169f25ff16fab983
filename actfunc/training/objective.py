"""What is trained: a network and a loss, and the examples that the two take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from actfunc import mlp, tree
from actfunc.data import Examples, Split, intake
from actfunc.errors import ActfuncError, UsageError, in_a_line
from actfunc.networks import Network
from actfunc.networks import mlp as multilayer
from actfunc.training import losses
from actfunc.training.losses import GivenLoss, Loss


@dataclass(frozen=True)
class Objective:
    """A network and the loss of its outputs."""

    network: Network = field(default_factory=multilayer)
    loss: Loss = losses.CROSS_ENTROPY

    @property
    def stacks(self) -> bool:
        """Whether networks are computed side by side in stacks, see `mlp.apply`."""
        return self.network.apply is mlp.apply and self.loss.stacks

    def outputs(self, params: Any, x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
        """(batch, out): a network that gives one number an example may leave out the last axis."""
        found = self.network.apply(params, x, activation)
        return found.unsqueeze(-1) if found.ndim == 1 else found

    def taken_examples(self, params: Any, examples: Any, name: str = "") -> Examples:
        """Examples as they are brought, looked at once: see `intake`. Raises UsageError.

        Targets are what the loss takes, one or a row for each example.
        """
        if self.stacks and self.loss is losses.CROSS_ENTROPY:
            return intake.taken_examples(params, examples, name)
        like = tree.leaves(params)[0]
        inputs, targets = intake.pair(examples, name)
        inputs_name, targets_name = (f"{name} {each}".lstrip() for each in ("images", "labels"))
        if self.network.apply is mlp.apply:
            inputs = intake.taken_images(params, inputs, inputs_name)
        else:
            inputs = intake.taken_inputs(params, inputs, inputs_name)
        outputs = self._tried(params, intake.pixels(inputs[:2], like.dtype), inputs_name)
        targets = intake.plain_tensor(targets, targets_name, like.device)
        if targets.ndim == 0 or len(targets) != len(inputs):
            raise UsageError(
                f"{targets_name} must be one for each example, got {len(inputs)} examples and"
                f" {targets_name} of shape {tuple(targets.shape)}"
            )
        return Examples(inputs, self._fitting(targets, outputs, targets_name))

    def taken_split(self, params: Any, split: Split) -> Split:
        """The three parts of a split, each as `taken_examples`."""
        parts = zip(Split._fields, split, strict=True)
        return Split(*(self.taken_examples(params, p, f"split.{part}") for part, p in parts))

    @torch.no_grad()
    def _tried(self, params: Any, x: Tensor, name: str) -> Tensor:
        """The outputs for one or two examples, by which the network is seen to take such."""
        try:
            found = self.outputs(params, x, torch.relu)
        except ActfuncError:
            raise
        except Exception as error:  # a person's network may raise whatever it likes
            raise UsageError(
                f"{self.network.name} does not take {name} of shape {tuple(x.shape)}:"
                f" {in_a_line(error)}",
                "the first axis is the examples'; the settings of a network say what it reads",
            ) from error
        if found.ndim != 2 or len(found) != len(x):
            raise UsageError(
                f"{self.network.name} gives outputs of shape {tuple(found.shape)} for {len(x)}"
                " examples",
                "outputs are (batch, out), the logits of the classes or the numbers predicted",
            )
        return found

    def _fitting(self, targets: Tensor, outputs: Tensor, name: str) -> Tensor:
        """The targets in their dtype. Raises UsageError where they are none for the outputs."""
        loss, out = self.loss, outputs.shape[-1]
        if targets.is_floating_point():
            if loss.targets in ("classes", "binary"):
                raise UsageError(
                    f"{name} of {loss.name} are classes, whole numbers, got {targets.dtype}",
                    "--loss squared_error takes numbers",
                )
            if targets[:2].numel() != outputs.numel():
                raise UsageError(
                    f"{name} of shape {tuple(targets.shape)} are not what {self.network.name}"
                    f" gives, {out} numbers for each example"
                )
            intake.expect_finite(targets, outputs.dtype, name)
            return targets.to(outputs.dtype)
        if loss.targets == "numbers":
            raise UsageError(
                f"{name} of {loss.name} are floating-point numbers, got {targets.dtype}",
                "float() makes numbers of them, --loss cross_entropy takes classes",
            )
        if loss.targets == "classes" and out == 1:
            raise UsageError(
                f"{self.network.name} gives one output, and {loss.name} needs one for each class",
                "--loss binary_cross_entropy takes one output",
            )
        if loss.targets == "binary" and out != 1:
            raise UsageError(
                f"{loss.name} takes one output, and {self.network.name} gives {out}",
                "--loss cross_entropy takes one for each class",
            )
        return intake.as_labels(targets, len(targets), max(2, out), name)


TUTORIALS = Objective()
"""What nobody has asked for otherwise."""


def objective_of(network: Network | None, loss: GivenLoss) -> Objective:
    """The two as they are given; without a network, the multilayer perceptron."""
    return Objective(multilayer() if network is None else network, losses.named(loss))
