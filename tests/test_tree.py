"""Trees of tensors: mapped, named and put together again."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from actfunc import mlp, tree
from actfunc.training import Settings, State, start


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
    with pytest.raises(ValueError, match="mismatch"):
        tree.map(lambda x, y: x, (torch.ones(1), torch.ones(1)), (torch.ones(1),))


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
