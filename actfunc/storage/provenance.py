"""What made a result: versions, device, command and time, to be kept beside every number."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

import actfunc


def provenance(device: torch.device) -> dict[str, Any]:
    """The circumstances of a computation on `device`, as plain JSON values."""
    return {
        "actfunc": actfunc.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "device": describe(device),
        "command": shlex.join([*_program(), *sys.argv[1:]]),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _program() -> list[str]:
    *_, outer, inner, name = ("", "", *Path(sys.argv[0]).parts)
    if name != "__main__.py":
        return [name]
    return [inner] if inner == "actfunc" else ["python", "-m", f"{outer}.{inner}"]


def describe(device: torch.device) -> str:
    """The device in words: `cpu, 2 threads` or the GPU's name."""
    if device.type == "cuda":
        return f"cuda, {torch.cuda.get_device_name(device)}"
    threads = torch.get_num_threads()
    return f"cpu, {threads} thread{'s' * (threads > 1)} of {os.cpu_count()}"
