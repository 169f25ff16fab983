"""What made a result: enough to make it again."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime

import pytest
import torch

from actfunc.storage import provenance
from actfunc.storage.provenance import describe

CPU = torch.device("cpu")
WORDS = ["certify", "my folder/own.py:f", "--formula", "1 / (1 + exp(-x))", "it's", ""]


@pytest.mark.parametrize(
    ("program", "called"),
    [
        ("bin/actfunc", "actfunc"),
        ("actfunc/__main__.py", "actfunc"),
        ("tests/faults/__main__.py", "python -m tests.faults"),
        ("./cli.py", "cli.py"),
    ],
)
def test_the_command_can_be_typed_again(monkeypatch, program, called):
    monkeypatch.setattr(sys, "argv", [program, *WORDS])
    assert shlex.split(provenance(CPU)["command"]) == [*called.split(), *WORDS]


def test_versions_device_and_time_are_told_as_json():
    told = json.loads(json.dumps(provenance(CPU)))
    assert told["torch"] == torch.__version__
    assert told["python"].split(".")[:2] == [str(part) for part in sys.version_info[:2]]
    assert told["device"] == describe(CPU)
    age = datetime.now(UTC) - datetime.fromisoformat(told["time"])
    assert -1 <= age.total_seconds() < 60


def test_a_cpu_is_told_with_its_threads(one_thread):
    assert describe(CPU).startswith("cpu, 1 thread of ")
    torch.set_num_threads(2)
    assert describe(CPU).startswith("cpu, 2 threads of ")
