"""What people bring as an activation, looked at once before anything relies on it.

A function, a module or the class of one. Whatever it is used for relies on what is found here: it
leaves its input as it is, gives the same for the same, works element by element, keeps shape and
dtype, lets gradients through, and has nothing of its own that wants one. What does not is refused,
with what it does and what to do about it.
"""

from __future__ import annotations

import random
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import MethodType
from typing import Any, TypeAlias, cast

import numpy
import torch
from torch import Tensor, nn

from actfunc import torch_private
from actfunc.errors import UsageError, in_a_line
from actfunc.frozen import Frozen

TensorFunction: TypeAlias = Callable[[Tensor], Tensor]

TAKES = (
    "an activation takes a floating-point tensor of any shape and gives one of the same shape and"
    " dtype, element by element, the same for every channel, made of torch's own operations"
)

CHANGES = "changes the tensor that it is given"
IN_PLACE = "write it without operations in place: no inplace=True, no relu_() and no x[...] ="

UNUSUAL = 2_718_281_828

SHAPE = (35, 28)
"""Of the numbers that a function is tried on: so many that chance at one in a hundred shows, and
that nothing of one parameter a column, or a row, fits a part of them."""

REACHES = (1.75, 40.0)
"""How far from 0 they go: where activations bend, and where many are cut off."""

CLOSE = 1e-3
"""How far apart, by the largest of them, two values of the same number may be: torch's loops for
one number and for many may differ in the last digit, and a steep function makes more of it."""

_PARTS: tuple[TensorFunction, ...] = (
    lambda x: x[:3, 1:3],  # negative all of them
    lambda x: x[-3:, 1:3],  # and positive
    lambda x: x.flatten(),
    lambda x: x.reshape(5, 14, 14),
)
"""Of an elementwise function of the numbers, the values are as theirs are."""

_KNOWN: dict[tuple[int, str], weakref.ref[Any]] = {}
"""What was examined, by its identity and what it was examined for."""


def taken(given: Any, name: str) -> TensorFunction:
    """The function that is meant: a module as it is in evaluation, its parameters as they are; a
    class of modules made without arguments; any other callable itself, or held by one that can be
    remembered.

    Examined as by `examine`, the first time that it comes. Raises UsageError.
    """
    if torch_private.values_are_hidden() or is_known(given, "values"):
        return cast(TensorFunction, given)
    if isinstance(given, type) and issubclass(given, nn.Module):
        try:
            given = given()
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"{name} cannot be made without arguments: {in_a_line(error)}",
                "make it first, `act = TheClass(...)`, and give that",
            ) from error
    if isinstance(given, nn.Module):
        # a module may change, and is what it was when it came: the copy alone is remembered
        function = _frozen(given, name)
        once(function, "values", lambda: examine(function, name))
        return function
    if not callable(given):
        raise UsageError(f"{name} is no function of a tensor: got {type(given).__name__}", TAKES)
    once(given, "values", lambda: examine(given, name))
    if is_known(given, "values") and not isinstance(given, MethodType):
        return cast(TensorFunction, given)
    held = partial(given)  # which can be remembered, where a method is another one each time
    held.__name__ = name  # type: ignore[attr-defined]
    once(held, "values", lambda: None)
    return held


def _frozen(module: nn.Module, name: str) -> Frozen:
    try:
        return Frozen(module)
    except Exception as error:
        raise UsageError(f"{name} cannot be copied: {in_a_line(error)}", TAKES) from error


def once(given: Any, what: str, look: Callable[[], None]) -> None:
    """Look at a callable for `what`, unless that was done and found right before."""
    if is_known(given, what):
        return
    look()
    key = id(given), what
    try:
        _KNOWN[key] = weakref.ref(given, lambda _: _KNOWN.pop(key, None))
    except TypeError:  # not every object can be referred to so
        return


def is_known(given: Any, what: str) -> bool:
    """Whether a callable was looked at for `what`, and found right."""
    known = _KNOWN.get((id(given), what))
    return known is not None and known() is given


def examine(function: TensorFunction, name: str, *, gradient: bool = True) -> None:
    """Call it a few times, so that what cannot be an activation is told before any work.

    gradient: whether torch is to find one. Raises UsageError with what is not so.
    """

    def look(place: str) -> None:
        for reach in REACHES:
            with _unusual_seeds():
                _examine_at(_numbers(reach, place), function, name)
        if gradient:
            _check_gradient(_numbers(REACHES[0], place), function, name)

    _look(look)


def _look(look: Callable[[str], None]) -> None:
    """Look on the CPU, and where that fails on a GPU, where a function may have its tensors.

    Gradients are on, nothing is compiled, and no tensor is inference mode's.
    """
    with torch.inference_mode(False), torch.enable_grad(), torch_private.as_written():
        try:
            look("cpu")
        except UsageError:
            if not torch.cuda.is_available():
                raise
            with suppress(UsageError):
                return look("cuda")
            raise


def _numbers(reach: float, place: str) -> Tensor:
    rows, columns = SHAPE
    # not symmetric, so that a turn of them shows
    numbers = torch.linspace(
        -reach, 0.85 * reach, rows * columns, dtype=torch.float32, device="cpu"
    )
    return numbers.reshape(SHAPE).to(place)


def _examine_at(x: Tensor, function: TensorFunction, name: str) -> None:
    before, writes, settings, begun = x.clone(), torch_private.writes(x), _settings(), _chance()
    given = called(function, x, name)
    if (changed := _settings()) != settings:
        words = [word for word in settings if changed[word] != settings[word]]
        for word in words:
            _SETTERS[word](settings[word])
        raise UsageError(
            f"{name} changes torch's {words[0]} for everybody", "set nothing within an activation"
        )
    if torch_private.writes(x) != writes or not torch.equal(x, before):
        raise UsageError(f"{name} {CHANGES}", IN_PLACE)
    if given.requires_grad:
        raise UsageError(
            f"{name} has a parameter of its own that wants a gradient",
            "detach it, or give the torch.nn.Module that it is in, which is taken as it is",
        )
    y, chance = given.clone(), _chance()
    again = called(function, x, name)
    leave_out = "leave chance out: an activation gives the same for the same number"
    if not (_same(y, again) and _chance() == chance):
        raise UsageError(f"{name} gives something else each time it is called", leave_out)
    if chance != begun:
        raise UsageError(f"{name} sets the seed that others draw by", leave_out)
    turned = called(function, x.flip(0, 1), name).flip(0, 1)
    if not _same(y, given):
        raise UsageError(
            f"{name} changes what it gave before when it is called again",
            "give a new tensor each time, and keep none to write into",
        )
    if not _same(y, turned) or not all(
        _same(part(y), called(function, part(x), name, "with another shape")) for part in _PARTS
    ):
        raise UsageError(
            f"{name} is not elementwise: what it gives for a number depends on those beside it",
            TAKES,
        )


def _check_gradient(x: Tensor, function: TensorFunction, name: str) -> None:
    """Raise UsageError where torch finds no gradient of values that change with x."""
    leaf = x.clone().requires_grad_()
    y = called(function, leaf, name, "where a gradient is wanted")
    if y.requires_grad:
        try:
            torch.autograd.grad(y.sum(), leaf, allow_unused=True)
        except (Exception, SystemExit) as error:
            raise UsageError(f"{name} has no gradient: {in_a_line(error)}", TAKES) from error
    elif len(y.unique()) > y.numel() // 2:
        raise UsageError(
            f"{name} lets no gradient through: what it gives is not connected with its input",
            "no detach(), no .data, no numpy() and no no_grad() within an activation",
        )


def check_transform(function: TensorFunction, name: str, way: str) -> None:
    """Raise UsageError for what torch.func does not "differentiate" or does not "map"."""

    def look(place: str) -> None:
        try:
            _transformed(function, way)(_numbers(REACHES[0], place))
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"torch.func cannot {way} {name}: {in_a_line(error)}",
                "an autograd.Function needs setup_context, and generate_vmap_rule = True;"
                " torch.where(x < 0, ..., x) takes the place of x[x < 0] = ... and of if",
            ) from error

    if not torch_private.values_are_hidden():
        once(function, way, lambda: _look(look))


def _transformed(function: TensorFunction, way: str) -> TensorFunction:
    if way == "map":
        return torch.func.vmap(function)
    return torch.func.grad(lambda x: function(x).sum())


def check_dtypes(function: TensorFunction, name: str) -> None:
    """Raise UsageError for what does not give float64 for float64, as a record is asked for it."""

    def look(place: str) -> None:
        called(function, _numbers(REACHES[0], place).double(), name, "in another dtype")

    if not torch_private.values_are_hidden():
        once(function, "dtypes", lambda: _look(look))


def called(function: TensorFunction, x: Tensor, name: str, where: str = "") -> Tensor:
    """What the function gives, a tensor as it should be. Raises UsageError for whatever else."""
    try:
        y = function(x)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        words = f"{name} cannot be called {where}".rstrip()
        raise UsageError(f"{words}: {in_a_line(error)}", TAKES) from error
    if not isinstance(y, Tensor):
        raise UsageError(f"{name} gives {type(y).__name__}, expected a tensor", TAKES)
    if (y.shape, y.dtype, y.device, y.layout) != (x.shape, x.dtype, x.device, x.layout):
        given, wanted = _told(y, x), _told(x, y)
        raise UsageError(f"{name} gives {given} for {wanted}", TAKES)
    return y


def _told(one: Tensor, beside: Tensor) -> str:
    """A tensor in words: its dtype and shape, and its device and layout where they differ."""
    device = f" on {one.device}" if one.device != beside.device else ""
    layout = f", {one.layout}" if one.layout != beside.layout else ""
    return f"{one.dtype} of shape {tuple(one.shape)}{device}{layout}"


@contextmanager
def _unusual_seeds() -> Iterator[None]:
    """The generators that a function may draw from without saying so, where nobody would have set
    them; as before afterwards."""
    of_torch, of_python, of_numpy = (
        torch.get_rng_state(),
        random.getstate(),
        numpy.random.get_state(),
    )
    torch.default_generator.manual_seed(UNUSUAL)
    random.seed(UNUSUAL)
    numpy.random.seed(UNUSUAL)
    try:
        yield
    finally:
        torch.set_rng_state(of_torch)
        random.setstate(of_python)
        numpy.random.set_state(of_numpy)


def _chance() -> tuple[Any, ...]:
    """Where they stand."""
    of_numpy = numpy.random.get_state(legacy=False)["state"]
    numbers = of_numpy["key"].tobytes(), of_numpy["pos"]
    return torch.get_rng_state().tolist(), random.getstate(), numbers


def _settings() -> dict[str, Any]:
    """What a function may have set for everybody, in words; gradients are put back anyway."""
    return {
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "number of threads": torch.get_num_threads(),
    }


_SETTERS: dict[str, Callable[[Any], None]] = {
    "default dtype": torch.set_default_dtype,
    "default device": torch.set_default_device,
    "number of threads": torch.set_num_threads,
}


def _same(one: Tensor, other: Tensor) -> bool:
    size = one.detach().abs().nan_to_num(0.0, 0.0, 0.0).max().item()
    return torch.allclose(one, other, rtol=0.0, atol=CLOSE * size, equal_nan=True)
