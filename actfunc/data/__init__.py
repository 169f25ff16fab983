"""Data sets, held in memory as uint8 and normalised on the device that computes."""

from __future__ import annotations

from actfunc.data.dataset import CLASSES, Dataset, Examples, normalise, outputs
from actfunc.data.loading import NAMES, load
from actfunc.data.split import Split, split
from actfunc.places import data_root

__all__ = [
    "CLASSES",
    "NAMES",
    "Dataset",
    "Examples",
    "Split",
    "data_root",
    "load",
    "normalise",
    "outputs",
    "split",
]
