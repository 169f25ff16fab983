"""What the options of `actfunc compare` ask for: activations, seeds, rates, of torch and a GPU."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actfunc.errors import UsageError

if TYPE_CHECKING:
    import torch

PRECISIONS = ("float32", "tf32", "bfloat16")


def listed(text: str) -> list[str]:
    """`relu, elu:alpha=1,swish` as three: a comma inside a spec is followed by `name=`."""
    return [one for one in re.split(r"\s+|,(?![^,:]*=)", text) if one]


def seed_list(text: str) -> tuple[int, ...]:
    """`10` as the first ten from 0, `3,5,8` as these; UsageError for anything else."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and "," not in text and numbers[0] > 0:
        return tuple(range(numbers[0]))
    if not numbers or min(numbers) < 0 or ("," not in text):
        raise UsageError(
            f"seeds must be how many, or a list of whole numbers, got {text!r}",
            "for example --seeds 10, or --seeds 3,5,8",
        )
    return tuple(dict.fromkeys(numbers))


def rate_list(text: str) -> tuple[float, ...]:
    """`0.1,0.01` as numbers, the smallest first; UsageError where one is not above 0."""
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        rates = []
    if not rates or not all(0 < rate < float("inf") for rate in rates):
        raise UsageError(
            f"learning_rates must be numbers above 0, got {text!r}",
            "for example --learning-rates 0.01,0.03,0.1",
        )
    return tuple(sorted(dict.fromkeys(rates)))


def init_list(texts: Sequence[str]) -> tuple[str, ...]:
    """Ways to draw the weights, each in its one spec, `recommended` as it is."""
    from actfunc.analysis.gain import canonical_init

    return tuple(dict.fromkeys(map(canonical_init, texts)))


def precise(precision: str, deterministic: bool) -> torch.dtype | None:
    """Set what torch is asked for, and give the dtype of the passes where it is not float32.

    UsageError where the precision is none of PRECISIONS.
    """
    import os

    import torch

    if precision not in PRECISIONS:
        raise UsageError(f"precision must be {', '.join(PRECISIONS)}, got {precision!r}")
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    return torch.bfloat16 if precision == "bfloat16" else None


def own_gpu(device: str, local: int) -> str:
    """The GPU of this process among those of its machine, by its number there; else `device`."""
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        return device
    torch.cuda.set_device(local)
    return f"cuda:{local}"
