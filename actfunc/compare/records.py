"""What a comparison trains and what comes out: members, their results, as plain values.

What is said of a member, and of arms, is in percent, in its files as well. The epochs of a member
are those of `training`, whose accuracies are shares.
"""

from __future__ import annotations

from typing import NamedTuple

from actfunc.training import Epoch


class Arm(NamedTuple):
    """What is compared: everything of a network and its training but seed and learning rate.

    activation:  a spec, as the command line takes it.
    hidden:      sizes of the hidden layers, from the input on.
    optimizer:   a spec, `sgd:momentum=0.9`.
    init:        how the weights are drawn: a spec, or `recommended`.
    network:     a spec, of another than the multilayer perceptron; `hidden` is then empty.
    """

    activation: str
    hidden: tuple[int, ...]
    optimizer: str
    init: str = "linear"
    network: str = ""

    @property
    def layers(self) -> str:
        """The network: its hidden layers with commas between, or another's spec."""
        return self.network or ",".join(map(str, self.hidden))


class Member(NamedTuple):
    """One network to train: an arm with a learning rate and a seed."""

    arm: Arm
    learning_rate: float
    seed: int

    @property
    def key(self) -> str:
        """The member in one line of text, different from every other's."""
        layers = self.arm.network or "-".join(map(str, self.arm.hidden))
        rate = f"lr={self.learning_rate!r}"
        # left out where it is the default: a file's name has no room to spare
        init = f" {self.arm.init}" if self.arm.init != "linear" else ""
        return f"{self.arm.activation} {layers} {self.arm.optimizer}{init} {rate} seed={self.seed}"


class Reading(NamedTuple):
    """How good a member's best epoch is; accuracies in percent.

    epochs:    how many were trained when the best was chosen.
    diverged:  the epoch, of these, in which the loss or the parameters came to be no finite
               numbers; None where they did not. The best epoch is then one before, or the first.
    """

    validation: float
    test: float
    best_epoch: int
    epochs: int
    diverged: int | None = None


class Result(NamedTuple):
    """A member that was trained to its end.

    last:     its best epoch of all that were trained.
    stopped:  its best epoch of those that early stopping would have trained, or has.
    history:  every epoch.
    seconds:  its share of the time of training.
    """

    member: Member
    last: Reading
    stopped: Reading
    history: tuple[Epoch, ...]
    seconds: float
