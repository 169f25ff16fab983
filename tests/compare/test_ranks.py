"""A comparison that torchrun started: what one process gives, and what to do when one has died."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
import torch
from torch import distributed

from actfunc.cli import run
from actfunc.cli.comparison_options import own_gpu
from actfunc.compare.ranks import HINT, Ranks, joined
from actfunc.errors import ActfuncError, UsageError
from tests.compare.commands import (
    NOISE,
    SMALL,
    TORCHRUN,
    WATCHED,
    ended,
    eventually,
    family,
    rows,
    started,
    trained,
)

COMPARE = ("compare", "tanh", "relu", "--at-a-time", "1", "--processes", "1", *SMALL)
SHORT = (*COMPARE, "--seeds", "3", "--epochs", "2", "--eager")
LONG = (*COMPARE, "--seeds", "5", "--epochs", "40", "--eager")

pytestmark = WATCHED

EACH_ITS_OWN = """
import os, sys
from actfunc.cli import main
os.environ["ACTFUNC_RUNS"] += "/rank" + os.environ["RANK"]
sys.argv[0] = "actfunc"
main()
"""
"""As on two machines: a folder of its own for every rank."""


def test_alone_where_torchrun_did_not_start_it(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    before = signal.getsignal(signal.SIGTERM)
    with joined() as ranks:
        assert ranks == Ranks(0, 1, 0, 1)
        assert ranks.first
        assert ranks.gather("mine") == ["mine"]
    assert signal.getsignal(signal.SIGTERM) is before
    assert not Ranks(1, 2).first


def test_told_to_end_while_compiling_it_says_so(monkeypatch):
    """The compiler wraps every Exception that passes through it in one of its own."""

    def backend(graph, inputs):
        os.kill(os.getpid(), signal.SIGTERM)
        return graph.forward

    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(distributed, "init_process_group", lambda *_, **__: None)
    before = signal.getsignal(signal.SIGTERM)

    def compile_in_a_rank():
        with joined() as ranks:
            assert ranks == Ranks(1, 2, 0, 1)
            torch.compile(lambda x: x + 1, backend=backend)(torch.ones(2))

    with pytest.raises(ActfuncError, match="told to end") as told:
        compile_in_a_rank()
    assert told.value.hint == HINT
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("device", "gpus", "ranks", "wanted"),
    [
        ("auto", 2, Ranks(1, 2, 1, 2), "cuda:1"),
        ("cuda", 4, Ranks(3, 6, 1, 2), "cuda:1"),
        ("cpu", 2, Ranks(1, 2, 1, 2), "cpu"),
        ("auto", 0, Ranks(1, 2, 1, 2), "auto"),
        ("cuda:1", 2, Ranks(), "cuda:1"),
        ("cuda:1", 2, Ranks(1, 2, 0, 1), "cuda:1"),  # one on each of two machines
        ("auto", 1, Ranks(1, 2, 1, 2), "2 processes of this machine want a GPU each, and it has 1"),
        ("cuda", 0, Ranks(0, 2, 0, 2), "2 processes of this machine want a GPU each, and it has 0"),
        ("cuda:1", 2, Ranks(0, 2, 0, 2), "--device cuda:1 is one GPU, and 2 processes"),
    ],
)
def test_each_process_of_a_machine_has_a_gpu_of_its_own(monkeypatch, device, gpus, ranks, wanted):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    if " " not in wanted:
        assert own_gpu(device, ranks) == wanted
        return
    with pytest.raises(UsageError) as told:
        own_gpu(device, ranks)
    assert told.value.message.startswith(wanted)
    assert ("--nproc-per-node 1" in told.value.hint) == (gpus == 1)


def test_processes_talk_over_the_cpu_whatever_there_is(monkeypatch):
    asked = []
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(distributed, "init_process_group", lambda *given, **_: asked.append(given))
    monkeypatch.setattr(distributed, "destroy_process_group", lambda: None)
    with joined():
        assert asked == [("gloo",)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> list[str]:
    """The table of one process."""
    runs = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTFUNC_DATASET", "silhouettes")
        assert run([*SHORT, "--out", str(runs)]) == 0
    return rows(runs)


def test_two_ranks_give_what_one_process_gives(alone, tmp_path):
    with started([*TORCHRUN, "-m", "actfunc", *SHORT], tmp_path) as process:
        done = ended(process)
    assert done.code == 0, done.err
    assert rows(tmp_path) == alone
    # one of them speaks for both
    assert done.out.count("2 networks × 3 seeds") == 1
    assert "6 to train · 2 processes" in done.out
    assert not [noise for noise in NOISE if noise in done.err], done.err


@pytest.mark.full
def test_ranks_without_a_common_disk_have_all_results_each(alone, tmp_path):
    script = tmp_path / "own.py"
    script.write_text(EACH_ITS_OWN)
    with started([*TORCHRUN, str(script), *SHORT], tmp_path) as process:
        done = ended(process)
    assert done.code == 0, done.err
    assert rows(tmp_path / "rank0") == alone
    assert trained(tmp_path / "rank0") == trained(tmp_path / "rank1") == 6
    assert not [*tmp_path.glob("rank1/*/results.csv")]


@pytest.mark.full
@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_is_killed_ends_the_run_and_it_goes_on(tmp_path, rank):
    with started([*TORCHRUN, "-m", "actfunc", *LONG], tmp_path / "cut") as process:
        assert eventually(lambda: trained(tmp_path / "cut") >= 2)
        os.kill(ranks_of(tmp_path / "cut")[rank], signal.SIGKILL)
        done = ended(process)
        assert done.code != 0
        assert "another process of the run has" in done.err
        assert HINT in done.err, done.err
        assert eventually(lambda: not family(tmp_path / "cut"))
    before = trained(tmp_path / "cut")
    assert before < 10
    with started(["-m", "actfunc", *LONG], tmp_path / "cut") as process:
        done = ended(process)
        assert done.code == 0, done.err
    assert f"{10 - before} to train · {before} trained before" in done.out
    assert done.err.count("40 epochs") == 10 - before
    with started(["-m", "actfunc", *LONG], tmp_path / "whole") as process:
        assert ended(process).code == 0
    assert rows(tmp_path / "cut") == rows(tmp_path / "whole")


def ranks_of(runs: Path) -> list[int]:
    """The processes that torchrun started, in their order."""
    found = {}
    for pid in family(runs):
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        found |= {int(entry[5:]): pid for entry in told if entry.startswith(b"RANK=")}
    return [found[rank] for rank in sorted(found)]


@pytest.mark.full
def test_what_one_rank_cannot_use_ends_them_all(tmp_path):
    with started(["-m", "actfunc", *SHORT, "--name", "one"], tmp_path) as process:
        assert ended(process).code == 0
    other = (*SHORT, "--name", "one", "--patience", "3")
    with started([*TORCHRUN, "-m", "actfunc", *other], tmp_path) as process:
        done = ended(process)
    assert done.code != 0
    assert "holds members trained otherwise: patience 7, asked for 3" in done.err


@pytest.mark.full
def test_ranks_that_have_only_just_begun_end_with_torchrun(tmp_path):
    with started([*TORCHRUN, "-m", "actfunc", *LONG], tmp_path) as process:
        assert eventually(lambda: len(ranks_of(tmp_path)) == 2)
        time.sleep(0.5)  # they are importing torch
        process.kill()
        assert eventually(lambda: not family(tmp_path))


@pytest.mark.full
def test_ranks_end_with_torchrun_and_the_next_start_goes_on(tmp_path, monkeypatch):
    """Killed, torchrun can end nobody, and they would wait for its store for ever."""
    with started([*TORCHRUN, "-m", "actfunc", *LONG], tmp_path) as process:
        assert eventually(lambda: trained(tmp_path) >= 1)
        process.kill()
        assert eventually(lambda: not family(tmp_path))
    before = trained(tmp_path)
    monkeypatch.setenv("ACTFUNC_DATASET", "silhouettes")
    assert run([*LONG, "--out", str(tmp_path)]) == 0
    assert trained(tmp_path) == 10 > before
