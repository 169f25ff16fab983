"""The one place that touches torch's pytree module, which has no public name yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def named_leaves(tree: Any) -> dict[str, Tensor]:
    """The leaves by their path, `params.0.weight`: how a tree is written to a file."""
    paths, _ = _pytree.tree_flatten_with_path(tree)
    return {".".join(_step(key) for key in path): leaf for path, leaf in paths}


def from_named_leaves(template: Tree, named: Mapping[str, Tensor]) -> Tree:
    """The tree with the structure of `template` whose leaves `named_leaves` would name so.

    Raises KeyError for the first leaf that `named` lacks.
    """
    _, structure = _pytree.tree_flatten(template)
    return _pytree.tree_unflatten([named[path] for path in named_leaves(template)], structure)


def _step(key: Any) -> str:
    # an attribute, an index or a mapping's key, by the kind of node the path goes through
    return str(next(getattr(key, a) for a in ("name", "idx", "key") if hasattr(key, a)))
