"""Fetching any published file: cut, killed, wrong or absent, what has its name is whole."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from actfunc.data import answer, download
from actfunc.data.download import DownloadError, Published
from actfunc.data.part import part_of
from tests.data.server import refused, serving, unknown

NAME = "numbers.bin"
CONTENT = b"".join(number.to_bytes(2) for number in range(2000))


def published(algorithm: str = "sha256", content: bytes = CONTENT) -> Published:
    return Published(NAME, len(content), hashlib.new(algorithm, content).hexdigest(), algorithm)


@pytest.fixture
def server(tmp_path_factory):
    source = tmp_path_factory.mktemp("served")
    (source / NAME).write_bytes(CONTENT)
    with serving(source) as server:
        yield server


def ways(server) -> list[str]:
    return [way for way, _ in server.asked]


def left(folder, content: bytes) -> None:
    """What an earlier transfer leaves."""
    (folder / f".{NAME}.part").write_bytes(content)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
@pytest.mark.parametrize("way", ["good", "whole"])
def test_a_file_comes_byte_for_byte_and_nothing_else(server, tmp_path, algorithm, way):
    target = tmp_path / "made" / "for it"
    download.download([published(algorithm)], [server.at(way)], target)
    assert (target / NAME).read_bytes() == CONTENT
    assert names(target) == [NAME]


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("damaged", "sent 4,000 bytes with {}"),
        ("other", "has 14 bytes, not 4,000"),
        ("long", "has 200,000 bytes, not 4,000"),
        ("gone", "HTTP 404"),
        ("endless", "sent more than the 4,000 bytes expected"),
        ("cut-whole", "ended after 2,000 of 4,000 bytes"),
    ],
)
def test_what_is_not_the_file_gets_no_name_and_is_told(server, tmp_path, algorithm, way, why):
    with pytest.raises(DownloadError) as error:
        download.download([published(algorithm)], [server.at(way)], tmp_path)
    assert why.format(algorithm) in error.value.message
    assert f"127.0.0.1:{server.server_port}" in error.value.message
    assert f"put {NAME} into {tmp_path} by hand" in error.value.hint
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("way", ["damaged", "other", "gone", "long", "endless"])
def test_what_is_worth_nothing_is_not_kept(server, tmp_path, way):
    with pytest.raises(DownloadError) as error:
        download.download([published()], [server.at(way)], tmp_path)
    assert names(tmp_path) == []
    assert "try again" not in error.value.hint


def test_an_old_file_stays_until_the_new_one_is_right(server, tmp_path):
    (tmp_path / NAME).write_bytes(b"old")
    with pytest.raises(DownloadError):
        download.download([published()], [server.at("damaged")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"old"
    download.download([published()], [server.at("good")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_cut_transfer_goes_on_at_the_next_address(server, tmp_path):
    download.download([published()], [server.at("cut"), server.at("good")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert ways(server) == ["cut", "good"]


def test_a_cut_transfer_is_asked_for_again_while_it_brings_more(server, tmp_path):
    with pytest.raises(DownloadError) as error:
        download.download([published()], [server.at("cut")], tmp_path)
    assert ways(server) == ["cut"] * download.TRIES
    came = CONTENT[: len(CONTENT) - len(CONTENT) // 2**download.TRIES]
    assert (tmp_path / f".{NAME}.part").read_bytes() == came
    assert "try again, which goes on after the 3.9 kB that came" in error.value.hint
    server.asked.clear()
    download.download([published()], [server.at("good")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names(tmp_path) == [NAME]


def test_one_that_brings_no_more_is_not_asked_for_ever(server, tmp_path):
    with pytest.raises(DownloadError):
        download.download([published()], [server.at("cut-whole")], tmp_path)
    assert ways(server) == ["cut-whole"] * 2


@pytest.mark.parametrize("way", ["good", "whole", "elsewhere", "unsaid"])
@pytest.mark.parametrize(
    "came", [CONTENT[:1001], b"x" * 1001, CONTENT[:-1] + b"x", CONTENT + b"x", CONTENT], ids=len
)
def test_what_an_earlier_transfer_left_is_never_trusted(server, tmp_path, way, came):
    left(tmp_path, came)
    download.download([published()], [server.at(way)], tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names(tmp_path) == [NAME]


def test_only_the_rest_is_asked_for(server, tmp_path):
    """A server that damages the first byte sends the rest right."""
    left(tmp_path, CONTENT[:1001])
    download.download([published()], [server.at("damaged-first")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_what_came_whole_before_a_kill_needs_no_server(tmp_path):
    left(tmp_path, CONTENT)
    download.download([published()], [refused()], tmp_path)
    assert names(tmp_path) == [NAME]


def test_an_address_that_failed_is_asked_last_for_the_other_files(server, tmp_path):
    other = "other.bin"
    (server.folder / other).write_bytes(CONTENT)
    files = [published(), published()._replace(name=other)]
    download.download(files, [server.at("gone"), server.at("good")], tmp_path)
    assert server.asked == [("gone", NAME), ("good", NAME), ("good", other)]


def test_a_killed_process_leaves_no_file_and_the_next_goes_on(server, tmp_path):
    code = f"""
from pathlib import Path
from actfunc.data.download import Published, download
download([Published{tuple(published())}], [{server.at("stalled")!r}], Path({str(tmp_path)!r}))
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        part = tmp_path / f".{NAME}.part"
        for _ in range(1000):
            if part.exists() and part.stat().st_size == len(CONTENT) // 2:
                break
            time.sleep(0.02)
        # another process meanwhile has a part of its own, and both are in nobody's way
        download.download([published()], [server.at("good")], tmp_path)
        assert names(tmp_path) == [part.name, NAME]
        (tmp_path / NAME).unlink()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert part.read_bytes() == CONTENT[: len(CONTENT) // 2]
    assert names(tmp_path) == [part.name]
    download.download([published()], [server.at("damaged-first")], tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert names(tmp_path) == [NAME]


def test_an_interrupt_keeps_what_came_under_no_name_but_its_own(server, tmp_path, monkeypatch):
    def interrupt(text):
        if "of" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr(download, "REPORT_SECONDS", -1)
    with pytest.raises(KeyboardInterrupt):
        download.download([published()], [server.at("good")], tmp_path, interrupt)
    assert names(tmp_path) == [f".{NAME}.part"]
    assert CONTENT.startswith((tmp_path / f".{NAME}.part").read_bytes())
    monkeypatch.undo()
    download.download([published()], [server.at("damaged-first")], tmp_path)
    assert names(tmp_path) == [NAME]


def test_no_network_is_told_by_each_address(tmp_path):
    with pytest.raises(DownloadError) as error:
        download.download([published()], [refused(), refused(), unknown()], tmp_path)
    assert error.value.message.count("Connection refused") == 2
    assert "nowhere.invalid: " in error.value.message
    assert "urlopen" not in error.value.message
    assert error.value.exit_code == 3
    assert names(tmp_path) == []


def test_a_silent_server_is_given_up_in_the_time_allowed(server, tmp_path, monkeypatch):
    monkeypatch.setattr(answer, "CONNECT_SECONDS", 0.2)
    start = time.perf_counter()
    with pytest.raises(DownloadError, match=r"no answer in 0\.2 s"):
        download.download([published()], [server.at("silent")], tmp_path)
    assert time.perf_counter() - start < 2


def test_a_server_that_falls_silent_is_given_up_and_the_next_goes_on(server, tmp_path, monkeypatch):
    monkeypatch.setattr(answer, "READ_SECONDS", 0.2)
    start = time.perf_counter()
    download.download([published()], [server.at("stalled"), server.at("good")], tmp_path)
    assert time.perf_counter() - start < 2
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert ways(server) == ["stalled", "good"]


def test_progress_is_told_in_megabytes(server, tmp_path, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(download, "REPORT_SECONDS", -1)
    download.download([published()], [server.at("good")], tmp_path, told.append)
    where = f"from 127.0.0.1:{server.server_port}"
    assert told[0] == f"fetching {NAME} (4.0 kB) {where}"
    assert told[-1] == f"fetching {NAME} (4.0 kB of 4.0 kB) {where}"


def test_a_folder_that_cannot_be_written_is_not_the_servers_fault(server, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    with pytest.raises(DownloadError, match=f"{NAME} cannot be fetched into") as error:
        download.download([published()], [server.at("good")], blocked)
    assert "ACTFUNC_DATA" in error.value.hint
    assert server.asked == []


def test_a_full_disk_is_not_the_servers_fault(server, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(DownloadError) as error:
            download.download([published()], [server.at("good"), server.at("whole")], tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"cannot be fetched into {tmp_path}: File too large" in error.value.message
    assert ways(server) == ["good"]
    assert not (tmp_path / NAME).exists()


def test_two_at_a_time_have_parts_of_their_own(tmp_path):
    path = tmp_path / NAME
    with part_of(path) as one, part_of(path) as other:
        assert one.path != other.path
        one.add(b"one")
        other.add(b"other")
        other.become(path)
    assert path.read_bytes() == b"other"
    assert (tmp_path / f".{NAME}.part").read_bytes() == b"one"
    with part_of(path) as one:
        one.become(path)
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == [NAME]
