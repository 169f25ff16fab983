"""A trained network read back from its run folder: its own sizes, images and split."""

from __future__ import annotations

import json

import pytest
import torch

from actfunc import data, get, mlp, tree
from actfunc.errors import CheckpointError
from actfunc.storage import RunFolder, WorkingSet, documents
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
    train(get("tanh"), work, SETTINGS, tmp_path, hidden=(16, 8))
    return RunFolder.of(tmp_path, "made-up", "tanh", SETTINGS.seed)


def change(folder: RunFolder, edit) -> None:
    config = json.loads(folder.config_file.read_text())
    del config["sha256"]
    edit(config)
    documents.write_sealed(folder.config_file, config)


def test_what_was_trained_is_read_with_what_it_was_trained_on(folder, small_data):
    (activation, params, *_), origin = read(folder, get("tanh"), CPU)
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
        lambda config: config["dataset"].update(train=-5),
        lambda config: config["settings"].update(patience=0),
        lambda config: config["settings"].update(optimizer="sgd:momentum=2"),
        lambda config: config["settings"].update(schedule=3),
        lambda config: config.update(more=1),
    ],
)
def test_a_config_that_is_none_is_an_error_that_names_it(folder, edit):
    change(folder, edit)
    with pytest.raises(CheckpointError, match=r"config\.json is damaged: .*") as error:
        read(folder, get("tanh"), CPU)
    assert "--overwrite" in error.value.hint


@pytest.mark.parametrize("sizes", [[784, 16, 9, 10], [784, 10**9, 10**9, 10]])
def test_parameters_of_another_run_are_an_error(folder, sizes):
    """Whatever a config asks for, nothing is made of that size."""
    change(folder, lambda config: config.update(sizes=sizes))
    with pytest.raises(CheckpointError, match=r"parameters\.safetensors is of another run: sizes"):
        read(folder, get("tanh"), CPU)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda config: config.update(activation="gelu"), "activation gelu, asked for tanh"),
        (lambda config: config["settings"].update(seed=6), "seed 6, asked for 5"),
    ],
)
def test_a_folder_that_holds_another_run_than_its_name_says_is_refused(folder, edit, said):
    change(folder, edit)
    with pytest.raises(CheckpointError, match=rf"config\.json is of another run: {said}"):
        read(folder, get("tanh"), CPU)
