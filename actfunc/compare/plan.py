"""What is to be trained: every combination that was asked for, in tasks that one program can do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from actfunc.compare.records import Arm, Member


class Plan(NamedTuple):
    """Every activation with every network, optimiser, initialisation, learning rate and seed.

    activations: specs; hidden: networks' hidden layers; networks: specs of others than multilayer
    perceptrons; one or more of the two; optimizers: full specs; inits: as of `Arm`. own_rates:
    optimisers that have learning rates of their own, with these.
    """

    activations: tuple[str, ...]
    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    hidden: tuple[tuple[int, ...], ...]
    optimizers: tuple[str, ...]
    inits: tuple[str, ...] = ("linear",)
    own_rates: tuple[tuple[str, tuple[float, ...]], ...] = ()
    networks: tuple[str, ...] = ()

    def rates(self, optimizer: str) -> tuple[float, ...]:
        """The learning rates that an optimiser is tried with."""
        return dict(self.own_rates).get(optimizer, self.learning_rates)

    @property
    def alike(self) -> int:
        """How many members there are, at most, of one activation, network and optimiser."""
        most = max(len(self.rates(optimizer)) for optimizer in self.optimizers)
        return len(self.seeds) * most * len(self.inits)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """What is compared, in the order it was asked for."""
        shapes = [*((layers, "") for layers in self.hidden), *(((), one) for one in self.networks)]
        every = itertools.product(shapes, self.optimizers, self.inits, self.activations)
        return tuple(
            Arm(activation, layers, optimizer, init, network)
            for (layers, network), optimizer, init, activation in every
        )

    @property
    def members(self) -> tuple[Member, ...]:
        """All networks to train, those of one arm together."""
        return tuple(
            Member(arm, rate, seed)
            for arm in self.arms
            for rate in self.rates(arm.optimizer)
            for seed in self.seeds
        )


class Task(NamedTuple):
    """Members of one network and optimiser, which a program with these activations can train."""

    activations: tuple[str, ...]
    hidden: tuple[int, ...]
    optimizer: str
    members: tuple[Member, ...]
    network: str = ""


def tasks(
    members: Iterable[Member], *, side_by_side: bool, at_a_time: int, shares: int
) -> list[Task]:
    """The members as tasks, an arm's in a row, so that who takes them in turn compiles seldom.

    side_by_side: all activations in one program, or one activation to a program.
    at_a_time: members of one activation that a program trains at once. With one, each member is a
    task; with more, they are dealt into as many shares as fill the slots, at most `shares`, and
    the slots fill up again as members stop.
    """
    programs: dict[tuple, list[Member]] = {}
    for member in members:
        arm = member.arm
        own = () if side_by_side else (arm.activation,)
        programs.setdefault((arm.hidden, arm.optimizer, arm.network, *own), []).append(member)
    made = []
    for (hidden, optimizer, network, *_), group in programs.items():
        activations = tuple(dict.fromkeys(member.arm.activation for member in group))
        alone = at_a_time == 1 and not side_by_side
        full = -(-len(group) // (at_a_time * len(activations)))
        # dealt activation by activation, so that each share has its part of every one of them
        by_activation = sorted(group, key=lambda one: activations.index(one.arm.activation))
        for share in _dealt(by_activation, full if alone else min(full, shares)):
            made.append(Task(activations, hidden, optimizer, tuple(_in_turn(share)), network))
    return made


def _in_turn(members: Sequence[Member]) -> list[Member]:
    """One of each activation after the other, so that no program waits for one of them."""
    by_activation: dict[str, list[Member]] = {}
    for member in members:
        by_activation.setdefault(member.arm.activation, []).append(member)
    rounds = itertools.zip_longest(*by_activation.values())
    return [member for each in rounds for member in each if member is not None]


def _dealt(members: Sequence[Member], shares: int) -> list[Sequence[Member]]:
    dealt = (members[share::shares] for share in range(shares))
    return [share for share in dealt if share]
