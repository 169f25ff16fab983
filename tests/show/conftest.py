"""A network's streamed gradients, for the tests of what is shown of them."""

from __future__ import annotations

import pytest

from actfunc import get, mlp
from actfunc.analysis.gradient_statistics import gradient_statistics


@pytest.fixture(scope="module")
def batch(small_split):
    """64 images and labels."""
    return small_split.train.first(64)


@pytest.fixture(scope="module")
def statistics(batch):
    """Of two activations at initialisation."""
    params = mlp.init((784, 16, 8, 10), seed=1)
    return {name: gradient_statistics(params, get(name), *batch) for name in ("relu", "tanh")}
