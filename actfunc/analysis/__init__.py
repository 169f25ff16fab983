"""What a network does: pure functions of parameters and a batch that return records."""

from __future__ import annotations

from actfunc.analysis.activations import LayerActivations, distribution
from actfunc.analysis.dead import dead_neurons
from actfunc.analysis.gradients import LayerGradient, NetworkGradient, backpropagate, received
from actfunc.analysis.summary import Histogram, TensorSummary, histogram, summarise

__all__ = [
    "Histogram",
    "LayerActivations",
    "LayerGradient",
    "NetworkGradient",
    "TensorSummary",
    "backpropagate",
    "dead_neurons",
    "distribution",
    "histogram",
    "received",
    "summarise",
]
