"""Every command and every block of Python in the docs runs, each page in a folder of its own."""

from __future__ import annotations

import functools
import gc
import re
import shlex
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
import typer

from actfunc.certify import certificate
from actfunc.cli import app, run
from actfunc.data import data_root, fashion_mnist
from tests.docs.pages import PAGES, Block, blocks, docs_module

COMMANDS = typer.main.get_command(app)
PROGRAMS = (["actfunc"], ["python", "cli.py"])

SLOW = ("reproduce", "compare", "depth", "curvature")
"""Each has tests of its own, takes seconds, and depends on nothing in a page's folder."""


class Command(NamedTuple):
    """A command of a console block: where it stands, its words, and the exit code it ends with."""

    page: str
    line: int
    words: tuple[str, ...]
    exit: int

    @property
    def shows(self) -> set[object]:
        """What it has to show: itself, its options, the page's own functions, how it ends.

        A network that is trained is one for the commands that follow.
        """
        name, *others = self.words
        options = [word for word in others if word.startswith("-")]
        own = [":".join(word.split(":")[:2]) for word in others if ".py:" in word]
        trained = others if name == "train" else []
        return {(name, each) for each in (self.exit, *options, *own, *trained)}

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}: actfunc {shlex.join(self.words)}"


def commands(page: Path) -> Iterator[Command]:
    """Those of a page, in order."""
    for block in blocks(page):
        if block.kind == "console":
            for typed in block.commands:
                words = shlex.split(typed, comments=True)
                program = next((p for p in PROGRAMS if words[: len(p)] == p), None)
                assert program, f"{page.name}: only actfunc is typed, not {typed!r}"
                yield Command(page.name, block.line, tuple(words[len(program) :]), block.exit)


def python(block: Block) -> bool:
    """Whether a block is to be executed; one with a title is a file."""
    return block.kind == "python" and not block.title


@functools.cache
def chosen(full: bool) -> set[Command]:
    """In full all, the slow ones once; else those that show what none before them does."""
    found, shown = set(), set()
    for command in (each for page in PAGES for each in commands(page)):
        if command.words[0] in SLOW:
            shows = {command.words} if full else set()
        else:
            shows = {command} if full else command.shows
        if not shows <= shown:
            found.add(command)
            shown |= shows
    return found


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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The pages on which something is to be run, and what."""
    if "to_run" in metafunc.fixturenames:
        run_at_all = chosen(metafunc.config.getoption("full"))
        found = {page: run_at_all & {*commands(page)} for page in PAGES}
        pages = [p for p in PAGES if found[p] or any(python(b) for b in blocks(p))]
        metafunc.parametrize(
            ("page", "to_run"), [(p, found[p]) for p in pages], ids=[p.name for p in pages]
        )


def test_page(page, to_run, folder, one_thread, capsys, monkeypatch, pytestconfig):
    """In order: files are written, commands typed, Python executed in one namespace.

    In short certificates are of two dtypes where nothing else is asked for.
    """
    if not pytestconfig.getoption("full"):
        monkeypatch.setattr(certificate, "DTYPES", (torch.float32, torch.bfloat16))
    names: dict[str, object] = {"__name__": "__main__"}
    typed = commands(page)
    skipped = []
    for block in blocks(page):
        if block.title:
            (folder / block.title).write_text(block.body)
        elif python(block):
            exec(compile(block.body, f"{page.name}:{block.line}", "exec"), names)
        else:
            for command in (next(typed) for _ in block.commands):
                if command in to_run and (reason := type_in(command, monkeypatch)):
                    skipped.append(f"{command} ({reason})")
        capsys.readouterr()
    gc.collect()  # what was left open is told now, as a warning
    if skipped:
        pytest.skip(f"all else ran; not these: {'; '.join(skipped)}")


def type_in(command: Command, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Run one command; the reason where it cannot be run here."""
    pretrained = "--pretrained" in command.words
    if (pretrained or "fashion_mnist" in command.words) and (reason := unavailable(pretrained)):
        return reason
    with monkeypatch.context() as patch, warnings.catch_warnings():
        if pretrained:
            patch.setenv("ACTFUNC_DATASET", "fashion_mnist")
        code = run(command.words)
    assert code == command.exit, f"{command} ended with {code}"
    return None


def unavailable(networks: bool) -> str | None:
    """Why FashionMNIST, or the author's networks, cannot be used; None where they are there."""
    root = data_root()
    if fashion_mnist.missing(root):
        return "FashionMNIST is not in ACTFUNC_DATA"
    if networks and not (root / "uva_checkpoints").is_dir():
        return "the author's networks are not in ACTFUNC_DATA"
    return None


def mentioned() -> set[str]:
    """Commands in the text and in indented blocks, which only tell what else there is."""
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    inline = re.findall(r"`actfunc ([a-z][^`\n]*)`", text)
    return {*inline, *re.findall(r"^    actfunc ([a-z][^#\n]*)", text, re.M)}


def test_the_words_of_every_command_are_understood():
    """Of those that run in full only, of those that never do, and of what makes the figures."""
    made = docs_module("make_figures")
    figures = [each.format("it.svg") for each in made.FIGURES.values()]
    calls = {*mentioned(), *figures, *made.COMPARISONS.values(), *made.TABLES.values()}
    typed = {command.words for page in PAGES for command in commands(page)}
    problems = {}
    for words in (*typed, *map(shlex.split, calls)):
        try:
            understand(words)
        except Exception as problem:
            problems[shlex.join(words)] = str(problem)
    assert not problems


def understand(words: Sequence[str]) -> None:
    """Raise as the command line does where a command, an option or a value is none of its own."""
    with COMMANDS.make_context("actfunc", [*words]) as context:
        name, found, rest = COMMANDS.resolve_command(context, [*words])
        if rest:  # the bare name is the command's, not a call
            found.make_context(name, rest, parent=context).close()


def test_blocks_are_found():
    """The pages have commands, so that a change of the fences does not empty the tests above."""
    here = {command for page in PAGES for command in commands(page)}
    everything = {
        "reproduce", "list", "show", "plot", "certify", "audit", "data", "train", "evaluate",
        "gradients", "distribution", "dead", "compare", "depth", "signal", "neurons", "curvature",
        "explore",
    }  # fmt: skip
    assert everything <= {command.words[0] for command in here}
    assert everything - {*SLOW} <= {command.words[0] for command in chosen(full=False)}
    assert {command.words for command in chosen(full=True)} == {command.words for command in here}
    assert len(mentioned()) > 20
    [page] = [page for page in PAGES if page.name == "python.md"]
    assert sum(map(python, blocks(page))) > 10
