"""Training as a pure step, repeated: optimisers, the step, and the fit with early stopping."""

from __future__ import annotations

from actfunc.training.evaluate import Accuracy, accuracy, evaluate
from actfunc.training.fit import Epoch, Progress, Settings, fit, start
from actfunc.training.optimizer import Optimizer, adam, adamw, sgd
from actfunc.training.schedule import Schedule, constant, cosine, warm_up
from actfunc.training.step import Metrics, State, make_step

__all__ = [
    "Accuracy",
    "Epoch",
    "Metrics",
    "Optimizer",
    "Progress",
    "Schedule",
    "Settings",
    "State",
    "accuracy",
    "adam",
    "adamw",
    "constant",
    "cosine",
    "evaluate",
    "fit",
    "make_step",
    "sgd",
    "start",
    "warm_up",
]
