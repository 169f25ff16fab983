"""What a data set's name means, and how many images it has, known without loading it."""

from __future__ import annotations

import pytest

from actfunc.data import NAMES, fashion_mnist, load, silhouettes
from actfunc.data.loading import TRAIN, meant
from actfunc.errors import UnknownNameError


def test_a_name_means_what_loading_it_gives():
    assert meant("auto") == tuple(TRAIN)[:2] == (fashion_mnist.NAME, silhouettes.NAME)
    assert meant("silhouettes") == (load("silhouettes", examples=12).name,)
    for own in (*TRAIN, "my.npz", "my.py:data"):
        assert meant(own) == (own,)
    assert {own for name in NAMES for own in meant(name)} == set(TRAIN)
    with pytest.raises(UnknownNameError, match="no data set named 'mnist'"):
        meant("mnist")


def test_the_published_set_has_so_many_images(real_data):
    assert meant("fashion_mnist") == (real_data.name,)
    assert len(real_data.train.labels) == TRAIN[real_data.name]
