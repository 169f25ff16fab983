"""Learning rate schedules as pure functions of the step, and by their names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from actfunc import number
from actfunc.errors import UsageError
from actfunc.makers import Makers

Schedule: TypeAlias = Callable[[Tensor, int], Tensor]
"""schedule(step, total) -> what the base learning rate is multiplied by, for that step.

step: int64 or floating, any shape, counted from 0; total: the steps of the whole run. The result
has the shape of `step` and is float32, or float64 where `step` is.
"""


def constant() -> Schedule:
    """The base learning rate all along."""

    def factor(step: Tensor, total: int) -> Tensor:
        return torch.ones_like(step, dtype=_dtype(step))

    return factor


def cosine(final: float = 0.0) -> Schedule:
    """Half a cosine from 1 at step 0 to `final` at step `total`, the first step not taken.

    As torch.optim.lr_scheduler.CosineAnnealingLR with T_max = total and eta_min = final times the
    base learning rate (Loshchilov & Hutter 2017). After the last step it stays at `final`. Raises
    UsageError for `final` outside [0, 1].
    """
    final = number.real("final", final, "from 0 to 1", lambda found: 0 <= found <= 1)

    def factor(step: Tensor, total: int) -> Tensor:
        left = (total - step).clamp(min=0).to(_dtype(step)) / total
        # ½(1 + cos(π·step/total)), without its cancellation at the end of the run
        return final + (1 - final) * torch.sin(math.pi / 2 * left).square()

    return factor


def warm_up(steps: int, then: Schedule | str = "constant") -> Schedule:
    """Linear from 1/steps at step 0 to 1 at step `steps` - 1; from step `steps` on, `then`.

    `then` (a schedule, or its spec) counts its steps from there and has total - steps in all. As
    torch.optim.lr_scheduler.SequentialLR of LinearLR(start_factor=1/steps, total_iters=steps - 1)
    and `then`, with the milestone at `steps`. Raises UsageError for fewer than one step and, when
    called, for a run that ends before the warm-up does.
    """
    steps = number.whole("steps", steps)
    after = named(then) if isinstance(then, str) else then

    def factor(step: Tensor, total: int) -> Tensor:
        if steps > total:
            raise UsageError(
                f"steps of warm_up must be at most the run's {total}, got {steps}",
                "take a shorter warm-up or more epochs",
            )
        ramp = (step + 1).clamp(max=steps).to(_dtype(step)) / steps
        if steps == total:
            return ramp
        return torch.where(step < steps, ramp, after((step - steps).clamp(min=0), total - steps))

    return factor


SCHEDULES = Makers("schedule", constant, cosine, warm_up)


def named(spec: str) -> Schedule:
    """The schedule of that name and settings: `cosine`, `warm_up:steps=100,then=cosine:final=0.1`.

    Raises UnknownNameError (with the nearest names) or UsageError.
    """
    return SCHEDULES.make(spec)


def canonical(spec: str) -> str:
    """The one spec for a schedule: `warm_up:steps=9` is `warm_up:steps=9,then=constant`.

    Raises as `named` does.
    """
    return SCHEDULES.canonical(spec)


def _dtype(step: Tensor) -> torch.dtype:
    return torch.float64 if step.dtype == torch.float64 else torch.float32
