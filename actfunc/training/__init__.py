"""Training as a pure step, repeated: optimisers, the step, many members at once, and the fit."""

from __future__ import annotations

from actfunc.training.evaluate import Accuracy, accuracy, evaluate
from actfunc.training.fit import fit, start
from actfunc.training.losses import Loss
from actfunc.training.members import Epoch, Progress, Start, train_members
from actfunc.training.objective import Objective
from actfunc.training.optimizer import Optimizer, adam, adamw, sgd
from actfunc.training.order import batch_order
from actfunc.training.program import Program
from actfunc.training.schedule import Schedule, constant, cosine, warm_up
from actfunc.training.settings import Settings
from actfunc.training.step import Metrics, State, loss_of, make_step, step_of

__all__ = [
    "Accuracy",
    "Epoch",
    "Loss",
    "Metrics",
    "Objective",
    "Optimizer",
    "Program",
    "Progress",
    "Schedule",
    "Settings",
    "Start",
    "State",
    "accuracy",
    "adam",
    "adamw",
    "batch_order",
    "constant",
    "cosine",
    "evaluate",
    "fit",
    "loss_of",
    "make_step",
    "sgd",
    "start",
    "step_of",
    "train_members",
    "warm_up",
]
