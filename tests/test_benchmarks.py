"""The arithmetic of the benchmarks, and the tables that the docs make of their results."""

from __future__ import annotations

import importlib
import json
import re
import sys

import pytest
import torch

from tests.docs.pages import ROOT, docs_module


@pytest.fixture(scope="module")
def contest():
    """benchmarks/contest.py."""
    pytest.importorskip("cpuinfo", reason="py-cpuinfo is not installed: -e '.[benchmarks]'")
    folder = str(ROOT / "benchmarks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [folder, *sys.path])
        yield importlib.import_module("contest")


def test_a_slow_round_is_slow_for_both(contest):
    base, other = [1.0, 10.0, 1.0, 1.0, 10.0], [2.0, 20.0, 2.0, 20.0, 20.0]
    by_round, of_medians = contest.ratio(other, base)
    assert (by_round, of_medians) == (2.0, 20.0)


def test_members_share_the_time(contest):
    timed = contest.Timed(
        {"one": 3.0, "four": 5.0}, {}, {"one": [1.0, 2.0, 3.0], "four": [4.0, 4.0, 12.0]}
    )
    found = contest.summary(timed, faster_than=["one"], times_of=["one"], per={"four": 4})
    four = found["four"]
    assert (four["members"], four["median_seconds"], four["slowest_seconds"]) == (4, 1.0, 3.0)
    assert four["first_run_seconds"] == 5.0
    assert four["faster_than"]["one"] == {"by_round": 1.0, "of_medians": 2.0}
    assert four["times_of"]["one"] == {"by_round": 1.0, "of_medians": 0.5}


def test_all_take_their_turns_in_changing_order(contest):
    calls = []
    contenders = {name: lambda name=name: calls.append(name) or name * 2 for name in "ab"}
    timed = contest.contest(contenders, rounds=3, device=torch.device("cpu"))
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert timed.gave == {"a": "aa", "b": "bb"}
    assert [len(runs) for runs in timed.seconds.values()] == [3, 3]


def test_what_was_measured_elsewhere_is_kept_beside(contest, tmp_path, monkeypatch):
    """One brand is sold with and without AVX-512, and they multiply in different ways."""
    monkeypatch.setattr(contest, "RESULTS", tmp_path)
    # it measures the clock for a second each time
    monkeypatch.setattr(contest.cpuinfo, "get_cpu_info", lambda: {"brand_raw": "One Brand"})
    for capability in ("AVX2", "AVX512", "AVX2"):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda name=capability: name)
        file = contest.write({"title": "step relu", "rows": []}, torch.device("cpu"))
        document = json.loads(file.read_text("utf-8"))
        assert document["processor"].endswith(f" with {capability}")
        assert document["made_by"]["torch"] == torch.__version__
    assert len(list(tmp_path.glob("step-relu-*-with-*.json"))) == 2


def test_the_intervals_that_were_simulated_hold_what_they_say():
    """As kept: nothing off, every share in the table of the page, and the rows that were drawn."""
    measured = docs_module("measured")
    [document] = measured.documents("intervals")
    assert document["off"] == []
    assert document["draws"] >= 4000
    table = docs_module("parts").expanded("<!-- benchmark intervals -->")
    rows = [line.split(" | ") for line in table.splitlines()[4:]]
    assert len(rows) == len(document["rows"])
    for cells, row in zip(rows, document["rows"], strict=True):
        assert cells[0] == f"| {row['what']}"
        shares = [float(cell.strip(" |")) / 100 for cell in cells[2:]]
        assert shares == pytest.approx(row["shares"], abs=6e-4)
        what, normal = row["what"], row["values"].startswith("normal")
        if what.startswith("not taken"):
            assert shares[-1] < 0.9
            continue
        low, high = (0.94, 0.965) if normal and what != "seeds needed" else (0.92, 1.0)
        if what.startswith("any of"):
            low, high = 0.0, 0.05
        # from ten seeds on, normal values at any number; two standard errors
        asked = shares if normal else shares[3:]
        assert all(low - 0.008 <= each <= high + 0.007 for each in asked)
    assert "<!-- benchmark intervals -->" in (ROOT / "docs/compare.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("kind", "rows"), [("theory", "activations"), ("curvature", "networks"), ("memory", "rows")]
)
def test_what_is_no_contest_is_in_the_docs_row_by_row(kind, rows):
    text = docs_module("parts").expanded(f"<!-- benchmark {kind} -->")
    measured = docs_module("measured")
    [document] = measured.documents(kind)
    names = [row if isinstance(row, str) else str(row["members"]) for row in document[rows]]
    assert [
        re.match(r"\| (\S+) \|", line)[1] for line in text.splitlines()[4:][: len(names)]
    ] == names
    columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(columns) == 1
    assert f"<!-- benchmark {kind} -->" in (ROOT / "docs/benchmarks.md").read_text("utf-8")


def test_theory_held_for_ten_and_more():
    """What the docs say: within three standard errors in every layer, within a tenth on average."""
    [document] = docs_module("measured").documents("theory")
    held = [
        name
        for name, row in document["activations"].items()
        if all(
            row[part]["errors_at_most"][0] <= 3 and row[part]["off_on_average"] <= 0.1
            for part in ("variance", "gradient")
        )
    ]
    assert len(held) >= 10
    assert (document["width"], document["depth"], document["networks"]) == (1024, 30, 10)


def test_the_dense_searches_that_are_kept_found_none_beyond_a_bound():
    found = docs_module("measured").documents("search")
    assert found
    assert [one["beyond"] for one in found] == [[]] * len(found)
    assert max(one["evaluated"] for one in found) >= 1e9
    assert max(one["proven"] for one in found) >= 5e6


@pytest.mark.parametrize("kind", ["epoch", "step", "per-example", "private"])
def test_every_contender_is_in_the_docs(kind):
    measured = docs_module("measured")
    text = docs_module("parts").expanded(f"before\n\n<!-- benchmark {kind} -->\n\nafter")
    assert measured.results(kind)
    for document in measured.results(kind):
        for name, row in document["contenders"].items():
            assert f"{name} | {row['median_seconds']:.3g} |" in text
        assert document["processor"] in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(columns) == 1
    assert f"<!-- benchmark {kind} -->" in (ROOT / "docs/benchmarks.md").read_text("utf-8")


@pytest.fixture
def gpu(contest):
    """benchmarks/gpu.py, which needs none for a little of its work."""
    return importlib.import_module("gpu")


def test_trees_of_torch_make_the_same_epoch(contest, one_thread):
    """So what takes longer does no other work."""
    private = importlib.import_module("private")
    losses = [private.epochs(way, 2, compiling=False)() for way in private.EAGER.values()]
    assert losses[0] == losses[1]


@pytest.mark.full
def test_networks_side_by_side_are_timed_after_their_first_epoch(gpu, small_split, one_thread):
    found = gpu.sixty(
        small_split, activations=("relu", "gelu"), seeds=2, epochs=3, hidden=(16,), compiling=False
    )
    assert (found["networks"], found["epochs"]) == (4, 3)
    assert found["as_many_epochs_seconds"] == pytest.approx(1.5 * found["other_epochs_seconds"])
    assert list(found["mean_validation_accuracy"]) == ["relu", "gelu"]
    assert all(0.1 < score < 1 for score in found["mean_validation_accuracy"].values())


def test_a_part_of_all_float32_is_judged(gpu, monkeypatch, one_thread):
    monkeypatch.setattr(gpu.exhaustive, "BLOCK", 2**16)
    found = gpu.every_float32("gelu", torch.device("cpu"), blocks=2)
    assert found["held"]
    assert found["blocks"] == 2
    assert found["seconds"] > 0
    assert 0 < found["worst"][2] <= 8


def test_what_was_not_measured_yet_is_said_and_what_was_is_in_the_table():
    measured = docs_module("measured")
    assert measured.tables("nothing of that name") == "*Not measured yet.*"
    networks = {
        "networks": 60,
        "epochs": 30,
        "first_epoch_seconds": 90.0,
        "as_many_epochs_seconds": 8.25,
    }
    text = measured._gpu(
        {
            "functions": {"gelu": {"seconds": 2.5, "held": True}},
            "networks": {"tf32": networks},
            "processor": "a CPU",
            "made_by": {"device": "a GPU", "torch": "2.11.0+cu130", "time": "2026-11-28T10:00"},
        }
    )
    assert text.startswith("a CPU, a GPU, torch 2.11.0; 2026-11-28\n")
    assert "| every float32 of gelu, three orders | 2.5 | within the bounds |" in text
    assert "| 60 networks, 30 epochs, tf32 | 8.2 | after a first epoch of 90.0 s |" in text


@pytest.fixture
def on_gpu(contest):
    """benchmarks/on_gpu.py, whose steps need a GPU, and whose way with them does not."""
    return importlib.import_module("on_gpu")


def test_a_step_that_fails_or_takes_too_long_costs_only_itself(on_gpu, tmp_path, capsys):
    sleeps = "import subprocess; subprocess.run(['sleep', '60'])"
    steps = [
        on_gpu.Step("too long", 1, ["-c", sleeps]),
        on_gpu.Step("fails", 20, ["-c", "print('so far'); raise SystemExit(3)"]),
        on_gpu.Step("is told where", 20, ["-c", "import sys; print(sys.argv[1])", "{out}/x"]),
    ]
    found = on_gpu.run(steps, tmp_path / "kept")
    assert [one["code"] for one in found] == [None, 3, 0]
    assert found[0]["seconds"] < 10
    lines = (tmp_path / "kept/steps.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == found
    assert (tmp_path / "kept/fails.log").read_text("utf-8") == "so far\n"
    assert (tmp_path / "kept/is-told-where.log").read_text("utf-8") == f"{tmp_path}/kept/x\n"
    assert "too long: took too long" in capsys.readouterr().out


def test_the_steps_fit_into_a_quarter_of_an_hour(on_gpu):
    assert sum(step.seconds for step in on_gpu.STEPS) <= 15 * 60
    assert len({step.name for step in on_gpu.STEPS}) == len(on_gpu.STEPS)
    for step in on_gpu.STEPS:
        if not step.command[0].startswith("-"):
            assert (ROOT / step.command[0]).is_file()
