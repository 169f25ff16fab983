"""Killed at any touch of the disk, training and comparing end in the same files when run again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize(
    ("what", "every", "deaths"),
    [
        ("train", 5, 12),
        pytest.param("train", 1, 56, marks=pytest.mark.full),
        pytest.param("compare", 1, 54, marks=pytest.mark.full),
    ],
)
def test_a_death_at_any_touch_of_the_disk_heals(what, every, deaths, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.deaths", what, str(tmp_path), "--every", str(every)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == f"{deaths} deaths\n", done.stderr
    assert done.returncode == 0


@pytest.mark.full
def test_killed_at_random_moments_every_command_heals():
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills", "--count", "24"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
