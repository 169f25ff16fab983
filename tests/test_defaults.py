"""Whatever torch makes a new tensor by default, and where, is nothing to the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import torch

from tests.entry_points import figures


def test_other_defaults_of_torch_change_no_bit(monkeypatch):
    """On `meta`, where every tensor that nobody placed would be one without numbers."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    command = [sys.executable, "-W", "ignore", "-m", "tests.entry_points", "meta"]
    told = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ}
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert json.loads(told.stdout) == figures()
    finally:
        torch.set_num_threads(threads)
