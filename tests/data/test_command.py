"""`actfunc data` and what it shows."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import pytest
import torch
from rich.console import Console

from actfunc.cli.data import data
from actfunc.data import CLASSES, Dataset, Examples, fashion_mnist, fetch
from actfunc.data.fashion_mnist import folder
from actfunc.data.silhouettes import draw
from actfunc.errors import DataError, UsageError
from actfunc.show.data import dataset_document, dataset_table, examples_figure, files_table
from tests.data.fake_archives import place
from tests.data.server import refused


@pytest.fixture
def root(fakes, tmp_path, monkeypatch):
    """A data root with the small stand-ins in it, and no network."""

    monkeypatch.setenv("ACTFUNC_DATA", str(tmp_path))
    monkeypatch.setattr(fetch, "mirrors", lambda: [refused()])
    place(tmp_path)
    return tmp_path


def document(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_verify_tells_each_file_and_the_classes(root, capsys):
    data(verify=True, json=True)
    found = document(capsys)
    assert [file["ok"] for file in found["files"]] == [True] * 4
    assert found["files"][0]["expected"] == found["files"][0]["found"]
    assert found["name"] == "FashionMNIST"
    assert [row["training"] for row in found["classes"]] == [2, 2] + [1] * 8
    assert found["all"]["test"] == 4


@pytest.mark.parametrize("dataset", ["fashion_mnist", "auto"])
def test_a_missing_file_is_shown_then_an_error(root, capsys, dataset):
    name = fashion_mnist.FILES[2].name
    (folder(root) / name).unlink()
    with pytest.raises(DataError, match=f"not as published in .*: {name}") as error:
        data(dataset, verify=True, json=True)
    assert error.value.exit_code == 3
    assert [file["ok"] for file in document(capsys)["files"]] == [True, True, False, True]


def test_a_damaged_file_is_shown_then_an_error(root, capsys):
    name = fashion_mnist.FILES[1].name
    (folder(root) / name).write_bytes(b"damaged")
    with pytest.raises(DataError, match=name) as error:
        data(verify=True, json=True)
    assert error.value.exit_code == 3
    assert [file["ok"] for file in document(capsys)["files"]] == [True, False, True, True]
    with pytest.raises(DataError, match="is damaged"):
        data()


def test_fetch_asks_nobody_for_what_is_there(root, capsys):
    data(fetch=True)
    assert "all four files are there already" in capsys.readouterr().out


def test_fetch_that_fails_is_an_error_and_not_the_drawn_set(root):
    (folder(root) / fashion_mnist.FILES[0].name).unlink()
    with pytest.raises(DataError, match="Connection refused"):
        data(fetch=True)


def test_without_the_files_it_shows_the_drawn_set_and_how_to_fetch(root, capsys):
    (folder(root) / fashion_mnist.FILES[0].name).unlink()
    data(json=True, examples=60)
    found = document(capsys)
    assert found["name"] == "silhouettes"
    assert "actfunc data --fetch" in found["note"]


def test_show_draws_a_file(root, capsys, tmp_path):
    data("silhouettes", examples=200, show=tmp_path / "new" / "grid.png", json=True)
    assert document(capsys)["figure"] == str(tmp_path / "new" / "grid.png")
    assert (tmp_path / "new" / "grid.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"grid\.bmp"):
        data("silhouettes", show=tmp_path / "grid.bmp")


@pytest.mark.parametrize("name", ["silhouettes", "Silhouettes"])
@pytest.mark.parametrize("flag", ["fetch", "verify"])
def test_the_drawn_set_has_nothing_to_fetch_or_verify(root, name, flag):
    with pytest.raises(UsageError, match="nothing to fetch or verify"):
        data(name, **{flag: True})


def text(renderable) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(renderable)
        return console.export_text()


def test_the_table_has_exact_counts_and_pixels():
    images = torch.zeros(4, 28, 28, dtype=torch.uint8)
    images[1], images[3] = 255, 51
    examples = Examples(images, torch.tensor([0, 0, 1, 1]))
    made = Dataset("made-up", CLASSES, examples, examples.first(1), "Made for the tests.")
    found = dataset_document(made)
    assert found["classes"][0] == {
        "class": "T-shirt/top", "training": 2, "test": 1, "mean": 0.5, "spread": 0.5,
    }  # fmt: skip
    assert found["classes"][1]["mean"] == pytest.approx(0.1, abs=1e-12)
    assert found["classes"][9] == {
        "class": "Ankle boot", "training": 0, "test": 0, "mean": None, "spread": None,
    }  # fmt: skip
    lines = text(dataset_table(made))
    assert "0.5000" in lines
    assert "Made for the tests." in lines


def test_the_table_of_files_has_the_worst_first(fakes, tmp_path):
    place(tmp_path)
    (folder(tmp_path) / fashion_mnist.FILES[3].name).write_bytes(b"")
    lines = text(files_table(fashion_mnist.verify(tmp_path))).splitlines()
    rows = [line for line in lines if ".gz" in line]
    assert "damaged" in rows[0]
    assert fashion_mnist.FILES[3].name in rows[0]
    assert all("ok" in row for row in rows[1:])


def test_the_figure_shows_images_of_the_class_it_names():
    made = draw(300, 10)
    figure = examples_figure(made, rows=3, columns=4, seed=1)
    assert [axis.get_ylabel() for axis in figure.axes] == list(CLASSES[:3])
    for label, axis in enumerate(figure.axes):
        shown = torch.as_tensor(axis.images[0].get_array().data)
        assert shown.shape == (28, 4 * 30)
        own = made.train.images[made.train.labels == label]
        for column in range(4):
            tile = shown[:, 30 * column + 1 : 30 * column + 29]
            assert (own == tile).all(-1).all(-1).any()
    assert plt.get_fignums() == []


def test_the_seed_decides_which_images_the_figure_shows():
    made = draw(300, 10)

    def shown(seed: int) -> torch.Tensor:
        [axis] = examples_figure(made, rows=1, columns=6, seed=seed).axes
        return torch.as_tensor(axis.images[0].get_array().data)

    assert torch.equal(shown(1), shown(1))
    assert not torch.equal(shown(1), shown(2))


@pytest.mark.parametrize(("rows", "columns"), [(0, 4), (11, 4), (3, 0)])
def test_bad_sizes_of_the_figure(rows, columns):
    with pytest.raises(UsageError, match="1 to 10 rows"):
        examples_figure(draw(10, 1), rows=rows, columns=columns)


def test_a_class_with_too_few_images_leaves_room():
    figure = examples_figure(draw(20, 1), columns=6)
    assert len(figure.axes) == 10
