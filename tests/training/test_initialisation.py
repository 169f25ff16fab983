"""Ways to draw parameters, by their names."""

from __future__ import annotations

import pytest
import torch

from actfunc import mlp, tree
from actfunc.errors import UnknownNameError, UsageError
from actfunc.training import initialisation

SIZES = (9, 7, 3)


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        ("linear", {}),
        ("gaussian:gain=1.5", {"gain": 1.5}),
        ("gaussian:gain=1.5,bias=0.25", {"gain": 1.5, "bias": 0.25}),
    ],
)
def test_a_name_draws_what_mlp_draws(spec, settings):
    found = tree.leaves(initialisation.drawn(spec, SIZES, 3))
    wanted = tree.leaves(mlp.init(SIZES, seed=3, **settings))
    for got, want in zip(found, wanted, strict=True):
        assert torch.equal(got, want)


def test_one_way_has_one_spec():
    assert initialisation.canonical("gaussian:gain=2") == "gaussian:gain=2.0,bias=0.0"
    assert initialisation.canonical("Linear") == "linear"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("gaussian", "lacks gain"),
        ("gaussian:gain=0", "gain must be a positive number, got 0"),
        ("gaussian:gain=1,bias=-1", "bias must be"),
        ("linear:gain=1", "no setting named 'gain'"),
    ],
)
def test_what_is_no_way_is_an_error(spec, said):
    with pytest.raises(UsageError, match=said):
        initialisation.named(spec)


def test_the_nearest_name_is_told():
    with pytest.raises(UnknownNameError, match="gausian"):
        initialisation.named("gausian:gain=1")
