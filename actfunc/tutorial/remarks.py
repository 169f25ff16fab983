"""What each part of the study found, in a few words: for the lines `reproduce` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actfunc import mlp
from actfunc.analysis import LayerActivations, LayerGradient
from actfunc.certify.certificate import Certificate
from actfunc.certify.check import ORDERS, Check
from actfunc.training import Accuracy

SYMBOLS = dict(zip(ORDERS, ("f", "f′", "f″"), strict=True))


def worst_check(certificates: Mapping[str, Certificate]) -> tuple[str, Check]:
    """The check with the largest error, and the name of whose it is."""
    checks = [(name, check) for name, one in certificates.items() for check in one.checks]
    return max(checks, key=lambda pair: pair[1].worst.ulp)


def worst(certificates: Mapping[str, Certificate]) -> str:
    """The largest error of all certificates."""
    name, check = worst_check(certificates)
    where = f"{SYMBOLS[check.order]} of {name} at {check.worst.x:.3g}"
    return f"worst {check.worst.ulp:.1f} ulp ({where})"


def starving(gradients: Mapping[str, Sequence[LayerGradient | mlp.Layer]]) -> str:
    """The activation whose first layer gets least of what its last gets."""
    shares = {
        name: float(layers[-1].weight.std() / layers[0].weight.std())
        for name, layers in gradients.items()
    }
    name = max(shares, key=lambda name: shares[name])
    return f"{name}'s first layer gets 1/{shares[name]:,.0f} of its last"


def best(accuracy: Mapping[str, Accuracy]) -> str:
    """The network with the best test accuracy."""
    name = max(accuracy, key=lambda name: accuracy[name].test)
    return f"{name} does best: {100 * accuracy[name].test:.2f} % of the test images"


def reach(distributions: Mapping[str, Sequence[LayerActivations]]) -> str:
    """The largest value that comes out of a hidden neuron."""
    largest = {
        name: max(float(layer.post.max()) for layer in layers)
        for name, layers in distributions.items()
    }
    name = max(largest, key=lambda name: largest[name])
    return f"up to {largest[name]:.0f}, in {name}"
