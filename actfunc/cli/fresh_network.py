"""The network that a command is told to look into, freshly drawn, and what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from actfunc.cli.console import Output
from actfunc.cli.trained_networks import trained_networks
from actfunc.cli.working_set import set_up
from actfunc.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from actfunc.data import Examples as Labelled
    from actfunc.given import Given
    from actfunc.networks import Network
    from actfunc.networks.network import Params
    from actfunc.storage import WorkingSet

OWN_WORD = "own"
"""What a network's own activations are called where one is named."""


class Fresh(NamedTuple):
    """A network with its parameters on the device, the images, and what is to stand in it.

    images: of training, (n, channel, height, width) as networks read them
    places: what the places are called where it calls its activation
    """

    work: WorkingSet
    network: Network
    params: Params
    images: Tensor
    activations: dict[str, Given]
    places: tuple[str, ...]


class LookedInto(NamedTuple):
    """What a command looks into: networks and the images that they read.

    spec:     of `--network`; None where they are trained multilayer perceptrons
    network:  what `--network` is
    members:  parameters and activation, by name
    examples: of training, as the networks read them
    places:   of `Fresh`; None where layers have numbers
    """

    work: WorkingSet
    spec: str | None
    network: Network | None
    members: Mapping[str, tuple[Params, Given]]
    examples: Labelled
    places: tuple[str, ...] | None

    def facts(self) -> dict[str, Any]:
        """What was worked on, as JSON values."""
        return {**self.work.facts(), **({} if self.spec is None else {"network": self.spec})}


def trained_or_fresh(
    out: Output,
    activations: list[str] | None,
    network: str | None,
    *,
    pretrained: str | None,
    runs: Path,
    hidden: str | None,
    dataset: str,
    examples: int | None,
    seed: int,
    device: str,
) -> LookedInto:
    """The network of `--network`, see `fresh_network`, or the trained ones, see `trained_networks`.

    Raises as these do.
    """
    from actfunc.data import Examples

    if network is not None:
        fresh = fresh_network(
            out,
            network,
            activations,
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
        )
        members = {name: (fresh.params, given) for name, given in fresh.activations.items()}
        read = Examples(fresh.images, fresh.work.split.train.labels)
        return LookedInto(fresh.work, network, fresh.network, members, read, fresh.places)
    work, trained = trained_networks(
        out,
        activations,
        pretrained=pretrained,
        runs=runs,
        hidden=hidden,
        dataset=dataset,
        examples=examples,
        seed=seed,
        device=device,
    )
    members = {name: (each.params, each.activation) for name, each in trained.items()}
    return LookedInto(work, None, None, members, work.split.train, None)


def expect_fresh(network: str | None, **others: str | None) -> None:
    """Raise UsageError where `--network` stands beside an option about other networks."""
    given = [f"--{name}" for name, value in others.items() if value is not None]
    if network is not None and given:
        raise UsageError(
            f"--network is of a network of its own, and {' and '.join(given)} of others",
            "leave that out: mlp:hidden=512-256 has sizes",
        )


def fresh_network(
    out: Output,
    spec: str,
    activations: list[str] | None,
    *,
    dataset: str,
    examples: int | None,
    seed: int,
    device: str,
    without: str | None = None,
) -> Fresh:
    """The network of `--network` with weights of this seed, and the activations asked for in it.

    Its own by default; where it has none, `without` or the tutorial's six. The first line is
    printed. Raises UsageError for what is no network, or none for these images.
    """
    from actfunc import networks, tree
    from actfunc.activation import Activation
    from actfunc.catalogue import get
    from actfunc.data import normalise
    from actfunc.errors import in_a_line
    from actfunc.tutorial import SIX

    network = networks.get(spec)
    others = list(SIX.values()) if without is None else [without]
    names = activations or ([OWN_WORD] if network.own else others)
    records = {name: networks.OWN if name == OWN_WORD else get(name) for name in names}
    if OWN_WORD in records and not network.own:
        raise UsageError(
            f"{network.name} has no activations of its own", "name those that are to stand in it"
        )
    work = set_up(out, dataset, seed=seed, device=device, examples=examples)
    images = work.split.train.images.unsqueeze(1)
    params = tree.map(lambda leaf: leaf.to(work.device), network.init(seed))
    try:
        look = normalise(images[:2])
        found = networks.sites(network, params, look, next(iter(records.values())))
    except UsageError:
        raise
    except Exception as error:  # a person's code may raise whatever it likes
        shape = tuple(images.shape[1:])
        raise UsageError(
            f"{network.name} cannot read images {shape} of {work.dataset.name}: {in_a_line(error)}",
            "a network is given (batch, channel, height, width)",
        ) from error
    given: dict[str, Given] = {
        record.spec if isinstance(record, Activation) else name: record
        for name, record in records.items()
    }
    return Fresh(work, network, params, images, given, tuple(site.name for site in found))
