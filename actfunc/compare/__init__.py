"""Which activation trains better: members planned, trained over processes, and what they show."""

from __future__ import annotations

from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.compare.standings import (
    Difference,
    Estimate,
    Rate,
    Reported,
    RunnerUp,
    SeedsNeeded,
    Standing,
    Summary,
)

__all__ = [
    "Arm",
    "Difference",
    "Estimate",
    "Member",
    "Rate",
    "Reading",
    "Reported",
    "Result",
    "RunnerUp",
    "SeedsNeeded",
    "Standing",
    "Summary",
]
