"""The step as a program repeats it: on the rows of an index, with its metrics added up."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from actfunc import tree
from actfunc.data import Examples
from actfunc.training.compile import WRITES_IN_ORDER, compiled
from actfunc.training.step import Metrics, State, Step

Pure = Callable[[State, Examples, Tensor, Tensor], tuple[State, Metrics]]
Advance = Callable[[State, Examples, Tensor, Tensor, Metrics], State | None]


def of_one(step: Step) -> Step:
    """A network's step as that of an ensemble of one."""

    def of_one(state: State, batch: Examples, learning_rate: Tensor) -> tuple[State, Metrics]:
        only = tree.map(lambda leaf: leaf[0, 0], (state, batch, learning_rate))
        return tree.map(lambda leaf: leaf[None, None], step(*only))

    return of_one


def advance(step: Step, *, compiling: bool, in_place: bool) -> Advance:
    """The step on rows of the training images, its metrics added to the totals: a new state, or in
    place, written back over the one it came from."""
    pure = _on_rows(step)
    if compiling and not WRITES_IN_ORDER:
        pure = compiled(pure)

    def advanced(
        state: State, train: Examples, index: Tensor, rates: Tensor, totals: Metrics
    ) -> State | None:
        new, metrics = pure(state, train, index, rates)
        totals.loss.add_(metrics.loss)
        totals.correct.add_(metrics.correct)
        if not in_place:
            return new
        tree.map(Tensor.copy_, state, new)
        return None

    return compiled(advanced) if compiling and WRITES_IN_ORDER else advanced


def _on_rows(step: Step) -> Pure:
    """The step on the examples of an index."""

    def on_rows(
        state: State, train: Examples, index: Tensor, rates: Tensor
    ) -> tuple[State, Metrics]:
        # eagerly, index_select copies rows where indexing would copy pixel by pixel; unflatten is
        # nothing that torch 2.11 compiles where a default device was set
        parts = (part.index_select(0, index.flatten()) for part in train)
        batch = Examples(*(part.reshape(*index.shape, *part.shape[1:]) for part in parts))
        return step(state, batch, rates)

    return on_rows
