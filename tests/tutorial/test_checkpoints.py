"""The author's networks found, fetched and checked, against a server on this machine."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from actfunc import get, mlp
from actfunc.errors import CheckpointError, UnknownNameError
from actfunc.storage import tutorial_checkpoint
from actfunc.tutorial import SIX, checkpoints


class Quiet(SimpleHTTPRequestHandler):
    """A file server that does not talk."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A server with six tiny networks, the address and the digests set to it."""
    folder = tmp_path / "published"
    for seed, (name, spec) in enumerate(SIX.items()):
        network = tutorial_checkpoint.Checkpoint(get(spec), mlp.init((4, 3, 2), seed=seed))
        tutorial_checkpoint.write(folder, name, network)
    digests = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(checkpoints, "ADDRESS", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(checkpoints, "SHA256", digests)
    monkeypatch.setenv("ACTFUNC_DATA", str(tmp_path / "data"))
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_six_are_fetched_once_and_read(published, tmp_path):
    told: list[str] = []
    six = checkpoints.read_six(report=told.append)
    assert list(six) == list(SIX)
    assert len(told) == 12
    for name, found in six.items():
        assert found.activation.spec == get(SIX[name]).spec
        assert mlp.sizes(found.params) == (4, 3, 2)
    assert {f.name for f in (tmp_path / "data" / checkpoints.FOLDER).iterdir()} == set(
        checkpoints.SHA256
    )
    told.clear()
    checkpoints.read_six(report=told.append)
    assert told == []


def test_something_else_than_was_published_is_refused_and_not_kept(published, tmp_path):
    (published / "FashionMNIST_relu.tar").write_bytes(b"something else")
    with pytest.raises(CheckpointError, match=r"sent 14 bytes with sha256 .*, expected"):
        checkpoints.read_six(names=["relu"])
    assert not (tmp_path / "data" / checkpoints.FOLDER / "FashionMNIST_relu.tar").exists()


def test_a_missing_file_and_a_missing_server_are_said(published, monkeypatch):
    (published / "FashionMNIST_relu.tar").unlink()
    with pytest.raises(CheckpointError, match="could not be fetched"):
        checkpoints.read_six(names=["relu"])
    monkeypatch.setattr(checkpoints, "ADDRESS", "http://127.0.0.1:9/")
    with pytest.raises(CheckpointError, match="could not be fetched") as caught:
        checkpoints.read_six(names=["tanh"])
    assert "by hand" in caught.value.hint


def test_a_name_that_is_not_of_the_tutorial_is_refused():
    with pytest.raises(UnknownNameError, match="no network of the tutorial named 'gelu'"):
        checkpoints.read_six(names=["gelu"])


def test_the_digests_are_those_of_the_authors_files(request):
    folder = request.getfixturevalue("checkpoints")
    for name, digest in checkpoints.SHA256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
