"""What a GPU does again and again, captured once as CUDA graphs and replayed from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

WARM = 3
"""How often each piece of work is done before it is captured, as torch advises: what is made at
first use, a library's workspace or a kernel, is made outside of the graph."""

Work = Callable[[], None]


def captured(device: torch.device, *works: Work) -> tuple[Work, ...]:
    """Each piece of work as a CUDA graph on `device`; a call replays it, and waits for nothing.

    A graph does what was captured to the same memory: works take their tensors from where they
    lie, write in place, and give nothing. Capturing does none of it, but warming up does, so what
    they write has to be put right afterwards. They are replayed one after the other, never two at
    once, and so have one pool of memory.

    Device and stream are their own. The stream that torch takes by default is one for the process,
    on whatever device was current first: work on another device would be done there and then, and
    the graph would be empty. And where two graphs share a stream, the end of one clears a workspace
    of cuBLAS that the other points to.
    """
    with torch.cuda.device(device):
        before, own = torch.cuda.current_stream(device), torch.cuda.Stream(device)
        own.wait_stream(before)
        with torch.cuda.stream(own):
            for work in works:
                for _ in range(WARM):
                    work()
        before.wait_stream(own)
        pool = torch.cuda.graph_pool_handle()
        return tuple(_graph_of(work, pool, own).replay for work in works)


def _graph_of(work: Work, pool: Any, stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph:
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool, stream=stream):
        work()
    return graph
