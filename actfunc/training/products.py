"""Matrix products of a compiled step by oneDNN, where it is faster than MKL.

torch gives float32 products to MKL, which leaves the AVX-512 of AMD's processors unused; oneDNN,
which torch brings along, uses it. On a Zen 4 the large products take a tenth less time, a step a
twentieth less. Which of the two a product takes depends on the processor and on its shape alone,
so that a run gives the same digits whenever it is repeated.
"""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch._inductor.custom_graph_pass import CustomGraphPass, get_hash_for_files
from torch.fx import Graph, Node

LEAST = 2**24
"""Multiplications of a product from which oneDNN is faster: those of three 256 × 256 matrices."""

_library = torch.library.Library("actfunc", "DEF")
_library.define("product(Tensor left, Tensor right) -> Tensor")


@cache
def onednn_is_faster() -> bool:
    """Whether this processor has AVX-512, MKL does not use it, and torch has oneDNN."""
    capable = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return capable and torch.backends.mkldnn.is_available() and _is_amd()


def takes(left: Tensor, right: Tensor) -> bool:
    """Whether oneDNN is faster for left (…, m, k) @ right (…, k, n), of one pair of matrices.

    The rows of `left` must lie one after the other: from columns oneDNN copies them, on one thread.
    """
    rows, inner, columns = *left.shape[-2:], right.shape[-1]
    return (
        left.dtype == torch.float32
        and left.device.type == "cpu"
        and left.shape[:-2].numel() == 1
        and left.stride(-1) == 1
        and rows * inner * columns >= LEAST
    )


def product(left: Tensor, right: Tensor) -> Tensor:
    """left (m, k) @ right (k, n) by oneDNN."""
    return torch.ops.mkldnn._linear_pointwise.default(left, right.mT, None, "none", [], "")


def _shape(left: Tensor, right: Tensor) -> Tensor:
    return left.new_empty(left.shape[0], right.shape[1])


_library.impl("product", product, "CPU")
_library.impl("product", _shape, "Meta")


class OneDNN(CustomGraphPass):
    """A pass of the compiler: products that oneDNN `takes` are given to it."""

    def __call__(self, graph: Graph) -> None:
        for node in graph.find_nodes(op="call_function", target=torch.ops.aten.bmm.default):
            left, right = node.args
            if takes(left.meta["val"], right.meta["val"]):
                with graph.inserting_before(node):
                    node.replace_all_uses_with(_by_onednn(graph, left, right))
                graph.erase_node(node)

    def uuid(self) -> Any:
        """What was compiled with another version of this file is not taken from the cache."""
        return get_hash_for_files((__file__,))


def _by_onednn(graph: Graph, left: Node, right: Node) -> Node:
    """The nodes for a product of left (1, m, k) and right (1, k, n)."""

    def call(function: Any, *args: Any) -> Node:
        node = graph.call_function(function, args)
        # the compiler reads from it how the result lies in memory
        values = (arg.meta["val"] if isinstance(arg, Node) else arg for arg in args)
        node.meta["val"] = function(*values)
        return node

    aten = torch.ops.aten
    matrices = (call(aten.squeeze.dim, each, 0) for each in (left, right))
    return call(aten.unsqueeze.default, call(torch.ops.actfunc.product.default, *matrices), 0)


def _is_amd() -> bool:
    try:
        processor = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        processor = platform.processor()
    return "AuthenticAMD" in processor
