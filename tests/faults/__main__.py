"""Plants the faults one by one in a copy, runs the tests that concern each, tells what saw it.

    python -m tests.faults                            # all, one a core: an hour
    python -m tests.faults certify "wrong sign"       # whose file or kind has one of these words
    python -m tests.faults --checkout CHECKOUT        # what another checkout's tests would see
    python -m tests.faults --out benchmarks/results/faults-here.json      # kept for the docs

Ends with 1 where a fault is seen by nothing and has no reason beside it. Each process is forked
from one that has loaded torch, and runs the tests until the first that fails. Which one that was is
known from the file of `--out`, if it is there: such a test is asked first.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults import ROOT, Fault, load

LONGEST = 900
"""Seconds after which the tests of a fault are stopped: what hangs is seen as well."""

CARRIED = ("tests", "docs", "benchmarks", "README.md", "cli.py", "pyproject.toml")


class Seen(NamedTuple):
    """What came of a fault: the first test that failed, or nothing, and the seconds it took.

    Without a fault all tests are only collected: what fails there would be taken for a sight.
    """

    fault: Fault | None
    by: str
    seconds: float


class _First:
    """A plugin of pytest that keeps the first test or module that fails."""

    def __init__(self) -> None:
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


def main() -> int:
    """Plant what is asked for and print a line a fault."""
    asked = _arguments()
    chosen = [
        fault
        for fault in load()
        if not asked.words or any(word in f"{fault.file} {fault.kind}" for word in asked.words)
    ]
    faults = [fault for fault in chosen if fault.fits(asked.checkout / "actfunc")]
    last = _seen_last(asked.out)
    if len(faults) < len(chosen):
        print(f"{len(chosen) - len(faults)} do not fit that checkout")
    _load_what_tests_load()
    found = []
    for seen in _all_of([None, *faults], last, asked):
        outcome = seen.by or "NOT SEEN"
        if seen.fault is not None:
            found.append(seen)
            words = f"{seen.fault.file}: {seen.fault.kind}"
            print(f"{words}: {outcome} ({seen.seconds:.0f} s)", flush=True)
        elif seen.by:
            print(f"without any fault: {outcome}")
            return 2
    if asked.out:
        _write(asked.out, found, asked.checkout)
    missed = [seen.fault for seen in found if seen.fault and not seen.by]
    print(f"\n{len(found) - len(missed)} of {len(found)} seen")
    for folder, count in sorted(Counter(fault.folder or "." for fault in missed).items()):
        print(f"  not seen in {folder}: {count}")
    for fault in missed:
        print(f"  {fault.file}: {fault.effect} {fault.survives or 'NO REASON GIVEN'}")
    return int(any(not fault.survives for fault in missed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m tests.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", help="words of the file's name or of the kind")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="whose package and tests")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="a JSON file to write what was found to, as it is")
    parser.add_argument("--limit", type=int, default=LONGEST, help="seconds for a fault's tests")
    parser.add_argument("--pytest", default="", help="further arguments of pytest, as one text")
    return parser.parse_args()


def _seen_last(path: Path | None) -> dict[tuple[str, str], str]:
    """Which test saw a fault, known by its file and effect, when the file was written."""
    if path is None or not path.exists():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))["faults"]
    return {(row["file"], row["effect"]): row["by"] for row in rows if "::" in row["by"]}


def _write(path: Path, found: list[Seen], checkout: Path) -> None:
    # not before the last process is forked, which is to load the copy's package and no other
    import torch

    from actfunc.storage import provenance

    head = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    told = subprocess.run(head, capture_output=True, text=True, check=False)
    told_of = "file", "kind", "effect", "survives"
    rows = [
        {key: getattr(one.fault, key) for key in told_of}
        | {"by": one.by, "seconds": round(one.seconds, 1)}
        for one in found
    ]
    rows.sort(key=lambda row: (row["file"], row["effect"]))
    document = {
        "title": "faults",
        "commit": told.stdout.strip(),
        "faults": rows,
        "made_by": provenance(torch.device("cpu")),
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _first_failure(arguments: list[str]) -> str:
    """Run pytest, and give the name of what failed first, or nothing."""
    first = _First()
    pytest.main(arguments, plugins=[first])
    return first.failed


def _load_what_tests_load() -> None:
    """Third parties only, before any process is forked; what they start no thread for."""
    import matplotlib.figure  # noqa: F401
    import scipy.stats  # noqa: F401
    import sympy  # noqa: F401
    import torch  # noqa: F401
    import torchvision  # noqa: F401


def _all_of(
    faults: list[Fault | None], last: dict[tuple[str, str], str], asked: argparse.Namespace
) -> Iterator[Seen]:
    """The faults in turn, so many at once, as they are done."""
    waiting, running = list(faults), dict[int, tuple[Fault | None, Path, float]]()
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < asked.processes:
                fault, copy = waiting.pop(0), Path(tempfile.mkdtemp(dir=folder))
                first = last.get((fault.file, fault.effect), "") if fault else ""
                child = _start(fault, first, asked.checkout.resolve(), copy, asked.pytest)
                running[child] = fault, copy, time.monotonic()
            time.sleep(0.05)
            for child, (fault, copy, start) in list(running.items()):
                late = time.monotonic() - start > asked.limit
                if late:
                    os.killpg(child, 9)
                if os.waitpid(child, 0 if late else os.WNOHANG)[0]:
                    del running[child]
                    told = copy / "failed"
                    by = told.read_text() if told.exists() else "a crash"
                    by = "the time limit" if late else by
                    if by == "a crash" or (by and fault is None):
                        print((copy / "output").read_text()[-3000:])
                    yield Seen(fault, by, time.monotonic() - start)
                    shutil.rmtree(copy)


def _start(fault: Fault | None, likely: str, checkout: Path, copy: Path, further: str) -> int:
    """A process that runs the tests of one fault in a copy; it writes what failed beside it.

    likely: the test that is asked before all others, if there is one.
    """
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(checkout / "actfunc", copy / "actfunc", ignore=ignored)
    for name in CARRIED:
        source = checkout / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignored)
        elif source.exists():
            shutil.copy(source, copy / name)
    tests = ["--collect-only", "tests"]
    if fault is not None:
        fault.plant(copy / "actfunc")
        tests = fault.tests(copy)
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    status = 70
    try:
        os.chdir(copy)
        out = os.open(copy / "output", os.O_CREAT | os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        os.environ |= {
            "PYTHONPATH": str(copy),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_XDIST_WORKER": "faults",  # one thread each
        }
        for name in [each for each in sys.modules if each.split(".")[0] in ("tests", "actfunc")]:
            del sys.modules[name]
        kept = f"cache_dir={ROOT / '.pytest_cache' / 'faults'}"  # truths of formulas, by digest
        options = ["-x", "-q", "-o", kept, "-o", "addopts=", *further.split()]
        options += ["--rootdir", str(copy)]
        told = copy / "failed"
        for some in ([likely], tests) if likely else (tests,):
            told.unlink(missing_ok=True)
            if not os.fork():  # the package can be loaded once a process
                told.write_text(_first_failure([*options, *some]))
                os._exit(0)
            os.wait()
            if not told.exists() or told.read_text():
                break
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
