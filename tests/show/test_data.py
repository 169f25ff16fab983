"""A data set shown: exact counts, its files, and examples of the class that is named."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
import torch

from actfunc.data import CLASSES, Dataset, Examples, fashion_mnist
from actfunc.data.fashion_mnist import folder
from actfunc.data.silhouettes import draw
from actfunc.errors import UsageError
from actfunc.show.data import dataset_document, dataset_table, examples_figure, files_table
from tests.data.fake_archives import CONTENTS, place, table
from tests.show.printing import printed


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
    lines = printed(dataset_table(made), 120)
    assert "0.5000" in lines
    assert "Made for the tests." in lines


def test_the_table_of_files_has_the_worst_first(monkeypatch, tmp_path):
    monkeypatch.setattr(fashion_mnist, "FILES", table(CONTENTS))
    place(tmp_path)
    (folder(tmp_path) / fashion_mnist.FILES[3].name).write_bytes(b"")
    lines = printed(files_table(fashion_mnist.verify(tmp_path)), 120).splitlines()
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
