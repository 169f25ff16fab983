"""The tutorial "Activation Functions" of the UvA's deep learning course, as one study."""

from __future__ import annotations

SIX = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "leakyrelu": "leaky_relu:negative_slope=0.1",
    "elu": "elu",
    "swish": "silu",
}
"""The tutorial's activations: its names for them, and ours with its parameters."""
