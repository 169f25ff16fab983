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
    if isinstance(tree, Tensor):  # as most are, and nothing else of them needs to be asked
        return function(tree, *rest)
    node: Any = tree
    others: tuple[Any, ...] = rest
    kind: Any = type(tree)
    if _is_sequence(node):
        for other in others:
            if type(other) is not kind or len(other) != len(node):
                raise _mismatch(node, other)
        mapped = [map(function, *parts) for parts in zip(node, *others, strict=True)]
        return kind(*mapped) if hasattr(node, "_fields") else kind(mapped)
    parts = _parts(node)
    if parts is None:
        return function(node, *others)
    for other in others:
        if type(other) is not kind or other.keys() != parts.keys():
            raise _mismatch(node, other)
    return kind(
        {
            step: map(function, part, *(each[step] for each in others))
            for step, part in parts.items()
        }
    )


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


def _is_sequence(tree: Any) -> bool:
    """Whether it is a node whose parts have places: a tuple, named or not, or a list."""
    kind = type(tree)
    # the tree is asked for its fields: of its class torch 2.11's compiler knows nothing
    return kind is tuple or kind is list or (issubclass(kind, tuple) and hasattr(tree, "_fields"))


def _parts(tree: Any) -> dict[Any, Any] | None:
    """What a node holds, by the step that leads there; None of a leaf."""
    if type(tree) is dict or type(tree) is OrderedDict:
        return tree
    if not _is_sequence(tree):
        return None
    return dict(zip(getattr(tree, "_fields", range(len(tree))), tree, strict=True))


def _mismatch(tree: Any, other: Any) -> ValueError:
    return ValueError(f"mismatch of structure: {_shown(tree)} beside {_shown(other)}")


def _shown(tree: Any) -> str:
    """A node's kind and the steps from it, `Layer(weight, bias)`; a leaf's kind."""
    parts = _parts(tree)
    steps = "" if parts is None else f"({', '.join(f'{step}' for step in parts)})"
    return f"{type(tree).__name__}{steps}"
