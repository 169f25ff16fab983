"""The small drawn sets: what they hold, from a seed alone, and data of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from actfunc.data import load, outputs
from actfunc.data.drawn import DRAWN, draw
from actfunc.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "gives"),
    [
        ("spirals", (2,), torch.float32, 2),
        ("shapes", (3, 32, 32), torch.uint8, 9),
        ("wave", (1,), torch.float32, 1),
    ],
)
def test_a_drawn_set_comes_from_its_seed(name, shape, dtype, gives):
    one, again, other = draw(name, 180), load(name, examples=180), draw(name, 180, seed=1)
    assert one.train.images.shape == (180, *shape)
    assert one.train.images.dtype == dtype
    assert len(one.test.labels) == 30
    assert torch.equal(one.train.images, again.train.images)
    assert not torch.equal(one.train.images, other.train.images)
    assert not torch.equal(one.train.images[:30], one.test.images)
    assert outputs(one) == gives
    if one.classes:
        counts = one.train.labels.bincount(minlength=gives)
        assert (counts == 180 // gives).all()


def test_the_colour_and_shape_are_what_the_class_says():
    found = draw("shapes", 180)
    brightest = found.train.images.float().mean((2, 3)).argmax(1)
    colours = torch.tensor([("red", "green", "blue").index(c.split()[0]) for c in found.classes])
    assert torch.equal(brightest, colours[found.train.labels])


def test_no_more_is_drawn_than_there_is():
    with pytest.raises(UsageError, match="3,000 or less for spirals"):
        load("spirals", examples=DRAWN["spirals"].train + 1)


@pytest.mark.parametrize(
    ("gives", "told"),
    [
        ("1", "gives int"),
        ("(([1., 2.], [0]), ([1.], [0]))", "2 examples and 1 labels"),
        ("(([1.], [-1]), ([1.], [0]))", "counted from 0, got -1"),
        ("(([1.], [0]), ([1.], [0.5]))", "different shapes or kinds"),
        ("((['a'], [0]), ([1.], [0]))", "holds no numbers"),
        ("1 / 0", "gives no data"),
    ],
)
def test_what_is_no_data_is_said(tmp_path, gives, told):
    file = Path(tmp_path) / "own.py"
    file.write_text(f"def data():\n    return {gives}\n")
    with pytest.raises(UsageError, match=told):
        load(f"{file}:data")


def test_a_file_that_is_not_there():
    with pytest.raises(DataError, match=r"no file nowhere\.npz"):
        load("nowhere.npz")
