"""The figures that the tutorial publishes, as data: what a reproduction is held against."""

from __future__ import annotations

TITLE = "Tutorial 3: Activation Functions"
AUTHOR = "Phillip Lippe, UvA Deep Learning Tutorials"
URL = (
    "https://uvadlc-notebooks.readthedocs.io/en/latest/tutorial_notebooks/"
    "tutorial3/Activation_Functions.html"
)
DATASET = "FashionMNIST"

TEST_ACCURACY = {
    "sigmoid": 10.00,
    "tanh": 87.59,
    "relu": 88.62,
    "leakyrelu": 88.92,
    "elu": 87.27,
    "swish": 88.73,
}
"""Percent of the 10,000 test images, of the author's trained networks."""

VALIDATION_ACCURACY = {
    "sigmoid": 10.33,
    "tanh": 88.85,
    "relu": 89.70,
    "leakyrelu": 89.95,
    "elu": 88.52,
    "swish": 89.28,
}
"""Percent of the 10,000 validation images, of the same networks."""

DEAD_NEURONS = {
    "untrained": [0, 0, 3, 10],
    "trained": [0, 0, 0, 3],
    "deep": [0, 0, 7, 27, 89, 60, 58, 61, 72, 56],
}
"""By hidden layer, of the ReLU network over the 50,000 training images."""
