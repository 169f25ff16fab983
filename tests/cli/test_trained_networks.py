"""A command that reads trained networks works on their own images, whatever it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from actfunc import get, mlp
from actfunc.storage import RunFolder, prepare, tutorial_checkpoint
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.training import evaluate

SMALL = ("--hidden", "24,16")
READERS = ("evaluate", "neurons", "distribution", "curvature", "dead")


def config() -> dict:
    return json.loads(RunFolder.of(Path("runs"), "silhouettes", "relu", 7).config_file.read_text())


@pytest.mark.parametrize("command", READERS)
def test_every_reader_takes_images_split_and_sizes_from_the_run(actfunc, monkeypatch, command):
    trained = ("train", "relu", *SMALL, "--seed", "7", "--split-seed", "42", "--examples", "1200")
    assert actfunc(*trained).code == 0
    monkeypatch.delenv("ACTFUNC_EXAMPLES")
    few = ("--batch", "32", "--steps", "4", "--probes", "2", "--top", "1")
    asked = (command, "relu", "--seed", "7", *(few if command == "curvature" else ()))
    found = actfunc(*asked, "--json").document
    assert (found["seed"], found["split_seed"]) == (7, 42)
    sizes = {part: found["dataset"][part] for part in ("train", "validation", "test")}
    assert sizes == {"train": 1000, "validation": 200, "test": 200}
    assert {part: config()["dataset"][part] for part in ("train", "validation")} == {
        "train": 1000, "validation": 200
    }  # fmt: skip
    for option, value in (("--hidden", "24"), ("--examples", "1201")):
        refused = actfunc(*asked, option, value)
        assert refused.code == 2
        assert f"{option} {value} is asked for, but" in refused.err
        assert "%" not in refused.out
    assert actfunc(*asked, *SMALL, "--examples", "1200").code == 0


def test_fewer_examples_are_the_first_of_either_part(actfunc):
    """No image changes sides: those to validate on were not trained on."""
    options = ("relu", "--seed", "7", "--json")
    actfunc("train", *options[:3], *SMALL, "--split-seed", "42", "--examples", "1200")
    document = actfunc("evaluate", *options, "--examples", "600").document
    assert document["dataset"]["validation"] == 100
    work = prepare("silhouettes", seed=7, device=torch.device("cpu"), split_seed=42, examples=1200)
    folder = RunFolder.of(Path("runs"), "silhouettes", "relu", 7)
    params = folder.parameters(mlp.init((784, 24, 16, 10), seed=0))
    split = work.split._replace(
        validation=work.split.validation.first(100), test=work.split.test.first(100)
    )
    wanted = evaluate(params, get("relu"), split)
    assert document["validation_accuracy"]["relu"] == 100 * wanted.validation
    assert document["test_accuracy"]["relu"] == 100 * wanted.test


def test_networks_of_different_images_are_told_apart(actfunc):
    actfunc("train", "relu", "tanh", *SMALL, "--seed", "7", "--split-seed", "42")
    actfunc("train", "elu", *SMALL, "--seed", "7")
    done = actfunc("evaluate", "relu", "tanh", "elu", "--seed", "7")
    assert done.code == 2
    assert "relu, tanh on 1,536 images of silhouettes, split by seed 42" in done.err
    assert "elu:alpha=1.0 on 1,536 images of silhouettes, split by seed 7" in done.err
    assert "name those of the same images only" in done.err
    assert done.out == ""
    assert actfunc("evaluate", "relu", "tanh", "--seed", "7").code == 0


def test_networks_of_different_sizes_are_evaluated_together(actfunc):
    trained = {}
    for name, hidden in (("relu", "24,16"), ("tanh", "8")):
        runs = actfunc("train", name, "--hidden", hidden, "--json").document["runs"]
        trained[name] = runs[name]["validation_accuracy"]
    found = actfunc("evaluate", "relu", "tanh", "--json").document["validation_accuracy"]
    assert found == trained


def test_the_data_set_is_that_of_the_runs(actfunc, monkeypatch):
    monkeypatch.delenv("ACTFUNC_DATASET")
    actfunc("train", "relu", *SMALL, "--dataset", "silhouettes")
    found = actfunc("evaluate", "relu", "--json").document
    assert found["dataset"]["name"] == "silhouettes"
    other = actfunc("evaluate", "relu", "--dataset", "fashion_mnist")
    assert other.code == 3
    assert "no trained network for relu in runs/FashionMNIST/relu-seed42\n" in other.err
    neither = actfunc("evaluate", "gelu")
    assert "runs/FashionMNIST/gelu-seed42 or runs/silhouettes/gelu-seed42" in neither.err


def test_a_run_moved_to_another_data_sets_folder_is_not_taken_for_its_own(actfunc):
    actfunc("train", "relu", *SMALL)
    Path("runs/silhouettes").rename("runs/FashionMNIST")
    done = actfunc("evaluate", "relu", "--dataset", "fashion_mnist")
    assert done.code == 2
    assert "--dataset fashion_mnist is asked for, but relu learnt from 1,536 images" in done.err


@pytest.mark.parametrize(
    "init",
    [pytest.param("gaussian:gain=1.4,bias=0.1", marks=pytest.mark.full), "recommended"],
)
def test_how_the_weights_were_drawn_does_not_matter(actfunc, init):
    trained = actfunc("train", "relu", *SMALL, "--init", init, "--json").document["runs"]["relu"]
    assert trained["init"] != "linear"
    found = actfunc("evaluate", "relu", "--json").document
    assert found["validation_accuracy"]["relu"] == trained["validation_accuracy"]
    for command in ("neurons", "distribution", "dead"):
        assert actfunc(command, "relu").code == 0


def test_a_damaged_run_is_an_error_that_names_the_file(actfunc):
    actfunc("train", "relu", *SMALL)
    [file] = Path("runs").rglob("config.json")
    for text in ("{", "[]", "{}"):
        file.write_text(text)
        done = actfunc("evaluate", "relu")
        assert done.code == 3
        assert str(file) in done.err
        assert "--overwrite" in done.err


# The author's


@pytest.fixture
def author(tmp_path) -> Path:
    """A network in the tutorial's form, of other sizes than its own."""
    folder = tmp_path / "author"
    params = mlp.init((784, 24, 16, 10), seed=0)
    tutorial_checkpoint.write(folder, "relu", Checkpoint(get("relu"), params))
    return folder


def test_the_authors_networks_have_their_own_sizes(actfunc, author):
    asked = ("evaluate", "relu", "--pretrained", str(author))
    assert actfunc(*asked, *SMALL).code == 0
    done = actfunc(*asked, "--hidden", "512,256,256,128")
    assert done.code == 2
    assert "--hidden 512,256,256,128 is asked for, but the hidden layers of relu are" in done.err


def test_the_authors_networks_on_other_data_say_so(actfunc, author):
    done = actfunc("evaluate", "relu", "--pretrained", str(author), "--seed", "7")
    assert done.code == 0
    assert "the tutorial's networks were trained on 60,000 images of FashionMNIST" in done.out


def test_a_damaged_network_of_the_author_is_no_case_for_overwrite(actfunc, author):
    for path in tutorial_checkpoint.paths(author, "relu"):
        before = path.read_bytes()
        path.write_bytes(b"{")
        done = actfunc("evaluate", "relu", "--pretrained", str(author))
        assert done.code == 3
        assert str(path) in done.err.replace("\n", "")
        assert "--overwrite" not in done.err
        path.write_bytes(before)


def test_the_authors_networks_are_validated_on_what_they_were_not_trained_on(
    actfunc, checkpoints, real_split, monkeypatch
):
    """Seed 42's split, whatever the seed, and of few images the first of either part."""
    monkeypatch.setenv("ACTFUNC_DATASET", "fashion_mnist")
    asked = ("evaluate", "relu", "--pretrained", str(checkpoints), "--seed", "7")
    found = actfunc(*asked, "--json").document
    assert (found["seed"], found["split_seed"]) == (7, 42)
    assert found["dataset"]["validation"] == 256
    activation, params, *_ = tutorial_checkpoint.read(checkpoints, "relu")
    split = real_split._replace(
        validation=real_split.validation.first(256), test=real_split.test.first(256)
    )
    wanted = evaluate(params, activation, split)
    assert found["validation_accuracy"]["relu"] == 100 * wanted.validation
    assert found["test_accuracy"]["relu"] == 100 * wanted.test
    refused = actfunc(*asked, "--split-seed", "7")
    assert refused.code == 2
    assert "--split-seed 7 is asked for, but the tutorial's networks learnt from" in refused.err
    more = actfunc(*asked, "--examples", "60001")
    assert more.code == 2
    assert "examples must be 60,000 or less" in more.err
