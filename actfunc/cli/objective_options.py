"""What the options --network and --loss ask for, by the data at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actfunc.storage import WorkingSet


def network_of(text: str, work: WorkingSet) -> tuple[tuple[int, ...], str]:
    """The hidden layers of a multilayer perceptron, and no spec; or none, and another's spec.

    What it says nothing of, channels, sides and classes, is the data's. Raises as `networks.get`.
    """
    from actfunc import mlp, networks
    from actfunc.data import outputs
    from actfunc.errors import UsageError

    spec = networks.canonical(text, work.dataset.train.images.shape[1:], outputs(work.dataset))
    network = networks.get(spec)
    if network.apply is not mlp.apply:
        return (), spec
    sizes = mlp.sizes(network.init(0))
    if sizes != work.sizes(sizes[1:-1]):
        raise UsageError(
            f"{text} has layers of {', '.join(map(str, sizes))}, and the data are of"
            f" {work.sizes(())[0]} features and {work.sizes(())[1]} outputs",
            "leave features and classes out: they are taken from the data",
        )
    return sizes[1:-1], ""


def loss_of(text: str | None, work: WorkingSet) -> str:
    """The loss's spec; by default squared error where the targets are numbers, else cross-entropy.

    Raises as `losses.named`.
    """
    from actfunc.training import losses

    numbers = work.dataset.train.labels.is_floating_point()
    return losses.named(text or ("squared_error" if numbers else "cross_entropy")).name
