"""What torch does not promise to keep, all in one place, with what it buys and what is without it.

Without it the results are the same, but for the last digits of products, and come slower. A test
takes each away, and another holds that no other file reaches for such a thing. The C library's heap
is here as well: it is told how to behave for the whole process.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import platform
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, wraps
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.fx import Graph, Node

Compiled = TypeVar("Compiled", bound=Callable)


def compiled(function: Compiled, *, repeated: bool = False) -> Compiled:
    """`function` as one compiled graph of fixed shapes; torch keeps on disk what it compiled.

    A tensor of another shape or dtype compiles anew. repeated: for what is called thousands of
    times. Then nothing but its tensors is checked before a call, and large products are oneDNN's,
    which round otherwise.
    """
    # it announces a missing CUDA where none was asked for
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    own = under_own_code(function)
    options: dict[str, Any] = {}
    if repeated:
        options |= products_by_onednn()
        # under a shared code the checks left out are those that tell two functions apart
        options |= tensors_checked_alone() if own is not function else {}
    return torch.compile(own, fullgraph=True, dynamic=False, options=options)  # type: ignore


def under_own_code(function: Compiled) -> Compiled:
    """The function with a copy of its code to itself.

    torch files what it compiled by code object. The steps of two activations are one piece of code
    with two closures: all its checks are needed to tell them apart, and it stops at eight. What is
    called and has no code of its own comes back as it is, and is compiled within those limits.
    From torch 2.14 on `isolate_recompiles` does so by a public name, but stops at 256 to one code,
    of which the catalogue's certificates take nearly all.
    """
    if not isinstance(function, FunctionType):
        return function
    own = FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    own.__kwdefaults__ = function.__kwdefaults__
    return own  # type: ignore[return-value]


def tensors_checked_alone() -> dict[str, Any]:
    """The compiler's option to check shapes and dtypes before a call, and not all that it read.

    Only for a function under a code of its own, where nothing else can have changed. Saves two
    hundred microseconds a call. Without it everything is checked.
    """
    keep = getattr(torch.compiler, "keep_tensor_guards_unsafe", None)
    return {} if keep is None else {"guard_filter_fn": keep}


def as_written() -> AbstractContextManager[Any]:
    """Within it, what torch.compile has compiled runs as it was written, and nothing is compiled.

    Where the compiler was never imported, which takes seconds, there is nothing to say.
    """
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    return torch.compiler.set_stance("force_eager")


def forward_mode_is_on() -> bool:
    """Whether derivatives are being taken by forward mode, about which no Function is asked.

    Where torch does not tell, it is taken to be so: the lift is a polynomial then, and slower.
    """
    level = getattr(torch.autograd.forward_ad, "_current_level", None)
    return level is None or level >= 0


def functionalizes() -> bool:
    """Whether a function runs under torch.func.functionalize, which knows no Function.

    Where torch does not tell, it is taken to be so: the lift is a polynomial then, and slower.
    """
    transforms = _transforms()
    return transforms is None or "Functionalize" in transforms


def values_are_hidden() -> bool:
    """Whether tensors may be those of a transform, a tracer or a compiler: their numbers are not
    there yet, or others take their place later.

    Where torch does not tell, it is taken to be so: parameters that are tensors go unchecked.
    """
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore
        or _transforms() != []
        or _modes() != 0
    )


def writes(x: Tensor) -> int:
    """How often a tensor was written over in place; always 0 where torch does not count or tell."""
    return 0 if x.is_inference() else getattr(x, "_version", 0)


@cache
def inference_mode_differentiates() -> bool:
    """Whether torch.func's transforms give derivatives in inference mode, or zeros: torch 2.11."""
    with torch.inference_mode():
        return bool(torch.func.grad(torch.sin)(torch.zeros((), device="cpu")) == 1)


def outside_inference_mode(differentiates: Compiled) -> Compiled:
    """What takes derivatives by torch.func, made to run under no_grad in place of inference mode.

    There no torch gives zeros for them.
    """

    @wraps(differentiates)
    def outside(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling() or not torch.is_inference_mode_enabled():
            return differentiates(*args, **kwargs)
        with torch.inference_mode(False), torch.no_grad():
            return differentiates(*args, **kwargs)

    return outside  # type: ignore[return-value]


def _transforms() -> list[str] | None:
    """The kinds of the transforms that are open, the outermost first; None where nobody knows."""
    levels = _levels()
    return None if levels is None else [kind for kind, _ in levels]


def _modes() -> int | None:
    """How many modes read along what torch dispatches, as those that trace and those that know
    shapes alone; None where nobody knows."""
    count = getattr(torch._C, "_len_torch_dispatch_stack", None)
    return None if count is None else count()


def _levels() -> list[tuple[str, Any]] | None:
    """The kind of each transform that is open, and torch's own object for it."""
    stack = getattr(getattr(torch._C, "_functorch", None), "get_interpreter_stack", None)
    try:
        return [(str(level.key()).rpartition(".")[2], level) for level in stack() or ()]  # type: ignore
    except (AttributeError, TypeError):
        return None


def compiles_one_backward() -> bool:
    """Whether the compiler that reads along takes one derivative, by the backward pass, or none.

    Within torch.func's transforms it reads a Function's value and overlooks its backward; what
    inductor compiled, torch differentiates once and refuses to differentiate again; with other
    backends it may, and what is exported may be differentiated as often as anybody likes. Where
    torch does not tell, no: the lift is a polynomial then, and slower.
    """
    if torch.compiler.is_exporting():  # read instead of asked, torch 2.11 has it always so
        return False
    try:
        reader = torch._dynamo.symbolic_convert.InstructionTranslator.current_tx()
        inductor = getattr(reader.output.compiler_fn, "__name__", "") == "inductor"
    except AttributeError:
        return False
    takes_more = getattr(torch._dynamo.config, "trace_autograd_ops", False)
    return inductor and not takes_more and _transforms() == []


def reads_forward_mode() -> bool:
    """Whether torch.func's forward mode is at work inside what a compiler reads.

    Where torch does not tell, it is taken to be so: the lift is slower then.
    """
    transforms = _transforms()
    return transforms is None or "Jvp" in transforms


def differentiates_once() -> bool:
    """Whether torch.func takes one derivative of what it reads, and nobody can take another.

    So it is within a single torch.func.grad, or vjp, that began where gradients were off. Where
    torch does not tell, no: the lift is slower then.
    """
    levels = [level for kind, level in _levels() or () if kind != "Vmap"]
    if forward_mode_is_on() or len(levels) != 1:
        return False
    try:
        return not torch._C._functorch.CGradInterpreterPtr(levels[0]).prevGradMode()
    except (AttributeError, TypeError, RuntimeError):
        return False


# the compiler asks these while it reads, and takes the answer as it is
for _asked in (compiles_one_backward, reads_forward_mode, differentiates_once):
    _asked._dynamo_marked_constant = True  # type: ignore[attr-defined]


LEAST = 2**24
"""Multiplications of a product from which oneDNN is faster: those of three 256 × 256 matrices."""

_PASSES = "post_grad_custom_post_pass"

_library = torch.library.Library("actfunc", "DEF")
_library.define("product(Tensor left, Tensor right) -> Tensor")


def silu_slope(x: Tensor) -> Tensor:
    """The slope of torch's silu, by the kernel of its way back: one pass for eight.

    Only where that keeps its digits: for x from -80 to 0.
    Where there is none, by sigmoids: other last digits, and slower.
    """
    if _silu_backward is None:
        gate = torch.sigmoid(x)
        return gate * (1 + x * torch.sigmoid(-x))
    slope: Tensor = _silu_backward(torch.ones_like(x), x)
    return slope


_silu_backward = getattr(torch.ops.aten, "silu_backward", None)


def products_by_onednn() -> dict[str, Any]:
    """The compiler's option to have oneDNN compute large products, where that is faster.

    torch gives float32 products to MKL, which leaves the AVX-512 of AMD's processors unused;
    oneDNN, which torch brings along, uses it. On a Zen 4 the large products take a tenth less time,
    a step a twentieth less. Which of the two a product takes depends on the processor and on its
    shape alone, so that a run gives the same digits whenever it is repeated. Without oneDNN's
    operator or the compiler's passes all products are MKL's.
    """
    if not onednn_is_faster():
        return {}
    try:
        # imported here, because it brings the compiler along
        from torch._inductor import config
        from torch._inductor.custom_graph_pass import CustomGraphPass
    except ImportError:
        return {}
    if not hasattr(config, _PASSES):
        return {}
    # what is not of this kind keeps the compiler from its cache
    CustomGraphPass.register(OneDNN)
    return {_PASSES: OneDNN()}


@cache
def onednn_is_faster() -> bool:
    """Whether this processor has AVX-512, MKL does not use it, and torch has oneDNN."""
    capable = torch.backends.cpu.get_cpu_capability() == "AVX512"
    return capable and torch.backends.mkldnn.is_available() and _is_amd() and _multiplies()


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


def _multiplies() -> bool:
    """Whether oneDNN's operator is there, is called as it was and gives what it gave."""
    two = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device="cpu")
    try:
        return torch.equal(product(two, two), two @ two)
    except (AttributeError, RuntimeError, TypeError):
        return False


def _is_amd() -> bool:
    try:
        processor = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        processor = platform.processor()
    return "AuthenticAMD" in processor


class OneDNN:
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
        return hashlib.sha256(Path(__file__).read_bytes()).digest()


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
