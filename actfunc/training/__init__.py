"""Training as a pure step, repeated: optimisers, the step, and the fit with early stopping."""

from __future__ import annotations

from actfunc.training.fit import Epoch, Progress, Settings, accuracy, fit, start
from actfunc.training.optimizer import Optimizer, sgd
from actfunc.training.step import Metrics, State, make_step

__all__ = [
    "Epoch",
    "Metrics",
    "Optimizer",
    "Progress",
    "Settings",
    "State",
    "accuracy",
    "fit",
    "make_step",
    "sgd",
    "start",
]
