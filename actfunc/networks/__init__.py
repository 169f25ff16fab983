"""Networks as pure functions, one's own or of people's modules, and what they do inside."""

from __future__ import annotations

from actfunc.networks.convolutions import convolutional, residual
from actfunc.networks.module import of_module
from actfunc.networks.multilayer import mlp, skip_mlp
from actfunc.networks.network import OWN, Network, Observed, Site, observe, sites, zero_taps
from actfunc.networks.spec import canonical, get, source_of, title
from actfunc.networks.transformers import transformer

__all__ = [
    "OWN",
    "Network",
    "Observed",
    "Site",
    "canonical",
    "convolutional",
    "get",
    "mlp",
    "observe",
    "of_module",
    "residual",
    "sites",
    "skip_mlp",
    "source_of",
    "title",
    "transformer",
    "zero_taps",
]
