"""How a network is trained, in plain values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from actfunc.errors import UsageError
from actfunc.training import initialisation, optimizer, schedule


@dataclass(frozen=True)
class Settings:
    """How to train; the defaults are the tutorial's.

    optimizer, schedule: specs, `adamw:weight_decay=0.1`, `warm_up:steps=195,then=cosine`.
    init:                a spec, `linear` or `gaussian:gain=1.41,bias=0`.
    patience:            epochs without a better validation accuracy after which training stops.
    early_stopping:      False trains all the epochs; where it would have stopped is known still.
    """

    learning_rate: float = 0.01
    optimizer: str = "sgd"
    schedule: str = "constant"
    init: str = "linear"
    batch_size: int = 256
    max_epochs: int = 50
    patience: int = 7
    early_stopping: bool = True
    seed: int = 42

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name in ("optimizer", "schedule", "init", "early_stopping"):
                continue
            kinds = (int, float) if name == "learning_rate" else (int,)
            may_be_0 = name == "seed"
            fits = isinstance(value, kinds) and math.isfinite(value)
            if not fits or value < 0 or (value == 0 and not may_be_0):
                what = "a number" if float in kinds else "a whole number"
                above = "0 or more" if may_be_0 else "above 0"
                raise UsageError(f"{name} must be {what}, {above}, got {value!r}")
        object.__setattr__(self, "optimizer", optimizer.canonical(self.optimizer))
        object.__setattr__(self, "schedule", schedule.canonical(self.schedule))
        object.__setattr__(self, "init", initialisation.canonical(self.init))

    def finished(self, validation: Sequence[float]) -> bool:
        """Whether the last epoch is reached, or the patience at its end where that counts."""
        if len(validation) >= self.max_epochs:
            return True
        return self.early_stopping and self.stops_after(validation) is not None

    def stops_after(self, validation: Sequence[float]) -> int | None:
        """After how many epochs the patience is at its end, from their validation accuracies."""
        best = 0
        for done, score in enumerate(validation, start=1):
            if best == 0 or score > validation[best - 1]:
                best = done
            elif done - best >= self.patience:
                return done
        return None
