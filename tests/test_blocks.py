"""Work in blocks: the same digits, in parts of the size of a cache, and nothing that is not known
to be elementwise."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import forward_ad

from actfunc import Activation, get
from actfunc.blocks import BLOCK, by_blocks
from tests.records import each
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")

LONG = torch.linspace(-30, 30, 2 * BLOCK + 77)


@each(get(name) for name in ("gelu", "elu", "hardshrink", "sinlu", "tanh_exp", "exponential"))
def test_the_digits_are_those_of_one_piece(record):
    for x in (LONG, LONG.double(), LONG.bfloat16(), LONG.view(-1, 1), LONG.expand(2, -1)):
        for sibling in (record.f, record.df, record.d2f):
            assert_same(sibling(x), sibling._of(x, record.params))
    leaf = LONG.clone().requires_grad_()
    gradient = LONG.flip(0)
    record(leaf).backward(gradient)
    assert_same(leaf.grad, gradient * record.df(LONG))


def test_a_function_is_given_no_more_than_a_block():
    seen: list[int] = []

    def doubled(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.numel())
        return 2 * x

    assert_same(by_blocks(doubled, LONG), 2 * LONG)
    assert seen == [BLOCK, BLOCK, 77]
    seen.clear()
    by_blocks(doubled, LONG[:BLOCK])
    by_blocks(doubled, LONG[::2])  # does not lie side by side
    by_blocks(doubled, LONG.clone().requires_grad_())  # is differentiated as it is
    torch.func.vmap(lambda x: by_blocks(doubled, x))(LONG.view(1, -1))
    assert seen == [BLOCK, BLOCK + 39, len(LONG), len(LONG)]


def test_a_tangent_goes_through_in_one_piece():
    record = get("silu")
    with forward_ad.dual_level():
        y = record.f(forward_ad.make_dual(LONG, torch.ones_like(LONG)))
        tangent = forward_ad.unpack_dual(y).tangent
    torch.testing.assert_close(tangent, record.df(LONG))
    leaf = LONG.clone().requires_grad_()
    y = record(leaf)
    with forward_ad.dual_level():
        gradient = forward_ad.make_dual(LONG, torch.ones_like(LONG))
        (back,) = torch.autograd.grad(y, leaf, gradient)
        assert_same(forward_ad.unpack_dual(back).tangent, record.df(LONG))


def test_an_own_function_that_is_not_elementwise_is_not_torn_apart():
    own = Activation("centred", "", lambda x: x - x.mean(), torch.ones_like, torch.zeros_like)
    x = LONG + 3
    assert_same(own(x), x - x.mean())
    leaf = x.clone().requires_grad_()
    own(leaf).backward(torch.ones_like(x))
    assert leaf.grad is not None
    assert leaf.grad.shape == x.shape
