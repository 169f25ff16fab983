"""Which activation trains better: members planned, trained over processes, and what they show."""

from __future__ import annotations

from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.compare.standings import (
    Estimate,
    PairedDifference,
    Rate,
    Reported,
    RunnerUp,
    SeedsNeeded,
    Standing,
    Summary,
)

__all__ = [
    "Arm",
    "Estimate",
    "Member",
    "PairedDifference",
    "Rate",
    "Reading",
    "Reported",
    "Result",
    "RunnerUp",
    "SeedsNeeded",
    "Standing",
    "Summary",
]
