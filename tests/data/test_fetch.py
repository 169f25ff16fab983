"""Fetching FashionMNIST, from a server on this machine, and what to load where it cannot be had."""

from __future__ import annotations

import time

import pytest
import torch

from actfunc.data import answer, fashion_mnist, fetch, load, silhouettes
from actfunc.data.fashion_mnist import UnavailableError, folder, missing, verify
from actfunc.errors import DataError, UnknownNameError, UsageError
from tests.data.fake_archives import CONTENTS, IMAGES, place
from tests.data.server import refused, serving


@pytest.fixture
def server(fakes, tmp_path_factory):
    """A server of the fake archives; `server.at("good")` is a mirror's address."""
    source = tmp_path_factory.mktemp("served")
    place(source)
    with serving(folder(source)) as server:
        yield server


@pytest.fixture
def mirrors(monkeypatch):
    """Sets the addresses that are tried."""

    def set_to(*addresses):
        monkeypatch.setattr(fetch, "mirrors", lambda: list(addresses))

    return set_to


def test_the_mirrors_are_torchvisions_and_the_authors_own():
    from torchvision.datasets import FashionMNIST

    assert fetch.mirrors() == [*FashionMNIST.mirrors, fetch.ORIGIN]


def test_a_fetched_data_set_is_the_served_one_byte_for_byte(server, mirrors, tmp_path):
    mirrors(server.at("good"))
    lines = []
    dataset = load("fashion_mnist", root=tmp_path, report=lines.append)
    assert torch.equal(dataset.train.images, IMAGES)
    names = [file.name for file in fashion_mnist.FILES]
    assert sorted(path.name for path in folder(tmp_path).iterdir()) == sorted(names)
    for name in names:
        assert (folder(tmp_path) / name).read_bytes() == (server.folder / name).read_bytes()
    assert [line.split()[1] for line in lines] == names
    load("auto", root=tmp_path)
    assert len(server.asked) == 4, "what is there is not fetched again"


def test_only_what_is_missing_is_fetched(server, mirrors, tmp_path):
    mirrors(server.at("good"))
    place(tmp_path)
    gone = fashion_mnist.FILES[2].name
    (folder(tmp_path) / gone).unlink()
    load("fashion_mnist", root=tmp_path)
    assert server.asked == [("good", gone)]


@pytest.mark.parametrize("bad", ["damaged", "gone", "endless", "cut", "other"])
def test_the_next_mirror_is_tried_and_the_bad_one_not_asked_again(server, mirrors, tmp_path, bad):
    mirrors(server.at(bad), server.at("good"))
    assert torch.equal(load("fashion_mnist", root=tmp_path).train.images, IMAGES)
    assert [how for how, _ in server.asked] == [bad, "good", "good", "good", "good"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("damaged", "with md5"),
        ("gone", "404"),
        ("endless", "sent more than the"),
        ("other", "has 14 bytes, not"),
        ("cut-whole", "ended after"),
    ],
)
def test_a_failed_fetch_leaves_no_archive_and_says_what_came(server, mirrors, tmp_path, bad, why):
    mirrors(server.at(bad))
    with pytest.raises(UnavailableError, match=why) as error:
        load("fashion_mnist", root=tmp_path)
    assert fashion_mnist.FILES[0].name in error.value.message
    assert f"127.0.0.1:{server.server_port}" in error.value.message
    for way_out in ("by hand", "silhouettes"):
        assert way_out in error.value.hint
    assert missing(tmp_path) == fashion_mnist.FILES


def test_a_killed_fetch_is_no_archive_and_the_next_goes_on(server, mirrors, tmp_path):
    """What a killed process leaves is half of an archive under a name of its own."""
    mirrors(server.at("damaged-first"))
    name = fashion_mnist.FILES[0].name
    place(tmp_path)
    archive = folder(tmp_path) / name
    whole = archive.read_bytes()
    archive.unlink()
    archive.with_name(f".{name}.part").write_bytes(whole[: len(whole) // 2])
    assert missing(tmp_path) == fashion_mnist.FILES[:1]
    assert torch.equal(load("fashion_mnist", root=tmp_path).train.images, IMAGES)
    assert len(list(folder(tmp_path).iterdir())) == len(fashion_mnist.FILES)


def test_a_refused_connection_is_told_by_each_mirror(fakes, mirrors, tmp_path):
    mirrors(refused(), refused())
    with pytest.raises(UnavailableError) as error:
        load("fashion_mnist", root=tmp_path)
    assert error.value.message.count("Connection refused") == 2


def test_a_silent_server_is_given_up_in_the_time_allowed(server, mirrors, tmp_path, monkeypatch):
    monkeypatch.setattr(answer, "CONNECT_SECONDS", 0.2)
    mirrors(server.at("silent"), server.at("good"))
    start = time.perf_counter()
    assert torch.equal(load("fashion_mnist", root=tmp_path).train.images, IMAGES)
    assert time.perf_counter() - start < 2


def test_auto_falls_back_on_the_drawn_set_and_says_why(fakes, mirrors, tmp_path):
    mirrors(refused())
    dataset = load("auto", root=tmp_path, examples=60)
    assert dataset.name == "silhouettes"
    for piece in (str(folder(tmp_path)), "Connection refused", "on the drawn set"):
        assert piece in dataset.note


def test_auto_without_download_asks_nobody(server, mirrors, tmp_path):
    mirrors(server.at("good"))
    dataset = load("auto", root=tmp_path, download=False, examples=60)
    assert dataset.name == "silhouettes"
    assert "not fetched: that was not asked for" in dataset.note
    assert server.asked == []
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_cannot_be_written_is_an_error_or_a_fallback(fakes, mirrors, tmp_path):
    mirrors(refused())
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    with pytest.raises(UnavailableError, match="cannot be fetched into"):
        load("fashion_mnist", root=blocked)
    assert load("auto", root=blocked, examples=6).name == "silhouettes"


def test_load_never_fetches_over_a_damaged_file_but_fetch_does(server, mirrors, tmp_path):
    mirrors(server.at("good"))
    place(tmp_path)
    path = folder(tmp_path) / fashion_mnist.FILES[3].name
    path.write_bytes(b"damaged")
    with pytest.raises(DataError, match="is damaged"):
        load("auto", root=tmp_path)
    assert path.read_bytes() == b"damaged"
    fetch.fetch(tmp_path, [fashion_mnist.FILES[3]])
    assert all(check.ok for check in verify(tmp_path))


def test_examples_keeps_the_first_and_says_so(fakes, tmp_path):
    place(tmp_path)
    whole = load("FashionMNIST", root=tmp_path)
    few = load("fashion-mnist", root=tmp_path, examples=7)
    assert torch.equal(few.train.images, whole.train.images[:7])
    assert torch.equal(few.test.labels, whole.test.labels[:1])
    assert "first 7 training and 1 test images" in few.note


@pytest.mark.parametrize("examples", [0, -1, True, 1.5, "10", 13])
def test_bad_numbers_of_examples(fakes, tmp_path, examples):
    place(tmp_path)
    with pytest.raises(UsageError, match="examples must be"):
        load("auto", root=tmp_path, examples=examples)


@pytest.mark.parametrize("examples", [0, silhouettes.TRAIN + 1])
def test_bad_numbers_of_drawn_examples(examples):
    with pytest.raises(UsageError, match="examples must be"):
        load("silhouettes", examples=examples)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="no data set named 'silhouete'") as error:
        load("silhouete")
    assert "Did you mean silhouettes?" in error.value.message
    assert "auto, fashion_mnist, silhouettes" in error.value.hint


def test_missing_lists_what_is_neither_packed_nor_unpacked(fakes, tmp_path):
    assert missing(tmp_path) == fashion_mnist.FILES
    place(tmp_path, CONTENTS, packed=False)
    assert missing(tmp_path) == ()
