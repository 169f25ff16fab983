"""A few single faults in every kind of file; `python -m tests.damage` does thousands."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.damage import BAD, tried, undamaged
from tests.damage.subjects import subjects

EACH = 5
"""Faults in each kind of file."""


@pytest.mark.usefixtures("one_thread")
def test_no_fault_in_a_file_is_used_without_a_word_or_ends_in_a_traceback(tmp_path):
    checkpoints = Path(os.environ.get("ACTFUNC_DATA", "")) / "uva_checkpoints"
    made = subjects(tmp_path, checkpoints if checkpoints.is_dir() else None)
    found = []
    for subject in made:
        drawn, right = random.Random(subject.name), undamaged(subject, tmp_path / "work")
        found += [tried(subject, right, drawn, tmp_path / "work") for _ in range(EACH)]
    assert [one for one in found if one.outcome in BAD] == []
    counts = Counter(one.outcome for one in found)
    assert min(counts["refused"], counts["unread or healed"]) > len(made)
