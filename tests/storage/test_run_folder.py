"""A run folder takes a run, gives it back, refuses another, and survives a kill."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest
import torch

from actfunc import mlp, tree
from actfunc.errors import CheckpointError
from actfunc.storage import RunFolder, documents, tensors
from actfunc.training import Epoch, Progress, Settings, start
from tests.reference import assert_same

SIZES = (6, 4, 3)
CONFIG = {
    "activation": "relu",
    "sizes": list(SIZES),
    "settings": asdict(Settings()),
    "dataset": {"name": "FashionMNIST", "train": 50_000, "validation": 10_000, "split_seed": 42},
    "made_by": {"torch": "1"},
}


def fresh(seed: int = 0, sizes: tuple[int, ...] = SIZES) -> Progress:
    return start(mlp.init(sizes, seed=seed), Settings())


def after(scores: list[float]) -> Progress:
    """A progress with these validation scores, its parameters drawn by the epoch."""
    progress = fresh()
    for number, score in enumerate(scores, 1):
        history = (*progress.history, Epoch(number, 1 / number, 0.5, score, 0.1))
        state = fresh(number).state
        state = state._replace(optimizer=tree.map(lambda v: v + 0.5, state.optimizer))
        best = state.params if score > progress.best_accuracy else progress.best
        progress = Progress(state, best, history)
    return progress


def assert_same_progress(got: Progress, want: Progress) -> None:
    assert type(got) is Progress
    assert got.history == want.history
    assert got.stopped_test == want.stopped_test
    for one, other in zip(tree.leaves(got[:2]), tree.leaves(want[:2]), strict=True):
        assert_same(one, other)


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    folder = RunFolder.of(tmp_path, "FashionMNIST", "relu", 42)
    folder.begin(CONFIG)
    return folder


def reopened(folder: RunFolder) -> RunFolder:
    """The folder as another process finds it."""
    return RunFolder(folder.path)


def config_in(folder: RunFolder) -> dict:
    return json.loads(folder.config_file.read_text())


def test_where_a_run_lies(tmp_path):
    assert (
        RunFolder.of(tmp_path, "FashionMNIST", "leaky_relu:negative_slope=0.1", 42).path
        == tmp_path / "FashionMNIST" / "leaky_relu-negative_slope=0.1-seed42"
    )
    for odd in ("../../x", "a/b:c", "a b", "x\0y"):
        path = RunFolder.of(tmp_path, "d", odd, 0).path
        assert path.parent == tmp_path / "d"


def test_an_empty_folder_gives_the_fresh_progress(folder):
    progress = fresh()
    assert folder.resume(progress) is progress
    with pytest.raises(CheckpointError, match=r"no file .*parameters\.safetensors"):
        folder.parameters(progress.best)


@pytest.mark.parametrize("scores", [[0.5], [0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.0, 0.0]])
def test_what_is_saved_comes_back_bit_for_bit(folder, scores):
    for epochs in range(1, len(scores) + 1):
        progress = after(scores[:epochs])
        folder.save(progress)
        assert_same_progress(folder.resume(fresh(99)), progress)
        best = folder.parameters(fresh(99).best)
        for got, want in zip(tree.leaves(best), tree.leaves(progress.best), strict=True):
            assert_same(got, want)
    lines = folder.metrics_file.read_text().splitlines()
    assert [Epoch(**json.loads(line)) for line in lines] == list(progress.history)
    beside = tensors.read_text(folder.parameters_file, "")
    assert beside["epoch"] == str(progress.best_epoch)
    assert json.loads(beside["of"])["activation"] == "relu"
    assert {path.name for path in folder.path.iterdir()} == {
        "config.json", "metrics.jsonl", "parameters.safetensors", "progress.safetensors"
    }  # fmt: skip


@pytest.mark.parametrize("stopped", [None, 0.0, 0.1 + 0.2, 1.0])
def test_the_accuracy_where_it_stopped_comes_back(folder, stopped):
    progress = after([0.5, 0.4])._replace(stopped_test=stopped)
    folder.save(progress)
    assert folder.resume(fresh(99)).stopped_test == stopped


@pytest.mark.parametrize("spec", ["sgd:momentum=0", "adamw"])
def test_the_state_of_any_optimiser_comes_back(folder, spec):
    """Without momentum there is none, and Adam counts its steps in whole numbers."""

    def start_(seed: int) -> Progress:
        return start(mlp.init(SIZES, seed=seed), Settings(optimizer=spec))

    state = tree.map(lambda leaf: leaf + 3, start_(0).state)
    progress = Progress(state, state.params, (Epoch(1, 1.0, 0.5, 0.5, 0.1),))
    folder.save(progress)
    assert_same_progress(folder.resume(start_(99)), progress)


def test_the_same_run_may_go_on_whoever_asks(folder):
    folder.save(after([0.5]))
    folder.begin(CONFIG | {"made_by": {"torch": "2"}})
    assert len(folder.resume(fresh()).history) == 1


def test_a_run_that_diverged_is_still_json(folder):
    progress = after([0.1, 0.1])
    last = progress.history[-1]._replace(loss=float("nan"))
    progress = progress._replace(history=(*progress.history[:-1], last))
    folder.save(progress)
    *_, line = folder.metrics_file.read_text().splitlines()
    assert json.loads(line, parse_constant=pytest.fail)["loss"] is None
    back = folder.resume(fresh()).history
    assert math.isnan(back[-1].loss)
    assert back[0] == progress.history[0]


def test_a_run_may_go_on_for_longer(folder):
    folder.save(after([0.5]))
    longer = CONFIG["settings"] | {"max_epochs": 100, "patience": 20}
    folder.begin(CONFIG | {"settings": longer})
    assert config_in(folder)["settings"] == longer
    assert len(folder.resume(fresh()).history) == 1


@pytest.mark.parametrize("schedule", ["cosine:final=0.0", "warm_up:steps=9,then=cosine:final=0.0"])
def test_a_run_whose_schedule_ends_with_it_may_not(folder, schedule):
    """With more epochs, those that are done would have had other learning rates."""
    scheduled = CONFIG["settings"] | {"schedule": schedule, "max_epochs": 50, "patience": 7}
    folder.begin(CONFIG | {"settings": scheduled}, overwrite=True)
    folder.save(after([0.5]))
    folder.begin(CONFIG | {"settings": scheduled | {"patience": 20}})
    with pytest.raises(CheckpointError, match="max_epochs 50, asked for 100"):
        folder.begin(CONFIG | {"settings": scheduled | {"max_epochs": 100}})
    assert len(folder.resume(fresh()).history) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("activation", "gelu"),
        ("sizes", [6, 5, 3]),
        ("settings", CONFIG["settings"] | {"learning_rate": 0.1}),
        ("dataset", CONFIG["dataset"] | {"name": "silhouettes"}),
    ],
)
def test_another_run_is_refused_naming_what_differs(folder, key, value):
    folder.save(after([0.5]))
    with pytest.raises(CheckpointError, match="holds a run with other") as error:
        folder.begin(CONFIG | {key: value})
    message = error.value.message
    assert str(folder.path) in message
    was, asked = CONFIG[key], value
    if key == "settings":
        key, was, asked = "learning_rate", 0.01, 0.1
    assert key in message
    assert str(was) in message
    assert str(asked) in message
    assert "--overwrite" in error.value.hint
    assert len(folder.resume(fresh()).history) == 1


def test_overwrite_begins_anew(folder):
    folder.save(after([0.5]))
    other = CONFIG | {"activation": "gelu"}
    folder.begin(other, overwrite=True)
    assert folder.resume(start_ := fresh()) is start_
    assert config_in(folder)["activation"] == "gelu"
    assert {path.name for path in folder.path.iterdir()} == {"config.json"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b'"x"', b"\xff", b'{"settings": 3}', b"[" * 10**5]
)
def test_a_garbled_config_is_an_error_that_names_it(folder, content):
    folder.config_file.write_bytes(content)
    with pytest.raises(CheckpointError) as error:
        folder.begin(CONFIG)
    assert str(folder.path) in error.value.message
    assert "--overwrite" in error.value.hint
    folder.begin(CONFIG, overwrite=True)


CUT = [0, 10, 200, -1]


@pytest.mark.parametrize("kept", CUT)
def test_a_progress_cut_short_is_an_error_that_names_it(folder, kept):
    folder.save(after([0.5]))
    file = folder.progress_file
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="is damaged") as error:
        folder.resume(fresh())
    assert str(file) in error.value.message
    assert "--overwrite" in error.value.hint
    folder.parameters(fresh().best)  # which need it not


@pytest.mark.parametrize("kept", [*CUT, None])
@pytest.mark.parametrize("lost", ["parameters", "metrics"])
def test_what_is_lost_is_made_anew_from_the_progress(folder, lost, kept):
    progress = after([0.5, 0.7, 0.6])
    for epochs in (1, 2, 3):
        folder.save(after([0.5, 0.7, 0.6][:epochs]))
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    file = getattr(folder, f"{lost}_file")
    file.write_bytes(file.read_bytes()[:kept]) if kept is not None else file.unlink()
    found = reopened(folder).parameters(fresh(99).best)
    for got, want in zip(tree.leaves(found), tree.leaves(progress.best), strict=True):
        assert_same(got, want)
    assert reopened(folder).trained
    again = reopened(folder)
    again.begin(CONFIG)
    again.restore(again.resume(fresh(99)))
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before


def test_parameters_lost_with_the_progress_are_an_error_that_names_them(folder):
    folder.save(after([0.5]))
    folder.progress_file.write_bytes(b"")
    folder.parameters_file.unlink()
    with pytest.raises(CheckpointError, match=r"no file .*parameters\.safetensors"):
        folder.parameters(fresh().best)


def test_the_source_of_ones_own_activation_is_what_a_run_is(folder):
    folder.begin(CONFIG | {"source": "a" * 64}, overwrite=True)
    folder.save(after([0.5]))
    reopened(folder).begin(CONFIG | {"source": "a" * 64})
    for other in ({"source": "b" * 64}, {}):
        with pytest.raises(CheckpointError, match=r"the source of its own activation has changed$"):
            reopened(folder).begin(CONFIG | other)


def test_the_history_is_read_without_the_weights(folder):
    assert folder.history() == ()
    folder.save(after([0.5, 0.7]))
    assert folder.history() == after([0.5, 0.7]).history
    folder.progress_file.write_bytes(folder.progress_file.read_bytes().replace(b"0.7", b"0.9"))
    with pytest.raises(CheckpointError, match=r"progress\.safetensors is damaged: .*sha256"):
        folder.history()
    folder.parameters(fresh().best)


def test_parameters_of_an_earlier_epoch_are_not_the_best(folder):
    """As in a copy from before."""
    folder.save(after([0.5]))
    early = folder.parameters_file.read_bytes()
    folder.save(after([0.5, 0.7]))
    folder.parameters_file.write_bytes(early)
    best = folder.parameters(fresh().best)
    assert_same(best[0].weight, after([0.5, 0.7]).best[0].weight)


@pytest.mark.parametrize("name", ["config", "parameters", "progress", "neurons"])
@pytest.mark.parametrize(
    "other",
    [{"activation": "tanh"}, {"settings": CONFIG["settings"] | {"learning_rate": 0.1}}],
    ids=["activation", "rate"],
)
def test_a_file_of_another_run_is_not_taken_for_this_ones(folder, tmp_path, name, other):
    """Whole, and of the same shapes."""
    theirs = RunFolder(tmp_path / "other")
    theirs.begin(CONFIG | other)
    for each, score in ((folder, 0.5), (theirs, 0.6)):
        each.watch(1, [{"dead": 0}])
        each.save(after([score]))
    file = getattr(folder, f"{name}_file")
    file.write_bytes(getattr(theirs, file.stem + "_file").read_bytes())
    again = RunFolder.of(tmp_path, "FashionMNIST", "relu", 42)

    def use() -> None:
        again.begin(CONFIG)
        again.restore(again.resume(fresh()))

    if name == "parameters":
        use()
        assert_same(again.parameters(fresh().best)[0].weight, after([0.5]).best[0].weight)
    else:
        with pytest.raises(CheckpointError, match=r"of another run|other settings") as told:
            use()
        key = next(iter(other)).replace("settings", "learning_rate")
        assert key in told.value.message
    if name == "config" and "settings" in other:
        with pytest.raises(CheckpointError, match=r"parameters\.safetensors is of another run"):
            RunFolder.of(tmp_path, "FashionMNIST", "relu", 42).parameters(fresh().best)


def test_a_config_that_is_lost_is_written_anew_for_the_same_run_alone(folder):
    folder.save(after([0.5]))
    folder.config_file.unlink()
    other = reopened(folder)
    other.begin(CONFIG | {"activation": "gelu"})
    with pytest.raises(CheckpointError, match="of another run: activation relu, asked for gelu"):
        other.resume(fresh())
    folder.config_file.unlink()
    same = reopened(folder)
    same.begin(CONFIG)
    assert len(same.resume(fresh()).history) == 1


@pytest.mark.parametrize("sizes", [(6, 5, 3), (6, 4, 4, 3), (7, 4, 3)])
def test_parameters_of_another_network_are_an_error(folder, sizes):
    folder.save(after([0.5]))
    for read in (folder.resume, lambda progress: folder.parameters(progress.best)):
        with pytest.raises(CheckpointError, match=r"of another network|lacks") as error:
            read(fresh(sizes=sizes))
        assert ".safetensors" in error.value.message


@pytest.mark.parametrize(
    "history",
    [
        "nonsense",
        '{"epoch": 1}',
        "[]",
        "3",
        '{"epoch": 1',
        "[" * 10**5,
        '{"epoch": 2, "loss": 1, "train_accuracy": 0, "validation_accuracy": 0, "seconds": 0}',
        '{"epoch": 1, "loss": 1, "train_accuracy": 0, "validation_accuracy": 89, "seconds": 0}',
        '{"epoch": 1, "loss": 1, "train_accuracy": 0, "validation_accuracy": 0, "seconds": -1}',
    ],
)
def test_a_garbled_history_is_an_error(folder, history):
    named = tree.named_leaves(fresh()[:2])
    beside = {"of": json.dumps(folder.identity)}
    tensors.write_tensors(folder.progress_file, named, beside | {"history": history})
    with pytest.raises(CheckpointError, match="its history is none"):
        folder.resume(fresh())
    tensors.write_tensors(folder.progress_file, named, beside)
    with pytest.raises(CheckpointError, match="history"):
        folder.resume(fresh())
    tensors.write_tensors(folder.progress_file, named)
    with pytest.raises(CheckpointError, match="does not say what it is of"):
        folder.resume(fresh())


def test_what_is_read_lies_where_the_template_does(folder):
    folder.save(after([0.5]))
    doubles = start(mlp.init(SIZES, seed=0, dtype=torch.float64), Settings())
    with pytest.raises(CheckpointError, match=r"expected torch\.float64 .*found torch\.float32"):
        folder.resume(doubles)


# Neurons watched through training


def test_what_was_watched_comes_back_and_a_later_epoch_replaces_what_was_after(folder):
    assert folder.watched() == []
    for epoch in (1, 2, 3):
        folder.watch(epoch, [{"dead": epoch, "saturated_pairs": 0.1 + 0.2}])
    assert [line["layers"][0]["dead"] for line in folder.watched()] == [1, 2, 3]
    assert folder.watched()[0]["layers"][0]["saturated_pairs"] == 0.1 + 0.2
    # trained again from epoch 1 on, as after a kill
    folder.watch(2, [{"dead": 7, "saturated_pairs": 0.0}])
    assert [line["epoch"] for line in folder.watched()] == [1, 2]
    reopened(folder).begin(CONFIG)
    assert len(folder.watched()) == 2
    folder.restore(after([0.5]))  # which a kill left behind it
    assert [line["epoch"] for line in folder.watched()] == [1]
    folder.begin(CONFIG, overwrite=True)
    assert folder.watched() == []


@pytest.mark.parametrize("line", [{"epoch": 1}, [1], {"epoch": "a", "layers": []}, {"more": 1}])
def test_damaged_lines_of_neurons_are_an_error_before_anything_is_trained(folder, line):
    documents.write_lines(folder.neurons_file, [line], {"of": folder.identity})
    with pytest.raises(CheckpointError, match=r"neurons\.jsonl is damaged"):
        folder.restore(fresh())
