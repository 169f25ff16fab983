"""What is kept on disk: run folders, the tutorial's checkpoints, and what made a result."""

from __future__ import annotations

from actfunc.storage.provenance import describe, provenance
from actfunc.storage.run_folder import RunFolder
from actfunc.storage.working_set import HIDDEN, WorkingSet, prepare

__all__ = ["HIDDEN", "RunFolder", "WorkingSet", "describe", "prepare", "provenance"]
