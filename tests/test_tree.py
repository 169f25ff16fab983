"""Trees of tensors: mapped, named and put together again."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from actfunc import mlp, tree
from actfunc.training import Settings, State, start
from tests.training.plain import assert_trees_same


class Pair(NamedTuple):
    left: Tensor
    right: dict[str, Tensor]


def pair() -> Pair:
    return Pair(torch.tensor(1.0), {"a": torch.tensor(2.0), "b": torch.tensor(3.0)})


def test_map_keeps_the_structure():
    doubled = tree.map(lambda x, y: x + y, pair(), pair())
    assert isinstance(doubled, Pair)
    assert [leaf.item() for leaf in tree.leaves(doubled)] == [2, 4, 6]
    assert list(doubled.right) == ["a", "b"]


def test_map_refuses_trees_of_different_structure():
    one = torch.ones(2)
    for first, second, shown in (
        ((one, one), (one,), "tuple(0, 1) beside tuple(0)"),
        ((one, one), [one, one], "tuple(0, 1) beside list(0, 1)"),
        ((one, one), one, "tuple(0, 1) beside Tensor"),
        ((), one, "tuple() beside Tensor"),
        ([{"a": one}], [{"b": one}], "dict(a) beside dict(b)"),
        (pair(), (one, {"a": one, "b": one}), "Pair(left, right) beside tuple(0, 1)"),
    ):
        with pytest.raises(ValueError, match=rf"mismatch .*: {re.escape(shown)}$"):
            tree.map(lambda x, y: x, first, second)


def test_a_mapping_goes_by_key_and_what_is_no_node_is_a_leaf():
    found = tree.map(lambda x, y: (x, y), {"a": 1, "b": None}, {"b": torch.Size((2, 3)), "a": ()})
    assert found == {"a": (1, ()), "b": (None, (2, 3))}


KINDS = {
    "leaf": torch.tensor(1.0),
    "tuple": (torch.tensor(1.0), (torch.tensor(2.0),)),
    "list": [torch.tensor(1.0), [torch.tensor(2.0)]],
    "ordered": OrderedDict(b=torch.tensor(1.0), a=torch.tensor(2.0)),
    "dict": {"b": torch.tensor(1.0), "a": {"c": torch.tensor(2.0)}},
    "named tuple": pair(),
    "of nothing": (torch.tensor(1.0), (), [], {}),
}


@pytest.mark.parametrize("given", KINDS.values(), ids=KINDS)
def test_the_trees_are_those_of_torch(given):
    """Taken and given by the transforms, the same kinds in the same order."""

    def loss(given):
        return sum(leaf.square() for leaf in tree.leaves(given))

    slope = torch.func.grad(loss)
    gradient = slope(given)
    assert type(gradient) is type(given)
    assert gradient == tree.map(lambda leaf: 2 * leaf, given)
    stack = tree.map(lambda *leaves: torch.stack(leaves), given, gradient)
    both = tree.map(lambda leaf: leaf / 2, torch.func.vmap(slope)(stack))
    for one, other in zip(tree.leaves(both), tree.leaves(stack), strict=True):
        assert torch.equal(one, other)


def test_a_tree_is_mapped_in_a_graph():
    """With everything that a step does to one."""
    state = start(mlp.init((3, 2, 2), seed=0), Settings()).state

    def stepped(state):
        return tree.map(lambda x, y: x - 0.1 * y, state, tree.map(torch.sin, state))

    got = torch.compile(stepped, backend="eager", fullgraph=True)(state)
    assert isinstance(got, State)
    assert_trees_same(got, stepped(state))


def test_leaves_are_named_by_their_path():
    assert list(tree.named_leaves(pair())) == ["left", "right.a", "right.b"]
    state = start(mlp.init((3, 2, 2), seed=0), Settings()).state
    assert isinstance(state, State)
    assert list(tree.named_leaves(state)) == [
        f"{part}.{index}.{leaf}"
        for part in ("params", "optimizer.velocity")
        for index in (0, 1)
        for leaf in ("weight", "bias")
    ]


def test_named_leaves_come_back_as_the_tree():
    state = start(mlp.init((3, 2, 2), seed=0), Settings()).state
    named = dict(reversed(tree.named_leaves(state).items()))
    back = tree.from_named_leaves(tree.map(torch.zeros_like, state), named)
    assert isinstance(back, State)
    for got, want in zip(tree.leaves(back), tree.leaves(state), strict=True):
        assert got is want


def test_a_missing_leaf_is_named():
    named = tree.named_leaves(pair())
    del named["right.b"]
    with pytest.raises(KeyError, match=r"right\.b"):
        tree.from_named_leaves(pair(), named)
