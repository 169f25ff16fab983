"""A trained network read back from its run folder: its own sizes, images and split."""

from __future__ import annotations

import json

import pytest
import torch

from actfunc import data, get, mlp, tree
from actfunc.errors import CheckpointError
from actfunc.storage import RunFolder, WorkingSet
from actfunc.storage.run import train
from actfunc.storage.trained import Origin, read
from actfunc.training import Settings
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
SETTINGS = Settings(batch_size=200, max_epochs=1, seed=5)


@pytest.fixture
def folder(small_data, tmp_path) -> RunFolder:
    work = WorkingSet(small_data, data.split(small_data, 42), CPU, SETTINGS.seed, 42)
    return train(get("tanh"), work, SETTINGS, tmp_path, hidden=(16, 8)).folder


def change(folder: RunFolder, edit) -> None:
    config = json.loads(folder.config_file.read_text())
    edit(config)
    folder.config_file.write_text(json.dumps(config))


def test_what_was_trained_is_read_with_what_it_was_trained_on(folder, small_data):
    (activation, params), origin = read(folder, get("tanh"), CPU)
    assert activation.spec == "tanh"
    assert mlp.sizes(params) == (784, 16, 8, 10)
    best = folder.parameters(params)
    for got, want in zip(tree.leaves(params), tree.leaves(best), strict=True):
        assert_same(got, want)
    assert origin == Origin("made-up", len(small_data.train.labels), 42)
    assert str(origin) == "1,200 images of made-up, split by seed 42"


@pytest.mark.parametrize(
    "edit",
    [
        lambda config: config.clear(),
        lambda config: config.pop("sizes"),
        lambda config: config.update(sizes=[784]),
        lambda config: config.update(sizes=[784, 0, 10]),
        lambda config: config.update(sizes="no"),
        lambda config: config.update(dataset=3),
        lambda config: config["dataset"].pop("train"),
        lambda config: config["dataset"].pop("validation"),
        lambda config: config["dataset"].pop("split_seed"),
        lambda config: config["dataset"].update(split_seed=None),
        lambda config: config["dataset"].update(train="many"),
    ],
)
def test_a_config_that_is_none_is_an_error_that_names_it(folder, edit):
    change(folder, edit)
    with pytest.raises(CheckpointError, match=r"config\.json is not a run's config") as error:
        read(folder, get("tanh"), CPU)
    assert "--overwrite" in error.value.hint


def test_sizes_that_the_parameters_have_not_are_an_error(folder):
    change(folder, lambda config: config.update(sizes=[784, 16, 9, 10]))
    with pytest.raises(CheckpointError, match="is of another network"):
        read(folder, get("tanh"), CPU)
