"""One writer at a time in a folder, whatever became of the one before."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time

import pytest

from actfunc.errors import CheckpointError, UsageError
from actfunc.storage import lock
from actfunc.storage.lock import alone

HOLDER = """
    import fcntl, os, sys, time
    file = os.open(sys.argv[1] + "/.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(file, fcntl.LOCK_EX)
    os.write(file, f"{os.getpid()} {sys.argv[2]}".encode())
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""
"""What `alone` does, in a process that has not the package to load."""


@pytest.fixture
def holding(tmp_path):
    """Starts a process that holds the folder for so many seconds."""
    started = []

    def start(seconds: float, run: str = "") -> subprocess.Popen:
        program = [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path), run, str(seconds)]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_who_is_done_leaves_nothing(tmp_path):
    folder = tmp_path / "a" / "b"
    for _ in range(2):
        with alone(folder):
            assert [path.name for path in folder.iterdir()] == [lock.NAME]
        assert list(folder.iterdir()) == []


def test_another_writer_is_refused_until_the_first_has_died(tmp_path, holding, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    first = holding(600, "run")
    said = rf"is being written into by process {first.pid}$"
    for run in ("", "another"):
        with pytest.raises(CheckpointError, match=said) as told, alone(tmp_path, run):
            pass
        assert "\n" not in told.value.message
        assert told.value.exit_code == 3
    with alone(tmp_path, "run"):  # one run may have many processes
        pass
    first.send_signal(signal.SIGKILL)
    first.wait()
    with alone(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_kill_left_half_written_is_removed(tmp_path):
    left = [tmp_path / ".config.json.123.partial", tmp_path / "members" / ".relu.json.123.partial"]
    left[1].parent.mkdir()
    for file in left:
        file.write_bytes(b"half")
    (tmp_path / "members" / "relu.json").write_bytes(b"whole")
    with alone(tmp_path):
        assert not [file.name for file in left if file.exists()]
    assert [path.name for path in tmp_path.rglob("*.json")] == ["relu.json"]


def test_who_is_about_to_be_done_is_waited_for(tmp_path, holding, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE", 30.0)
    holding(0.2)
    began = time.monotonic()
    with alone(tmp_path):
        assert time.monotonic() - began < 20


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="cannot be written into"), alone(tmp_path / "taken"):
        pass


def test_a_lock_that_is_a_link_writes_into_no_other_file(tmp_path):
    (tmp_path / "mine").write_text("of value")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / lock.NAME).symlink_to(tmp_path / "mine")
    with pytest.raises(UsageError, match="cannot be written into"), alone(tmp_path / "runs"):
        pass
    assert (tmp_path / "mine").read_text() == "of value"


def test_where_there_are_no_locks_nobody_is_kept_out(tmp_path, monkeypatch):
    import fcntl

    def none(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", none)
    with alone(tmp_path), alone(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
