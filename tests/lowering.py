"""A compiled training step as a GPU would get it, made on a machine that has none.

    python -m tests.lowering relu gelu --optimizer adamw --precision bfloat16

A program is made on the CPU, and what it compiles is read by torch's compiler as ever. Its graph is
put on tensors of a GPU that have no numbers, and lowered for an H200. Told, as one JSON document:
how many kernels there are, what is left to torch's libraries, and what falls back to torch's own
operators, which the compiler neither fuses nor plans the memory of. Each kernel is compiled for
the architectures that are asked for (sm_80, sm_90), by the assembler that Triton brings along.

A process of its own does so, as torch has to be told of a GPU that is not there.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
import torch._dynamo.device_interface as interface
import torch._inductor.compile_fx as compile_fx
import torch._inductor.runtime.triton_helpers as triton_helpers
import triton
from torch import Tensor
from torch._dynamo.backends.common import aot_autograd
from torch._functorch.aot_autograd import make_boxed_func
from torch._inductor.codecache import PyCodeCache
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.graph import GraphLowering
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx import GraphModule
from torch.fx.passes.fake_tensor_prop import FakeTensorProp
from triton.backends.compiler import GPUTarget

from actfunc import get
from actfunc.data import Examples, Split
from actfunc.training import Program, optimizer

GPU = torch.device("cuda", 0)
H200 = SimpleNamespace(
    name="NVIDIA H200", major=9, minor=0, multi_processor_count=132, warp_size=32,
    total_memory=141 * 2**30, max_threads_per_multi_processor=2048, max_threads_per_block=1024,
    regs_per_multiprocessor=65536, shared_memory_per_block=49152,
    shared_memory_per_block_optin=232448, shared_memory_per_multiprocessor=233472,
    L2_cache_size=60 * 2**20, gcnArchName="", is_integrated=0,
)  # fmt: skip

SIZES, BATCH, SLOTS = (784, 32, 10), 64, 2

KERNEL = re.compile(
    r"(\w+) = async_compile\.triton\('\w+', '''(.*?)''', device_str='cuda'\)", re.DOTALL
)


class Driver:
    """What Triton asks of a GPU's driver before it compiles."""

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", 90, 32)

    def get_current_device(self) -> int:
        return 0

    def get_active_torch_device(self) -> torch.device:
        return GPU


@contextlib.contextmanager
def as_if_there_were_a_gpu() -> Iterator[None]:
    """For torch's compiler; nothing can be computed on it."""
    answers = {
        "get_device_properties": lambda device=None: H200,
        "current_device": lambda: 0,
        "is_available": lambda: True,
        "get_compute_capability": lambda device=None: 90,
        "is_triton_capable": lambda device=None: True,
        "raise_if_triton_unavailable": lambda device=None: None,
    }
    cuda, worker = interface.CudaInterface, interface.CudaInterface.Worker
    triton.runtime.driver.set_active(Driver())
    with contextlib.ExitStack() as stack:
        for name, answer in answers.items():
            for holder in (cuda, worker):
                if hasattr(holder, name):
                    stack.enter_context(patch.object(holder, name, staticmethod(answer)))
        for name, told in {
            "get_device_properties": lambda device=None: H200,
            "get_device_capability": lambda device=None: (9, 0),
            "current_device": lambda: 0,
            "device_count": lambda: 1,
        }.items():
            stack.enter_context(patch.object(torch.cuda, name, told))
        stack.enter_context(patch.object(triton_helpers, "set_driver_to_gpu", lambda *_: None))
        yield


class Written(Exception):  # noqa: N818
    """Raised once the code is written, as it could not be run."""


def lowered(graph: GraphModule, inputs: Sequence[Any]) -> str:
    """The Python code that would call the kernels, with their sources in it."""
    there, mode, found = copy.deepcopy(graph), FakeTensorMode(allow_non_fake_inputs=True), []
    for node in there.graph.nodes:
        if node.kwargs.get("device") is not None:
            node.kwargs = {**node.kwargs, "device": GPU}
    there.recompile()

    def moved(x: Any) -> Any:
        if not isinstance(x, Tensor):
            return x
        return torch.empty_strided(tuple(x.shape), x.stride(), dtype=x.dtype, device=GPU)

    def write(self: GraphLowering) -> None:
        code, _ = self.codegen()
        found.append(getattr(code, "value", code))
        raise Written

    with mode:
        on_gpu = [moved(x) for x in inputs]
    FakeTensorProp(there, mode).propagate_dont_convert_inputs(*on_gpu)
    tracing = torch._guards.tracing(torch._guards.TracingContext(mode))
    with patch.object(GraphLowering, "compile_to_module", write), tracing:
        try:
            compile_fx.compile_fx_inner(there, on_gpu)
        except Exception:  # it is wrapped in one of the compiler's own
            if not found:
                raise
    return found[0]


def code_of(activations: Sequence[str], rule: str, precision: torch.dtype | None) -> str:
    """That of the step of a program with these activations, whose trial it stands."""
    written = []

    def inductor(graph: GraphModule, inputs: Sequence[Any]) -> Any:
        def compiled(graph: GraphModule, inputs: Sequence[Any]) -> Any:
            written.append(lowered(graph, inputs))
            return make_boxed_func(graph.forward)

        aot = aot_autograd(
            fw_compiler=compiled,
            decompositions=select_decomp_table(),
            keep_inference_input_mutations=True,
        )
        return aot(graph, inputs)

    usual = torch.compile

    def compile_(function: Any, *, options: dict[str, Any], **more: Any) -> Any:
        guards = {key: value for key, value in options.items() if key == "guard_filter_fn"}
        return usual(function, backend=inductor, options=guards, **more)

    generator = torch.Generator().manual_seed(0)

    def examples(count: int) -> Examples:
        images = torch.randint(0, 256, (count, 28, 28), dtype=torch.uint8, generator=generator)
        return Examples(images, torch.randint(0, 10, (count,), generator=generator))

    split = Split(examples(4 * BATCH), examples(BATCH), examples(BATCH))
    with patch.object(torch, "compile", compile_), as_if_there_were_a_gpu():
        Program(
            [get(each) for each in activations],
            optimizer.named(rule),
            SIZES,
            split,
            batch_size=BATCH,
            slots=SLOTS,
            compiling=True,
            precision=precision,
        )
    [code] = written
    return code


def assembled(code: str, architecture: int) -> list[str]:
    """Compile each kernel for an architecture, sm_90 as 90; what failed, in a line each."""
    failed = []
    major = architecture // 10
    for name, source in KERNEL.findall(code):
        own = re.sub(r"\bcc=90\b", f"cc={architecture}", source)
        own = re.sub(r"\bmajor=9\b", f"major={major}", own)
        if (own == source) != (architecture == 90):
            failed.append(f"{name}: it does not say what it is for")
            continue
        try:
            with as_if_there_were_a_gpu():
                getattr(PyCodeCache.load(own), name).precompile(warm_cache_only=True)
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
    return failed


def described(code: str, architectures: Sequence[int]) -> dict[str, Any]:
    """What the code is made of."""
    body = code[code.index("def call(") :]
    return {
        "kernels": len(KERNEL.findall(code)),
        "launches": len(re.findall(r"\btriton_\w+\.run\(", body)),
        "library": sorted(set(re.findall(r"extern_kernels\.(\w+)\(", body))),
        "fallbacks": sorted(set(re.findall(r"torch\.ops\.([\w.]+)\(", body))),
        "on_host": len(re.findall(r"device='cpu'|_cpu\(", body)),
        "assembled": {each: assembled(code, each) for each in architectures},
    }


def main() -> None:
    """Lower, compile and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("activations", nargs="+")
    parser.add_argument("--optimizer", default="sgd")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--for", dest="architectures", type=int, nargs="*", default=[90])
    parser.add_argument("--code", help="write what was made into this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    precision = torch.bfloat16 if options.precision == "bfloat16" else None
    config = torch._inductor.config
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TORCHINDUCTOR_CACHE_DIR": folder, "TRITON_CACHE_DIR": f"{folder}/triton"}
        # padding is measured on the GPU; what is kept is of other devices
        with config.patch(shape_padding=False, force_disable_caches=True, compile_threads=1):
            code = code_of(options.activations, options.optimizer, precision)
            if options.code:
                with open(options.code, "w", encoding="utf-8") as file:
                    file.write(code)
            json.dump(described(code, options.architectures), sys.stdout)


if __name__ == "__main__":
    main()
