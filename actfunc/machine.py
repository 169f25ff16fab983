"""What of this machine a computation may use: cores, and torch's threads on them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def available_cores() -> int:
    """Cores that this process may use; all there are where the system does not say."""
    if hasattr(os, "sched_getaffinity"):  # macOS has no affinity
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def single_threaded(device: torch.device) -> Iterator[None]:
    """On a CPU one thread for an operation of torch, and as many as before afterwards.

    For who has threads or processes of its own: each with its data in its core's cache, they are
    faster than torch's threads together on one operation.
    """
    before = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def plain_defaults() -> Iterator[None]:
    """Within it a new tensor lies on the CPU, in float32, whatever the defaults are around it."""
    dtype, there = torch.get_default_dtype(), torch.get_default_device()
    if (dtype, there.type) == (torch.float32, "cpu"):
        yield
        return
    torch.set_default_dtype(torch.float32)
    try:
        with torch.device("cpu"):
            yield
    finally:
        torch.set_default_dtype(dtype)
