"""The one place that touches torch's pytree module, which has no public name yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor
from torch.utils import _pytree

Tree = TypeVar("Tree")


def map(function: Callable[..., Any], tree: Tree, *rest: Tree) -> Tree:  # noqa: A001
    """Apply `function` to the leaves of trees of one structure; the result has that structure."""
    return _pytree.tree_map(function, tree, *rest)


def leaves(tree: Any) -> list[Tensor]:
    """The leaves in the order of the structure."""
    return _pytree.tree_leaves(tree)
