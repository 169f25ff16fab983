"""What many tests stand on: the real data where it is, small made-up data everywhere."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest
import torch

from actfunc.data import Dataset, Split, fashion_mnist, load, silhouettes, split
from tests import records
from tests.made_up import small_dataset


def _in_full(config: pytest.Config) -> bool:
    """Whether everything is asked for, or a test by its whole name."""
    return config.getoption("full") or any("::" in argument for argument in config.args)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the tests marked `full` as well")


def pytest_configure(config: pytest.Config) -> None:
    """What was proven of a formula is kept for the next run, `--cache-clear` forgets it."""
    records.full = _in_full(config)
    if hasattr(config, "cache"):
        os.environ.setdefault("ACTFUNC_TRUTHS", str(config.cache.mkdir("truths")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without `--full`, what is marked so is left out."""
    if _in_full(config):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Nothing is written to the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_core_each():
    """Beside other test processes one thread each, here and in what is started from here: threads
    that share a core wait for each other far longer than they work."""
    with pytest.MonkeyPatch.context() as patch:
        if "PYTEST_XDIST_WORKER" in os.environ:
            torch.set_num_threads(1)
            patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _drawn_once():
    """So many of the drawn images are the same every time, so they are drawn the first time only.

    The tests of the drawing itself have the function from before.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(silhouettes, "draw", functools.cache(silhouettes.draw))
        yield


@pytest.fixture(autouse=True)
def _same_numbers_every_time():
    """What a test draws without a generator of its own does not depend on who ran before it."""
    torch.manual_seed(0)


@pytest.fixture
def empty_figures(monkeypatch):
    """Figures are written without what is on them, which takes longer to draw than to compute.

    For tests of what else a command does: others draw its figure, and `tests/show` looks at it.
    """
    from actfunc.show import style

    save = style.save

    def saved(made, path):
        made.clear()
        return save(made, path)

    monkeypatch.setattr(style, "save", saved)


@pytest.fixture
def one_thread():
    """One thread: on tensors this small several only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _data_root() -> Path:
    root = os.environ.get("ACTFUNC_DATA")
    if not root:
        pytest.skip("ACTFUNC_DATA, the folder of the real data, is not set")
    return Path(root).expanduser()


@pytest.fixture(scope="session")
def real_data() -> Dataset:
    """FashionMNIST, whole."""
    root = _data_root()
    if fashion_mnist.missing(root):
        pytest.skip(f"FashionMNIST is not in {root}")
    return load("fashion_mnist", root=root, download=False)


@pytest.fixture(scope="session")
def real_split(real_data) -> Split:
    """The tutorial's split of FashionMNIST."""
    return split(real_data)


@pytest.fixture(scope="session")
def checkpoints() -> Path:
    """The folder of the tutorial's six trained networks."""
    folder = _data_root() / "uva_checkpoints"
    if not folder.is_dir():
        pytest.skip(f"the tutorial's checkpoints are not in {folder}")
    return folder


@pytest.fixture(scope="session")
def small_data() -> Dataset:
    """Learnt in a few epochs."""
    return small_dataset()


@pytest.fixture(scope="session")
def small_split(small_data) -> Split:
    """1,000 images to train on, 200 to validate, 200 to test."""
    return split(small_data)
