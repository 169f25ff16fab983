"""How a network is trained, in plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actfunc import number
from actfunc.training import initialisation, optimizer, schedule


@dataclass(frozen=True)
class Settings:
    """How to train; the defaults are the tutorial's. Raises UsageError for what means nothing.

    Numbers are of any kind that is one, and kept as Python's.

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
        right = {
            "learning_rate": number.positive("learning_rate", self.learning_rate),
            "optimizer": optimizer.canonical(self.optimizer),
            "schedule": schedule.canonical(self.schedule),
            "init": initialisation.canonical(self.init),
            "early_stopping": number.flag("early_stopping", self.early_stopping),
            "seed": number.seed(self.seed),
        }
        for name in ("batch_size", "max_epochs", "patience"):
            right[name] = number.whole(name, getattr(self, name))
        for name, value in right.items():
            object.__setattr__(self, name, value)

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
