"""The record of faults: every one can be planted, and they are spread over the whole package."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter

import pytest

from tests.faults import PACKAGE, ROOT, load

FAULTS = load()


def test_every_fault_can_be_planted_and_changes_what_the_code_does():
    for fault in FAULTS:
        source = (PACKAGE / fault.file).read_text(encoding="utf-8")
        assert fault.fits(PACKAGE), f"{fault.file}: {fault.was}"
        planted = ast.parse(source.replace(fault.was, fault.becomes))
        assert ast.dump(planted) != ast.dump(ast.parse(source)), f"{fault.file}: {fault.was}"
        assert fault.kind, fault.file
        assert fault.effect, fault.file


def test_no_fault_stands_there_twice():
    assert max(Counter((fault.file, fault.becomes) for fault in FAULTS).values()) == 1


def test_there_are_faults_in_every_folder_and_in_most_files():
    files = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")}
    folders = {name.partition("/")[0] for name in files if "/" in name}
    assert folders <= {fault.folder for fault in FAULTS}
    assert len(FAULTS) >= 100
    assert len({fault.kind for fault in FAULTS}) >= 30


def test_the_tests_that_concern_a_fault_begin_with_those_of_its_file():
    [fault, *_] = [fault for fault in FAULTS if fault.file == "storage/files.py"]
    tests = fault.tests(ROOT)
    assert tests[0] == "tests/storage/test_files.py"
    assert len(set(tests)) == len(tests)
    assert all(fault.tests(ROOT) for fault in FAULTS)
    assert not any("tests/test_faults.py" in fault.tests(ROOT) for fault in FAULTS)


@pytest.mark.full
def test_the_command_plants_a_fault_and_tells_what_saw_it():
    before = (PACKAGE / "catalogue/named.py").read_bytes()
    command = [sys.executable, "-m", "tests.faults", "catalogue/named", "--processes", "1"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "catalogue/named.py: spelling no longer accepted: tests/catalogue/test_" in told.stdout
    assert "1 of 1 seen" in told.stdout
    assert (PACKAGE / "catalogue/named.py").read_bytes() == before
