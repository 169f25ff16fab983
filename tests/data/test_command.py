"""`actfunc data`."""

from __future__ import annotations

import json

import pytest

from actfunc.cli.data import data
from actfunc.data import fashion_mnist, fetch
from actfunc.data.fashion_mnist import folder
from actfunc.errors import DataError, UsageError
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
