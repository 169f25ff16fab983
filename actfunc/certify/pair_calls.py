"""How a gated pair is called: its six functions and its lift, in every way of `calls`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.func import vjp

from actfunc.certify.calls import Answers, Asked, Call, called
from actfunc.gated import SIBLINGS, GatedPair

SLOPES, BENDS = (0, 1, 2), (3, 4, 4, 5)
"""What backward gives: the value and both slopes; differentiated again, the second derivatives, the
mixed one twice."""


def pair_calls(pair: GatedPair, answers: Answers) -> list[Call]:
    """A finding for each way of calling.

    answers: what is right of the six functions at points of a dtype.
    """
    return called(answers, list(_asked(pair)))


def _asked(pair: GatedPair) -> Iterator[Asked]:
    for order, (name, sibling) in enumerate(zip(SIBLINGS, pair.siblings, strict=True)):
        yield Asked((order,), name, lambda x, gate, sibling=sibling: (sibling(x, gate),))
    yield Asked((0,), "the lifted call", lambda x, gate: (pair(x, gate),))
    yield Asked(SLOPES, "backward", lambda x, gate: _backward(pair, x, gate), records=True)
    yield Asked(BENDS, "backward twice", lambda x, gate: _twice(pair, x, gate), records=True)
    yield Asked(SLOPES, "vjp", lambda x, gate: _pulled(pair, x, gate), records=False)


def _backward(pair: GatedPair, *inputs: Tensor) -> tuple[Tensor, ...]:
    leaves = [each.detach().requires_grad_() for each in inputs]
    y = pair(*leaves)
    return y, *torch.autograd.grad(y, leaves, torch.ones_like(y))


def _twice(pair: GatedPair, *inputs: Tensor) -> tuple[Tensor, ...]:
    leaves = [each.detach().requires_grad_() for each in inputs]
    y = pair(*leaves)
    one = torch.ones_like(y)
    slopes = torch.autograd.grad(y, leaves, one, create_graph=True)
    by_x, by_gate = (torch.autograd.grad(each, leaves, one, retain_graph=True) for each in slopes)
    return *by_x, *by_gate


def _pulled(pair: GatedPair, *inputs: Tensor) -> tuple[Tensor, ...]:
    y, pull = vjp(pair, *inputs)
    return y, *pull(torch.ones_like(y))
