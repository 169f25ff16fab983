"""The C library's heap, told to keep what a training step gives back until the next one."""

from __future__ import annotations

import ctypes
import sys

# names and numbers of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT = 2**30
_LARGEST_ON_HEAP = 2**25  # the most that glibc takes


def keep_heap() -> None:
    """Keep freed memory, up to a gigabyte, instead of giving it back to the system at once.

    The buffers of a step are freed and asked for again some hundred times a second. By the luck of
    the heap's layout the largest lies at its top, is given back each time and comes anew page by
    page, which takes a fifth of a step. Does nothing where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_ON_HEAP)
