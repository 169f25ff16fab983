"""A run on disk: trained, found done, gone on with after a cut, and the same for all that."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from actfunc import data, get, tree
from actfunc.errors import CheckpointError, WriteError
from actfunc.storage import RunFolder, lock
from actfunc.storage.run import train
from actfunc.storage.working_set import WorkingSet, prepare
from actfunc.training import Progress, Settings
from tests.full_disk import full_after
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")
SETTINGS = Settings(batch_size=200, max_epochs=3, learning_rate=0.05, seed=5)


@pytest.fixture(scope="module")
def work(small_data) -> WorkingSet:
    split = data.split(small_data, SETTINGS.seed)
    return WorkingSet(small_data, split, torch.device("cpu"), SETTINGS.seed, SETTINGS.seed)


def go(work, root, settings=SETTINGS, **more):
    return train(get("tanh"), work, settings, root, hidden=(16, 8), **more)


def assert_same_run(got: Progress, want: Progress) -> None:
    for one, other in zip(tree.leaves(got[:2]), tree.leaves(want[:2]), strict=True):
        assert_same(one, other)
    times = [[e._replace(seconds=0) for e in each.history] for each in (got, want)]
    assert times[0] == times[1]


class Cut(Exception):  # noqa: N818
    """What ends a run early in these tests."""


def test_a_run_is_on_disk_and_found_done(work, tmp_path):
    heard = []
    run = go(work, tmp_path, on_epoch=lambda progress: heard.append(len(progress.history)))
    assert heard == [1, 2, 3]
    assert run.epochs_now == 3
    assert run.folder.path == tmp_path / "made-up" / "tanh-seed5"
    config = json.loads(run.folder.config_file.read_text())
    assert config["activation"] == "tanh"
    assert config["sizes"] == [784, 16, 8, 10]
    assert config["settings"]["learning_rate"] == 0.05
    assert config["dataset"] == {
        "name": "made-up",
        "train": 1000,
        "validation": 200,
        "split_seed": 5,
    }
    assert config["made_by"]["torch"] == torch.__version__
    again = go(work, tmp_path)
    assert again.epochs_now == 0
    assert_same_run(again.progress, run.progress)
    anew = go(work, tmp_path, overwrite=True)
    assert anew.epochs_now == 3
    assert_same_run(anew.progress, run.progress)


def test_an_epoch_is_watched_before_it_is_on_disk(work, tmp_path):
    """So a kill between the two loses neither: what was not saved is trained and watched again."""
    watched: list[int] = []
    saved: list[int] = []

    def watch(progress: Progress) -> None:
        folder = RunFolder.of(tmp_path, "made-up", "tanh", 5)
        saved.append(len(folder.resume(progress._replace(history=())).history))
        watched.append(len(progress.history))
        if len(watched) == 2:
            raise Cut

    with pytest.raises(Cut):
        go(work, tmp_path, watch=watch)
    go(work, tmp_path, watch=watch)
    assert watched == [1, 2, 2, 3]
    assert saved == [0, 1, 1, 2]


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize(
    "settings",
    [SETTINGS, replace(SETTINGS, optimizer="adamw", schedule="cosine", learning_rate=0.002)],
    ids=["sgd", "adamw"],
)
def test_a_run_cut_off_goes_on_to_the_same_end(work, tmp_path, epoch, settings):
    def cut(progress: Progress) -> None:
        if len(progress.history) == epoch:
            raise Cut

    with pytest.raises(Cut):
        go(work, tmp_path / "cut", settings, on_epoch=cut)
    resumed = go(work, tmp_path / "cut", settings)
    assert resumed.epochs_now == 3 - epoch
    assert_same_run(resumed.progress, go(work, tmp_path / "whole", settings).progress)


def test_a_cut_within_an_epoch_loses_that_epoch_alone(work, tmp_path):
    seen = []

    def cut(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 8:  # the third step of the second epoch of five
            raise Cut

    with pytest.raises(Cut):
        go(work, tmp_path / "cut", on_step=cut)
    resumed = go(work, tmp_path / "cut")
    assert resumed.epochs_now == 2
    assert_same_run(resumed.progress, go(work, tmp_path / "whole").progress)


def test_networks_of_several_seeds_may_see_one_split():
    device = torch.device("cpu")
    made = [
        prepare("silhouettes", seed=seed, split_seed=split_seed, device=device, examples=600)
        for seed, split_seed in ((1, None), (1, 1), (2, 1), (2, None))
    ]
    assert [(work.seed, work.split_seed) for work in made] == [(1, 1), (1, 1), (2, 1), (2, 2)]
    labels = [work.split.train.labels for work in made]
    assert torch.equal(labels[0], labels[1])
    assert torch.equal(labels[0], labels[2])
    assert not torch.equal(labels[0], labels[3])
    weights = [work.fresh((4,))[0].weight for work in made]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])
    assert made[2].facts()["split_seed"] == 1


def test_a_run_of_another_split_is_refused(work, tmp_path):
    go(work, tmp_path, replace(SETTINGS, max_epochs=1))
    other = work._replace(split_seed=6, split=data.split(work.dataset, 6))
    with pytest.raises(CheckpointError, match=r"'split_seed': 5.*'split_seed': 6"):
        go(other, tmp_path, replace(SETTINGS, max_epochs=1))


def test_a_run_of_other_settings_is_refused(work, tmp_path):
    go(work, tmp_path, replace(SETTINGS, max_epochs=1))
    with pytest.raises(CheckpointError, match=r"learning_rate 0\.05, asked for 0\.1"):
        go(work, tmp_path, replace(SETTINGS, learning_rate=0.1))


def test_a_folder_that_another_process_trains_in_is_refused_and_left_alone(
    work, tmp_path, monkeypatch
):
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    run = go(work, tmp_path, replace(SETTINGS, max_epochs=1))
    before = sorted(run.folder.path.iterdir())
    with lock.alone(run.folder.path):
        for overwrite in (False, True):
            with pytest.raises(CheckpointError, match="is being written into by process"):
                go(work, tmp_path, overwrite=overwrite)
    assert sorted(run.folder.path.iterdir()) == before
    assert go(work, tmp_path).epochs_now == 2


def test_a_disk_that_is_full_at_any_write_loses_no_epoch_that_was_computed(work, tmp_path):
    """It is told of, and the next start goes on to the same end."""
    with full_after(None) as names:
        whole = go(work, tmp_path / "whole").progress
    assert names[0] == "config.json"
    for last in range(len(names)):
        folder, heard = tmp_path / str(last), list[int]()
        with full_after(last), pytest.raises(WriteError, match="cannot be written: No") as error:
            go(work, folder, watch=lambda p, heard=heard: heard.append(len(p.history)))
        assert error.value.message.isprintable()
        assert error.value.exit_code == 4
        assert error.value.hint
        before = names[:last]
        assert heard == [*range(1, before.count("metrics.jsonl") + 1 + (last > 0))]
        assert not [*folder.rglob(".*")], "nothing is left half written"
        resumed = go(work, folder)
        assert resumed.epochs_now == 3 - before.count("progress.safetensors")
        assert_same_run(resumed.progress, whole)
