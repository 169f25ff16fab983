"""The arithmetic of a process: how precise its products are, and whether its bits repeat."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from actfunc.errors import UsageError

PRECISIONS = ("float32", "tf32", "bfloat16")


@dataclass(frozen=True)
class Arithmetic:
    """What torch has as a setting of a whole process, so that each process has to adopt it.

    precision:      of matrix products: float32, tf32 (on a GPU), or bfloat16 for all of forward and
                    backward pass. UsageError for any other.
    deterministic:  on a GPU the same bits in every run, and slower.
    """

    precision: str = "float32"
    deterministic: bool = False

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise UsageError(f"precision must be {', '.join(PRECISIONS)}, got {self.precision!r}")

    @property
    def passes(self) -> torch.dtype | None:
        """The dtype of forward and backward pass, None where it is the parameters' own."""
        return torch.bfloat16 if self.precision == "bfloat16" else None

    def adopt(self) -> None:
        """Compute so from here on, in this process."""
        torch.set_float32_matmul_precision("high" if self.precision == "tf32" else "highest")
        if self.deterministic:
            # of cuBLAS, which looks for it when a process first multiplies
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)


FLOAT32 = Arithmetic()
"""What nobody has asked for otherwise."""
