"""Every command and every block of Python in the docs runs, each page in a folder of its own."""

from __future__ import annotations

import gc
import shlex
import warnings

import pytest
import torch

from actfunc.cli import run
from actfunc.data import data_root, fashion_mnist
from tests.docs.pages import PAGES, Block, blocks

# what is found by the lookup of one's own files stays out of the console blocks of other pages
PROGRAMS = (["actfunc"], ["python", "cli.py"])

SLOW = "reproduce"
"""Depends on nothing in a page's folder and takes a while, so each way of it runs once."""

_ran: set[str] = set()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with small data and one epoch."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "ACTFUNC_DATASET": "silhouettes",
        "ACTFUNC_EXAMPLES": "1536",
        "ACTFUNC_EPOCHS": "1",
        "COLUMNS": "100",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("ACTFUNC_RUNS", "ACTFUNC_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page, folder, one_thread, capsys, monkeypatch):
    """In order: files are written, commands typed, Python executed in one namespace."""
    names: dict[str, object] = {"__name__": "__main__"}
    skipped = []
    for block in blocks(page):
        if block.title:
            (folder / block.title).write_text(block.body)
        elif block.kind == "python":
            exec(compile(block.body, f"{page.name}:{block.line}", "exec"), names)
        else:
            skipped += [
                reason for c in block.commands if (reason := type_in(c, block, monkeypatch))
            ]
        capsys.readouterr()
        gc.collect()
    if skipped:
        pytest.skip(f"all else ran; not these: {'; '.join(skipped)}")


def type_in(command: str, block: Block, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Run one command; the reason where it cannot be run here."""
    words = shlex.split(command, comments=True)
    program = next((p for p in PROGRAMS if words[: len(p)] == p), None)
    assert program, f"line {block.line}: only actfunc is typed in a console block, not {command!r}"
    arguments = words[len(program) :]
    if SLOW in arguments:
        if command in _ran:
            return None
        _ran.add(command)
    real = "--pretrained" in arguments or "fashion_mnist" in arguments
    if real and (reason := unavailable("--pretrained" in arguments)):
        return f"{command} ({reason})"
    with monkeypatch.context() as patch, warnings.catch_warnings():
        if "--pretrained" in arguments:
            patch.setenv("ACTFUNC_DATASET", "fashion_mnist")
        code = run(arguments)
    assert code == block.exit, f"line {block.line}: {command} ended with {code}"
    return None


def unavailable(networks: bool) -> str | None:
    """Why FashionMNIST, or the author's networks, cannot be used; None where they are there."""
    root = data_root()
    if fashion_mnist.missing(root):
        return "FashionMNIST is not in ACTFUNC_DATA"
    if networks and not (root / "uva_checkpoints").is_dir():
        return "the author's networks are not in ACTFUNC_DATA"
    return None


def test_blocks_are_found():
    """The pages have commands, so that a change of the fences does not empty the test above."""
    found = {page.name: blocks(page) for page in PAGES}
    commands = {c.split()[1] for page in found.values() for b in page for c in b.commands}
    everything = {
        "reproduce", "list", "show", "plot", "certify", "audit", "data", "train", "evaluate",
        "gradients", "distribution", "dead", "compare", "depth", "signal", "neurons", "curvature",
    }  # fmt: skip
    assert everything <= commands
    assert sum(b.kind == "python" and not b.title for b in found["python.md"]) > 10
    assert torch.get_default_dtype() == torch.float32
