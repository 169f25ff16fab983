"""What a CUDA graph could not capture, seen where there is no GPU.

A graph repeats what was done on one stream of one GPU. What waits for a number, copies from the
host or works elsewhere fails while it is captured, or is done once and never again. All of that
shows on tensors without numbers, on torch's `meta` device or in its fake mode, before torch would
find that there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from actfunc import mlp, tree
from actfunc.data import Examples
from actfunc.given import Given
from actfunc.training import Optimizer
from actfunc.training.ensemble import ensemble_correct, ensemble_step, start_ensemble

META = torch.device("meta")

ASKS = {
    "item",
    "tolist",
    "numpy",
    "cpu",
    "__bool__",
    "__float__",
    "__int__",
    "__index__",
    "nonzero",
}
"""Methods that read a number on the host."""

MAKES = {
    torch: ("tensor", "as_tensor", "asarray", "scalar_tensor", "from_numpy"),
    Tensor: ("new_tensor",),
}
"""Functions that make a tensor of numbers of the host, there at first, and where they are found."""


@contextmanager
def capturing(device: torch.device = META) -> Iterator[list[str]]:
    """Within it, what could not be captured on the device is put into the list, in words."""
    told: list[str] = []
    with ExitStack() as stack:
        # torch looks at no modes within a derivative, and lets none see how it fills a tensor
        for holder, names in MAKES.items():
            for name in names:
                stack.enter_context(patch.object(holder, name, _telling(told, holder, name)))
        stack.enter_context(_Operators(told, device))
        stack.enter_context(_Calls(told, device))
        yield told


def _telling(told: list[str], holder: Any, name: str) -> Callable[..., Tensor]:
    usual = getattr(holder, name)

    def make(*args: Any, **kwargs: Any) -> Tensor:
        told.append(f"{name}() copies from the host")
        return usual(*args, **kwargs)

    return make


class _Calls(TorchFunctionMode):
    """Looks at what is called: where a number is read on the host, or a tensor lies elsewhere."""

    def __init__(self, told: list[str], device: torch.device) -> None:
        super().__init__()
        self._told, self._device = told, device

    def __torch_function__(
        self, function: Any, types: Any, args: tuple = (), kwargs: Mapping | None = None
    ) -> Any:
        name = getattr(function, "__name__", "")
        if name in ASKS:
            self._told.append(f"{name}() waits for a number")
        elif name != "__get__":  # a shape or a device
            for place in sorted(_places((args, kwargs)) - {str(self._device)}):
                self._told.append(f"{name}() of a tensor on {place}")
        return function(*args, **kwargs or {})


class _Operators(TorchDispatchMode):
    """Looks at what is done: what waits, what has another size each time, what is elsewhere."""

    def __init__(self, told: list[str], device: torch.device) -> None:
        super().__init__()
        self._told, self._device = told, device
        self.kernels = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: Mapping | None = None
    ) -> Any:
        name = str(function).removesuffix(".default")
        waits = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}
        if name.startswith("aten.index"):
            for mask in _tensors(args[1]):
                if mask.dtype in (torch.bool, torch.uint8):
                    self._told.append(f"{name} by a mask waits for how many there are")
        elif waits & {*function.tags}:
            self._told.append(f"{name} waits for a number")
        if isinstance(generator := (kwargs or {}).get("generator"), torch.Generator):
            self._told.append(f"{name} draws by a generator on {generator.device}")
        result = function(*args, **kwargs or {})
        made, read = _tensors(result), _tensors((args, kwargs))
        if all(one.ndim == 0 and one.device.type == "cpu" for one in (*read, *made)):
            return result  # what torch makes of a number of Python's
        if "copy" not in name:  # as its other operand
            read = [one for one in read if one.ndim]
        for place in sorted(_places((read, made)) - {str(self._device)}):
            self._told.append(f"{name} on {place}")
        return result


def _places(of: Any) -> set[str]:
    return {str(each.device) for each in _tensors(of)}


def _tensors(of: Any) -> list[Tensor]:
    """All tensors in what a function is given or gives."""
    if isinstance(of, Tensor):
        return [of]
    if isinstance(of, Mapping):
        return _tensors(list(of.values()))
    return [one for part in of for one in _tensors(part)] if isinstance(of, (tuple, list)) else []


def not_capturable(
    activation: Given,
    optimizer: Optimizer,
    precision: torch.dtype | None = None,
    dtype: torch.dtype = torch.float32,
) -> list[str]:
    """What a step and a validation of two networks with an activation do that no graph captures."""
    layers = mlp.init((784, 4, 10), seed=0, device="meta", dtype=dtype)
    some = tree.map(lambda leaf: leaf.expand(2, 1, *leaf.shape).clone(), layers)
    state = start_ensemble(optimizer, some)
    batch = Examples(
        torch.empty((2, 1, 6, 28, 28), dtype=torch.uint8, device="meta"),
        torch.empty((2, 1, 6), dtype=torch.int64, device="meta"),
    )
    step = ensemble_step((activation,), optimizer, precision=precision)
    rates = torch.empty((2, 1), device="meta", dtype=dtype)
    # what is copied to a device once, before anything is captured there
    with suppress(RuntimeError, NotImplementedError):
        step(state, batch, rates)
    with capturing() as told, torch.no_grad():
        try:
            step(state, batch, rates)
            images = Examples(batch.images[0, 0], batch.labels[0, 0])
            ensemble_correct((activation,), some, images, 4)
        except (RuntimeError, NotImplementedError):  # there is no number to be read
            if not told:
                raise
    return told


class Graphs:
    """torch.cuda as far as a capture goes, with as many GPUs as one likes and no numbers.

    A stream belongs to a device, work goes to the current stream of its tensors' device, and what
    is captured is what goes to the stream that captures. `told` is what was done beside it.
    """

    def __init__(self) -> None:
        self.current, self._streams = 0, {}
        self.default: Graphs.Stream | None = None
        self.captures: list[Capture] = []
        self.told: list[str] = []

    class Stream:
        """A stream of a device; `waited` for others."""

        def __init__(self, device: torch.device) -> None:
            self.device, self.waited = device, []

        def wait_stream(self, other: Graphs.Stream) -> None:
            self.waited.append(other)

    def stream(self, device: Any = None) -> Graphs.Stream:
        """A new stream, of the current device where none is said."""
        index = self.current if device is None else torch.device(device).index
        return Graphs.Stream(torch.device("cuda", index))

    def current_stream(self, device: Any = None) -> Graphs.Stream:
        """The stream to which work on a device goes."""
        index = self.current if device is None else torch.device(device).index
        return self._streams.setdefault(index, self.stream(f"cuda:{index}"))

    @contextmanager
    def on_device(self, device: Any) -> Iterator[None]:
        """With another device as the current one."""
        before, self.current = self.current, torch.device(device).index
        yield
        self.current = before

    @contextmanager
    def on_stream(self, stream: Graphs.Stream) -> Iterator[None]:
        """With a stream, and its device, as the current one."""
        with self.on_device(stream.device):
            before = self.current_stream()
            self._streams[self.current] = stream
            yield
            self._streams[self.current] = before

    @contextmanager
    def capture(
        self, graph: Capture, pool: Any = None, stream: Graphs.Stream | None = None
    ) -> Iterator[None]:
        """As torch.cuda.graph: without a stream on one that all such captures share."""
        if stream is None:
            self.default = self.default or self.stream()
        graph.stream, graph.pool = stream or self.default, pool
        with self.on_stream(graph.stream), capturing(graph.stream.device) as told:
            counter = _Kernels()
            with counter:
                yield
        graph.kernels = counter.kernels
        self.told += told
        self.captures.append(graph)


class Capture:
    """As torch.cuda.CUDAGraph: counts how often it was replayed."""

    stream: Graphs.Stream
    pool: Any
    kernels = replays = 0

    def replay(self) -> None:
        """Once more."""
        self.replays += 1


class _Kernels(TorchDispatchMode):
    """Counts what is more than another view of the same numbers."""

    kernels = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: Mapping | None = None
    ) -> Any:
        self.kernels += not function.is_view
        return function(*args, **kwargs or {})
