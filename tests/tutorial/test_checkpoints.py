"""The author's networks found, fetched and checked, against a server on this machine."""

from __future__ import annotations

import hashlib

import pytest

from actfunc import get, mlp
from actfunc.data.download import Published
from actfunc.errors import CheckpointError, UnknownNameError
from actfunc.storage import authors_files, tutorial_checkpoint
from actfunc.tutorial import SIX, checkpoints
from tests.data.server import refused, serving


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A server with six tiny networks, the address and the digests set to it."""
    folder = tmp_path / "published"
    for seed, (name, spec) in enumerate(SIX.items()):
        network = tutorial_checkpoint.Checkpoint(get(spec), mlp.init((4, 3, 2), seed=seed))
        tutorial_checkpoint.write(folder, name, network)
    files = {file.name: described(file) for file in folder.iterdir()}
    monkeypatch.setattr(authors_files, "FILES", files)
    monkeypatch.setenv("ACTFUNC_DATA", str(tmp_path / "data"))
    with serving(folder) as server:
        monkeypatch.setattr(checkpoints, "ADDRESS", server.at("good"))
        yield server


def described(path) -> Published:
    """A file as it would be published."""
    content = path.read_bytes()
    return Published(path.name, len(content), hashlib.sha256(content).hexdigest())


def test_the_six_are_fetched_once_and_read(published, tmp_path):
    told: list[str] = []
    six = checkpoints.read_six(report=told.append)
    assert list(six) == list(SIX)
    assert len(told) == 12
    for name, found in six.items():
        assert found.activation.spec == get(SIX[name]).spec
        assert mlp.sizes(found.params) == (4, 3, 2)
    assert {f.name for f in (tmp_path / "data" / checkpoints.FOLDER).iterdir()} == set(
        authors_files.FILES
    )
    told.clear()
    checkpoints.read_six(report=told.append)
    assert told == []


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("damaged", "with sha256"),
        ("other", "has 14 bytes, not"),
        ("endless", "sent more than the"),
        ("cut-whole", "ended after"),
        ("gone", "HTTP 404"),
    ],
)
def test_something_else_than_was_published_is_refused(published, tmp_path, monkeypatch, way, why):
    monkeypatch.setattr(checkpoints, "ADDRESS", published.at(way))
    with pytest.raises(CheckpointError, match=why) as caught:
        checkpoints.read_six(names=["relu"])
    for way_out in ("by hand", "--pretrained FOLDER"):
        assert way_out in caught.value.hint
    folder = tmp_path / "data" / checkpoints.FOLDER
    assert not any((folder / name).exists() for name in authors_files.FILES)


def test_a_killed_transfer_is_no_network_and_the_next_goes_on(published, tmp_path, monkeypatch):
    folder = tmp_path / "data" / checkpoints.FOLDER
    folder.mkdir(parents=True)
    for path in tutorial_checkpoint.paths(published.folder, "relu"):
        half = path.read_bytes()[: path.stat().st_size // 2]
        (folder / f".{path.name}.part").write_bytes(half)
    monkeypatch.setattr(checkpoints, "ADDRESS", published.at("damaged-first"))
    assert list(checkpoints.read_six(names=["relu"])) == ["relu"]
    assert {f.name for f in folder.iterdir()} == {
        "FashionMNIST_relu.config", "FashionMNIST_relu.tar",
    }  # fmt: skip


def test_no_network_is_said_with_what_to_do(published, monkeypatch):
    monkeypatch.setattr(checkpoints, "ADDRESS", refused())
    with pytest.raises(CheckpointError, match=r"could not be fetched .*refused") as caught:
        checkpoints.read_six(names=["tanh"])
    assert "by hand" in caught.value.hint


@pytest.mark.parametrize("index", [0, 1])
def test_what_lies_there_and_is_not_as_published_is_refused(published, tmp_path, index):
    """Be it whole and somebody's own network; from a folder of one's own that is read."""
    checkpoints.read_six(names=["relu"])
    folder = tmp_path / "data" / checkpoints.FOLDER
    other = tutorial_checkpoint.Checkpoint(get("relu"), mlp.init((4, 5, 2), seed=9))
    tutorial_checkpoint.write(tmp_path / "own", "relu", other)
    assert list(checkpoints.read_six(str(tmp_path / "own"), ["relu"])) == ["relu"]
    own = tutorial_checkpoint.paths(tmp_path / "own", "relu")[index]
    (folder / own.name).write_bytes(own.read_bytes())
    with pytest.raises(CheckpointError, match=f"{own.name} is damaged: .*published") as caught:
        checkpoints.read_six(names=["relu"])
    assert "removed" in caught.value.hint


def test_a_name_that_is_not_of_the_tutorial_is_refused():
    with pytest.raises(UnknownNameError, match="no network of the tutorial named 'gelu'"):
        checkpoints.read_six(names=["gelu"])


def test_the_digests_are_those_of_the_authors_files(request):
    folder = request.getfixturevalue("checkpoints")
    for name, file in authors_files.FILES.items():
        assert described(folder / name) == file
