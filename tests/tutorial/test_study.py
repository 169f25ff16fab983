"""The study's questions are asked of the images that it says they are asked of."""

from __future__ import annotations

import pytest
import torch

from actfunc import get, mlp
from actfunc.storage import WorkingSet
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.tutorial import SIX, study


@pytest.fixture
def work(small_data, small_split) -> WorkingSet:
    return WorkingSet(small_data, small_split, torch.device("cpu"), seed=42, split_seed=42)


@pytest.fixture
def networks() -> dict[str, Checkpoint]:
    """Two of other activations and the same weights."""
    params = mlp.init((784, 16, 8, 10), seed=0)
    return {name: Checkpoint(get(SIX[name]), params) for name in ("tanh", "relu")}


def without(work: WorkingSet, *parts: str) -> WorkingSet:
    """The same with no ink on the images of these parts."""
    blank = {
        part: images._replace(images=torch.zeros_like(images.images))
        for part, images in work.split._asdict().items()
        if part in parts
    }
    return work._replace(split=work.split._replace(**blank))


def test_values_and_gradients_are_of_training_images(work, networks):
    def values(work):
        return [
            layer.pre for layers in study.distributions(work, networks).values() for layer in layers
        ]

    def gradients(work):
        return [layer.weight for layers in study.gradient_flow(work).values() for layer in layers]

    for asked in (values, gradients):
        found, training_alone = asked(work), asked(without(work, "validation", "test"))
        assert all(map(torch.equal, found, training_alone))
        assert not any(map(torch.equal, found, asked(without(work, "train"))))


def test_one_network_and_batch_show_the_gradients_of_all_six(work):
    found = study.gradient_flow(work)
    assert list(found) == list(SIX)
    for layers in found.values():
        assert [tuple(layer.weight.shape) for layer in layers] == [
            *((512, 784), (256, 512), (256, 256), (128, 256), (10, 128)),
        ]
        assert len(layers[0].signal) == study.GRADIENT_BATCH == 256
