"""Trees of tensors: tuples, named tuples, lists and dicts, nested; whatever else is a leaf.

torch.func takes and gives such trees as well. Its own module for them is private, and these four
kinds are all that a network, a state or a data set is made of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from torch import Tensor

Tree = TypeVar("Tree")


def map(function: Callable[..., Any], tree: Tree, *rest: Tree) -> Tree:  # noqa: A001
    """Apply `function` to the leaves of trees of one structure; the result has that structure.

    Raises ValueError where a tree of the rest has another structure than the first.
    """
    parts = _parts(tree)
    if parts is None:
        return function(tree, *rest)
    beside = [_parts(other) or {} for other in rest]
    for other, its in zip(rest, beside, strict=True):
        if type(other) is not type(tree) or its.keys() != parts.keys():
            raise ValueError(f"mismatch of structure: {_shown(tree)} beside {_shown(other)}")
    mapped = {
        step: map(function, part, *(its[step] for its in beside)) for step, part in parts.items()
    }
    kind: Any = type(tree)
    if issubclass(kind, dict):
        return kind(mapped)
    return kind(*mapped.values()) if hasattr(tree, "_fields") else kind(mapped.values())


def leaves(tree: Any) -> list[Tensor]:
    """The leaves in the order of the structure."""
    parts = _parts(tree)
    return [tree] if parts is None else [leaf for part in parts.values() for leaf in leaves(part)]


def finite(tree: Any) -> bool:
    """Whether every tensor of the tree has finite numbers alone."""
    return all(bool(leaf.isfinite().all()) for leaf in leaves(tree))


def named_leaves(tree: Any) -> dict[str, Tensor]:
    """The leaves by their path, `params.0.weight`: how a tree is written to a file."""
    parts = _parts(tree)
    if parts is None:
        return {"": tree}
    return {
        f"{step}.{path}" if path else str(step): leaf
        for step, part in parts.items()
        for path, leaf in named_leaves(part).items()
    }


def from_named_leaves(template: Tree, named: Mapping[str, Tensor]) -> Tree:
    """The tree with the structure of `template` whose leaves `named_leaves` would name so.

    Raises KeyError for the first leaf that `named` lacks.
    """
    found = iter([named[path] for path in named_leaves(template)])
    return map(lambda _: next(found), template)


def _parts(tree: Any) -> dict[Any, Any] | None:
    """What a node holds, by the step that leads there; None of a leaf."""
    # the tree is asked for its fields: of its class torch 2.11's compiler knows nothing
    kind: Any = type(tree)
    if kind is dict or kind is OrderedDict:
        return tree
    if kind is tuple or kind is list:
        return dict(enumerate(tree))
    if issubclass(kind, tuple) and hasattr(tree, "_fields"):
        return dict(zip(kind._fields, tree, strict=True))
    return None


def _shown(tree: Any) -> str:
    """A node's kind and the steps from it, `Layer(weight, bias)`; a leaf's kind."""
    parts = _parts(tree)
    steps = "" if parts is None else f"({', '.join(f'{step}' for step in parts)})"
    return f"{type(tree).__name__}{steps}"
