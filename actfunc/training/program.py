"""The program: slots that hold members, trained an epoch at a time in buffers that stay in place.

The steps it repeats are pure; what they give is written back over what they read, so that an epoch
allocates nothing. On a GPU the whole epoch is one CUDA graph. A single network on a CPU, where
nothing is compiled, goes from one state to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from actfunc import mlp, torch_private, tree
from actfunc.data import Examples, Split, intake
from actfunc.errors import UsageError
from actfunc.given import Given, taken
from actfunc.number import whole
from actfunc.training import trial
from actfunc.training.compile import WRITES_IN_ORDER, compiled
from actfunc.training.ensemble import ensemble_correct, ensemble_step, start_ensemble
from actfunc.training.optimizer import Optimizer
from actfunc.training.order import batch_order, steps_an_epoch
from actfunc.training.step import Metrics, State, Step, make_step

OnStep = Callable[[int, int], None]


class EpochMetrics(NamedTuple):
    """Of one epoch, (slot, activation) float64: mean loss in nats, and shares of right answers."""

    loss: Tensor
    train_accuracy: Tensor
    validation_accuracy: Tensor


class Program:
    """Networks of one shape on one device, `slots` of each of the activations, side by side.

    split: images and labels as people bring them, see `intake`; activations: see `given.taken`.
    compiling: compile the step; precision: see `make_step`. Members are put into slots and taken
    out between epochs, so one program trains any number of them without compiling again.
    """

    def __init__(
        self,
        activations: Sequence[Given],
        optimizer: Optimizer,
        sizes: Sequence[int],
        split: Split,
        *,
        batch_size: int,
        slots: int = 1,
        compiling: bool = False,
        precision: torch.dtype | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        if torch.is_inference_mode_enabled():
            raise UsageError(
                "training needs gradients, and torch.inference_mode is on", "train outside of it"
            )
        self.activations = tuple(taken(each, "differentiate", "map") for each in activations)
        self.batch_size = whole("batch_size", batch_size)
        self.shape = (whole("slots", slots), len(self.activations))
        self.device = intake.device(split)
        one = mlp.init(sizes, seed=0, dtype=dtype, device=self.device)
        self.split = intake.taken_split(one, split)
        self.steps = steps_an_epoch(len(self.split.train.labels), batch_size)
        params = tree.map(lambda leaf: leaf.expand(*self.shape, *leaf.shape).clone(), one)
        self.state = start_ensemble(optimizer, params)
        self.best = tree.map(torch.clone, params)
        self._order = torch.zeros(
            (self.steps, *self.shape, batch_size), dtype=torch.int32, device=self.device
        )
        self._rates = torch.zeros((self.steps, *self.shape), dtype=dtype, device=self.device)
        self._totals = Metrics(
            torch.zeros(self.shape, dtype=dtype, device=self.device),
            torch.zeros(self.shape, dtype=torch.int64, device=self.device),
        )
        self._right = torch.zeros(self.shape, dtype=torch.int64, device=self.device)
        if self.device.type == "cpu":
            torch_private.keep_heap()
        if self.shape == (1, 1) and not compiling:
            # eagerly, mapping over one costs half as much again as the step
            step = _of_one(make_step(self.activations[0], optimizer, precision=precision))
            in_place = self.device.type == "cuda"
        else:
            step, in_place = ensemble_step(self.activations, optimizer, precision=precision), True
        self._advance = _advance(_on_rows(step), compiling, in_place)
        self._graph: torch.cuda.CUDAGraph | None = None
        if compiling:
            self._try_out(State(one, optimizer.init(one)), optimizer, precision)

    def _try_out(self, start: State, optimizer: Optimizer, precision: torch.dtype | None) -> None:
        """Compile, and compare the first step of each activation's last member with the eager one.

        `start` is what all slots hold, before and after.
        """
        once = torch.zeros((), dtype=torch.int64, device=self.device)
        rows = batch_order(once, once, len(self.split.train.labels), self.batch_size)[0]
        batch = Examples(*(part.index_select(0, rows) for part in self.split.train))
        self._order[0] = rows
        self._rates[0] = trial.RATE
        self._step(0)
        for place, activation in enumerate(self.activations):
            slot = (self.shape[0] - 1, place)
            after = tree.map(lambda buffer, slot=slot: buffer[slot], self.state)
            loss = self._totals.loss[slot].item()
            trial.judge(activation, optimizer, precision, start, batch, after, loss)
        tree.map(lambda buffer, leaf: buffer.copy_(leaf), self.state, start)
        for total in self._totals:
            total.zero_()

    def put(self, slot: tuple[int, int], state: State, best: mlp.Params) -> None:
        """Let a member train in a slot, (slot, activation), from here on."""
        tree.map(lambda buffer, leaf: buffer[slot].copy_(leaf), self.state, state)
        tree.map(lambda buffer, leaf: buffer[slot].copy_(leaf), self.best, best)

    def take(self, slot: tuple[int, int]) -> tuple[State, mlp.Params]:
        """A copy of what a slot holds: the state, and the best parameters."""
        return (
            tree.map(lambda buffer: buffer[slot].clone(), self.state),
            tree.map(lambda buffer: buffer[slot].clone(), self.best),
        )

    def best_of(self, slot: tuple[int, int]) -> mlp.Params:
        """The best parameters in a slot, in place: to be read before the next epoch."""
        return tree.map(lambda buffer: buffer[slot], self.best)

    def keep_best(self, improved: Tensor) -> None:
        """The parameters become the best ones in the slots where `improved` (slot, activation)."""
        improved = improved.to(self.device)

        def choose(best: Tensor, leaf: Tensor) -> None:
            mask = improved.reshape(*self.shape, *(1,) * (leaf.ndim - 2))
            best.copy_(torch.where(mask, leaf, best))

        tree.map(choose, self.best, self.state.params)

    def epoch(
        self, seeds: Tensor, epochs: Tensor, rates: Tensor, on_step: OnStep | None = None
    ) -> EpochMetrics:
        """Train every slot for one epoch and validate it; the metrics are on the CPU.

        seeds, epochs: (slot, activation) int64, which say the order of the batches.
        rates: learning rates (step, slot, activation).
        on_step(done, total) is called as steps are done, on a GPU once.
        """
        seeds, epochs = seeds.to(self.device), epochs.to(self.device)
        order = batch_order(seeds, epochs, len(self.split.train.labels), self.batch_size)
        self._order.copy_(order.movedim(-2, 0))
        self._rates.copy_(rates)
        for total in self._totals:
            total.zero_()
        if self.device.type != "cuda":
            self._run(on_step)
        else:
            self._replay()
            if on_step is not None:
                on_step(self.steps, self.steps)
        return EpochMetrics(
            self._totals.loss.cpu().double() / self.steps,
            self._totals.correct.cpu().double() / (self.steps * self.batch_size),
            self._right.cpu().double() / len(self.split.validation.labels),
        )

    def _run(self, on_step: OnStep | None = None) -> None:
        for index in range(self.steps):
            self._step(index)
            if on_step is not None:
                on_step(index + 1, self.steps)
        self._validate()

    @torch.no_grad()
    def _step(self, index: int) -> None:
        new = self._advance(
            self.state, self.split.train, self._order[index], self._rates[index], self._totals
        )
        self.state = new or self.state

    def _validate(self) -> None:
        # as many at a time as in training, so that validation needs no more memory
        params, images = self.state.params, self.split.validation
        self._right.copy_(ensemble_correct(self.activations, params, images, self.batch_size))

    def _replay(self) -> None:
        if self._graph is None:
            self._graph = self._captured()
        self._graph.replay()

    def _captured(self) -> torch.cuda.CUDAGraph:
        """The epoch as a CUDA graph: capturing runs nothing, but what is captured must be warm."""
        before = tree.map(torch.clone, (self.state, self._totals))
        side = torch.cuda.Stream(self.device)
        side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(side):
            for index in range(min(3, self.steps)):
                self._step(index)
            self._validate()
        torch.cuda.current_stream(self.device).wait_stream(side)
        tree.map(lambda buffer, leaf: buffer.copy_(leaf), (self.state, self._totals), before)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._run()
        return graph


def _of_one(step: Step) -> Step:
    """A network's step as that of an ensemble of one."""

    def of_one(state: State, batch: Examples, learning_rate: Tensor) -> tuple[State, Metrics]:
        only = tree.map(lambda leaf: leaf[0, 0], (state, batch, learning_rate))
        return tree.map(lambda leaf: leaf[None, None], step(*only))

    return of_one


Pure = Callable[[State, Examples, Tensor, Tensor], tuple[State, Metrics]]
Advance = Callable[[State, Examples, Tensor, Tensor, Metrics], State | None]


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


def _advance(pure: Pure, compiling: bool, in_place: bool) -> Advance:
    """The step, its metrics added to the totals: a new state, or in place, written back over the
    one it came from."""
    if compiling and not WRITES_IN_ORDER:
        pure = compiled(pure)

    def advance(
        state: State, train: Examples, index: Tensor, rates: Tensor, totals: Metrics
    ) -> State | None:
        new, metrics = pure(state, train, index, rates)
        totals.loss.add_(metrics.loss)
        totals.correct.add_(metrics.correct)
        if not in_place:
            return new
        tree.map(Tensor.copy_, state, new)
        return None

    return compiled(advance) if compiling and WRITES_IN_ORDER else advance
