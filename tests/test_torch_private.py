"""What torch does not promise, taken away piece by piece: the same results, slower."""

from __future__ import annotations

import ctypes
import sys
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from actfunc import get, lift, torch_private, tree
from actfunc.torch_private import compiled
from actfunc.training import Program, optimizer
from tests.compiling import inductor
from tests.reference import assert_same
from tests.training.plain import assert_trees_same, fresh

pytestmark = pytest.mark.usefixtures("one_thread")

X = torch.linspace(-2, 2, 9)


@pytest.fixture
def traced(monkeypatch):
    """What is compiled is only traced, which takes no time; what is checked is the same."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    monkeypatch.setattr(torch_private, "onednn_is_faster", lambda: False)
    torch.compiler.reset()  # what another test has compiled would be found


class Times(NamedTuple):
    """Functions of one code that has no copy: its own is that of the class."""

    factor: float

    def __call__(self, x: Tensor) -> Tensor:
        return self.factor * x


def times(factor: float):
    """Functions of one code that has copies."""

    def scaled(x: Tensor) -> Tensor:
        return factor * x

    return scaled


def no_guards_option(monkeypatch):
    monkeypatch.delattr(torch.compiler, "keep_tensor_guards_unsafe")


def no_copy_of_the_code(monkeypatch):
    monkeypatch.setattr(torch_private, "under_own_code", lambda function: function)


def no_operator(monkeypatch):
    monkeypatch.setattr(torch.ops, "mkldnn", SimpleNamespace())


def an_operator_of_other_arguments(monkeypatch):
    other = SimpleNamespace(default=lambda left, right: left @ right.mT)
    monkeypatch.setattr(torch.ops, "mkldnn", SimpleNamespace(_linear_pointwise=other))


def an_operator_that_gives_something_else(monkeypatch):
    other = SimpleNamespace(default=lambda left, right, *_: left @ right)
    monkeypatch.setattr(torch.ops, "mkldnn", SimpleNamespace(_linear_pointwise=other))


def no_kind_of_pass(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch._inductor.custom_graph_pass", None)


def no_place_for_a_pass(monkeypatch):
    monkeypatch.setattr(torch_private, "_PASSES", "no_such_option")


def no_heap_to_tell(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize(
    "made", [times, Times, lambda factor: partial(torch.mul, torch.tensor(factor))]
)
@pytest.mark.parametrize("gone", [None, no_guards_option, no_copy_of_the_code])
def test_functions_of_one_code_do_not_take_each_others_graphs(
    traced, monkeypatch, gone, made, repeated
):
    if gone is not None:
        gone(monkeypatch)
    functions = [compiled(made(factor), repeated=repeated) for factor in (2.0, 3.0, 4.0)]
    for factor, function in zip((2.0, 3.0, 4.0), functions, strict=True):
        assert_same(function(X), factor * X)


def test_there_may_be_more_of_them_than_torch_keeps_of_one_code(traced):
    with torch._dynamo.config.patch(recompile_limit=1, accumulated_recompile_limit=2):
        for factor in (2.0, 3.0, 4.0, 5.0):
            assert_same(compiled(times(factor), repeated=True)(X), factor * X)


@pytest.mark.parametrize(
    ("gone", "seen"), [(None, False), (no_guards_option, True), (no_copy_of_the_code, True)]
)
def test_without_the_option_everything_is_checked(traced, monkeypatch, gone, seen):
    if gone is not None:
        gone(monkeypatch)
    factor = 2.0

    def scaled(x: Tensor) -> Tensor:
        return factor * x

    function = compiled(scaled, repeated=True)
    assert_same(function(X), 2 * X)
    assert_same(function(X[:4]), 2 * X[:4])  # another shape is always seen
    factor = 3.0
    assert_same(function(X), 3 * X if seen else 2 * X)


def test_defaults_come_along(traced):
    def scaled(x: Tensor, factor: float = 2.0, *, more: float = 1.0) -> Tensor:
        return factor * x + more

    assert_same(compiled(scaled, repeated=True)(X), 2 * X + 1)


@pytest.fixture
def amd(monkeypatch):
    """A processor on which oneDNN is faster."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(torch_private, "_is_amd", lambda: True)
    torch_private.onednn_is_faster.cache_clear()
    yield
    torch_private.onednn_is_faster.cache_clear()


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch without oneDNN")
@pytest.mark.parametrize(
    "gone",
    [
        no_operator,
        an_operator_of_other_arguments,
        an_operator_that_gives_something_else,
        no_kind_of_pass,
        no_place_for_a_pass,
    ],
)
def test_without_operator_or_pass_products_are_left_to_torch(amd, monkeypatch, gone):
    """The options are then those of a processor on which it is not faster."""
    assert torch_private.products_by_onednn()
    torch_private.onednn_is_faster.cache_clear()
    gone(monkeypatch)
    assert torch_private.products_by_onednn() == {}


def test_where_it_is_not_faster_the_compiler_is_not_imported(monkeypatch):
    """It takes seconds."""
    monkeypatch.setattr(torch_private, "onednn_is_faster", lambda: False)
    monkeypatch.setitem(sys.modules, "torch._inductor", None)
    assert torch_private.products_by_onednn() == {}


def trained(split, *, compiling: bool):
    """What a program trains in an epoch, by products that are too small for oneDNN."""
    sgd = optimizer.named("sgd")
    made = Program([get("gelu")], sgd, (784, 12, 10), split, batch_size=250, compiling=compiling)
    start = fresh(sgd, 12, seed=0)
    made.put((0, 0), tree.map(torch.clone, start), start.params)
    seeds = torch.zeros(1, 1, dtype=torch.int64)
    return made.epoch(seeds, seeds, torch.full((made.steps, 1, 1), 0.1)), made.take((0, 0))


@pytest.mark.full
def test_a_compiled_epoch_is_the_same_without_everything(small_split, amd, monkeypatch):
    want = trained(small_split, compiling=True)
    torch_private.onednn_is_faster.cache_clear()
    for gone in (no_guards_option, no_copy_of_the_code, no_operator, no_kind_of_pass):
        gone(monkeypatch)
    assert_trees_same(trained(small_split, compiling=True), want)


def test_an_epoch_is_the_same_without_the_heap(small_split, monkeypatch):
    want = trained(small_split, compiling=False)
    no_heap_to_tell(monkeypatch)
    assert_trees_same(trained(small_split, compiling=False), want)


@pytest.mark.parametrize(("system", "told"), [("linux", 2), ("darwin", 0), ("win32", 0)])
def test_the_heap_is_told_on_linux_alone(monkeypatch, system, told):
    calls = []
    library = SimpleNamespace(mallopt=lambda *call: calls.append(call))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    monkeypatch.setattr(sys, "platform", system)
    torch_private.keep_heap()
    assert len(calls) == told


def no_forward_level(monkeypatch):
    monkeypatch.delattr(torch.autograd.forward_ad, "_current_level")


def no_stack_of_transforms(monkeypatch):
    monkeypatch.delattr(torch._C._functorch, "get_interpreter_stack")


def no_count_of_modes(monkeypatch):
    monkeypatch.delattr(torch._C, "_len_torch_dispatch_stack")


def test_without_word_of_modes_numbers_are_not_looked_at(monkeypatch):
    """Slower, and the same bits."""
    gelu, x = get("gelu"), torch.linspace(-4, 4, 33)
    wanted = gelu(x), gelu.df(x)
    no_count_of_modes(monkeypatch)
    assert torch_private.values_are_hidden()
    assert_same(gelu(x), wanted[0])
    assert_same(torch.func.grad(lambda x: gelu(x).sum())(x), wanted[1])


@pytest.mark.parametrize("without", [no_forward_level, no_stack_of_transforms])
def test_without_word_of_transforms_the_lift_is_the_polynomial(monkeypatch, without):
    """Slower, and the same bits."""
    gelu, x = get("gelu"), torch.linspace(-4, 4, 33)
    twice = torch.func.vmap(torch.func.grad(torch.func.grad(gelu)))
    wanted = [gelu(x), twice(x)]
    without(monkeypatch)
    leaf = x.clone().requires_grad_()
    y = gelu(leaf)
    assert "Lifted" not in type(y.grad_fn).__name__
    (slope,) = torch.autograd.grad(y.sum(), leaf)
    assert_same(slope, gelu.df(x))
    for got, want in zip((y.detach(), twice(x)), wanted, strict=True):
        assert_same(got, want)


def without_a_reader() -> SimpleNamespace:
    """What this module knows as torch, which the compiler itself goes on using."""
    return SimpleNamespace(**{**vars(torch), "_dynamo": SimpleNamespace(config=None)})


def with_one_that_names_no_compiler() -> SimpleNamespace:
    reader = SimpleNamespace(output=SimpleNamespace(compiler_fn=object()))
    place = SimpleNamespace(InstructionTranslator=SimpleNamespace(current_tx=lambda: reader))
    dynamo = SimpleNamespace(symbolic_convert=place, config=None)
    return SimpleNamespace(**{**vars(torch), "_dynamo": dynamo})


def without_its_transforms() -> SimpleNamespace:
    return SimpleNamespace(**{**vars(torch), "_C": SimpleNamespace()})


@pytest.mark.parametrize(
    "other", [without_a_reader, with_one_that_names_no_compiler, without_its_transforms]
)
def test_without_word_of_the_compiler_the_lift_is_the_polynomial(monkeypatch, other):
    """Slower, and the same derivatives."""
    assert not torch_private.compiles_one_backward()  # nobody reads
    curved = []

    def d2f(x: Tensor) -> Tensor:
        curved.append(len(x))
        return -7 * torch.sin(x)

    monkeypatch.setattr(torch_private, "torch", other())
    torch.compiler.reset()
    once = partial(lift, torch.sin, lambda x: 3 * x, d2f)
    leaf = X.clone().requires_grad_()
    y = torch.compile(once, fullgraph=True, backend=inductor)(leaf)
    torch.testing.assert_close(torch.autograd.grad(y.sum(), leaf)[0], 3 * X)
    assert curved  # the polynomial has it in it


def test_without_the_kernel_silus_slope_is_that_of_its_formula(monkeypatch):
    x = torch.linspace(-80, 0, 4001)
    wanted = torch_private.silu_slope(x)
    monkeypatch.setattr(torch_private, "_silu_backward", None)
    torch.testing.assert_close(torch_private.silu_slope(x), wanted, rtol=1e-5, atol=1e-7)
