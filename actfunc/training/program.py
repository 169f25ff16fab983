"""The program: slots that hold members, trained an epoch at a time in buffers that stay in place.

The steps it repeats are pure; what they give is written back over what they read, so that an epoch
allocates nothing. On a GPU a step is a CUDA graph that is replayed, and the validation another. A
single network on a CPU, where nothing is compiled, goes from one state to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from actfunc import mlp, torch_private, tree
from actfunc.data import Examples, Split, intake
from actfunc.errors import UsageError
from actfunc.given import Given, taken
from actfunc.networks import Network
from actfunc.number import whole
from actfunc.training import losses, memory, trial
from actfunc.training.advance import advance, of_one
from actfunc.training.capture import Work, captured
from actfunc.training.compile import without_advice
from actfunc.training.ensemble import ensemble_correct, ensemble_step, start_ensemble
from actfunc.training.losses import GivenLoss
from actfunc.training.objective import objective_of
from actfunc.training.optimizer import Optimizer
from actfunc.training.order import batch_order, steps_an_epoch
from actfunc.training.step import Metrics, State, make_step

OnStep = Callable[[int, int], None]


class EpochMetrics(NamedTuple):
    """Of one epoch, (slot, activation) float64: the mean loss, and the scores: shares of right
    answers, or where targets are numbers of variance explained."""

    loss: Tensor
    train_accuracy: Tensor
    validation_accuracy: Tensor


class Program:
    """Networks of one shape on one device, `slots` of each of the activations, side by side.

    network: the layer sizes of multilayer perceptrons, or any network; loss: see `losses.named`.
    split: images and labels as people bring them, see `intake`; activations: see `given.taken`.
    compiling: compile the step; precision: see `make_step`. Members are put into slots and taken
    out between epochs, so one program trains any number of them without compiling again.
    """

    def __init__(
        self,
        activations: Sequence[Given],
        optimizer: Optimizer,
        network: Sequence[int] | Network,
        split: Split,
        *,
        batch_size: int,
        loss: GivenLoss = losses.CROSS_ENTROPY,
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
        sizes = None if isinstance(network, Network) else network
        self.objective = objective_of(network if isinstance(network, Network) else None, loss)
        drawn = self.objective.network.init(0) if sizes is None else mlp.init(sizes, seed=0)
        one = tree.map(lambda leaf: leaf.to(self.device, dtype), drawn)
        self.split = self.objective.taken_split(one, split)
        self.steps = steps_an_epoch(len(self.split.train.labels), batch_size)
        params = tree.map(lambda leaf: leaf.expand(*self.shape, *leaf.shape).clone(), one)
        self.state = start_ensemble(optimizer, params)
        self.best = tree.map(torch.clone, params)
        self._order = torch.zeros(
            (self.steps, *self.shape, batch_size), dtype=torch.int32, device=self.device
        )
        self._rates = torch.zeros((self.steps, *self.shape), dtype=dtype, device=self.device)
        counts = losses.counts_in(self.split.train.labels, dtype)
        self._totals = Metrics(
            torch.zeros(self.shape, dtype=dtype, device=self.device),
            torch.zeros(self.shape, dtype=counts, device=self.device),
        )
        self._right = torch.zeros(self.shape, dtype=counts, device=self.device)
        self._at = torch.zeros(1, dtype=torch.int64, device=self.device)
        self._chunk = batch_size
        if sizes is not None:
            self._chunk = memory.validated_at_once(
                sizes, self.shape[0] * self.shape[1], batch_size, self.device, dtype
            )
        if self.device.type == "cpu":
            torch_private.keep_heap()
        self._alone = [
            make_step(
                each,
                optimizer,
                precision=precision,
                network=self.objective.network,
                loss=self.objective.loss,
            )
            for each in self.activations
        ]
        if self.shape == (1, 1) and not compiling:
            # eagerly, mapping over one costs half as much again as the step
            step, in_place = of_one(self._alone[0]), self.device.type == "cuda"
        else:
            step, in_place = (
                ensemble_step(
                    self.activations, optimizer, precision=precision, objective=self.objective
                ),
                True,
            )
        self._advance = advance(step, compiling=compiling, in_place=in_place)
        start = State(one, optimizer.init(one))
        if compiling:
            self._try_out(start)
        self._graphs: tuple[Work, ...] | None = None
        if self.device.type == "cuda":
            # in an own graph each, whose works warm up on what is in the slots
            self._graphs = captured(self.device, self._next, self._validate)
            self._begin_with(start)

    def _try_out(self, start: State) -> None:
        """Compile, and compare the first step of each activation's last member with the eager one.

        `start` is what all slots hold, before and after.
        """
        once = torch.zeros((), dtype=torch.int64, device=self.device)
        rows = batch_order(once, once, len(self.split.train.labels), self.batch_size)[0]
        batch = Examples(*(part.index_select(0, rows) for part in self.split.train))
        self._order[0] = rows
        self._rates[0] = trial.RATE
        with without_advice():
            self._step(0)
        for place, activation in enumerate(self.activations):
            slot = (self.shape[0] - 1, place)
            after = tree.map(lambda buffer, slot=slot: buffer[slot], self.state)
            loss = self._totals.loss[slot].item()
            trial.judge(activation, self._alone[place], start, batch, after, loss)
        self._begin_with(start)

    def _begin_with(self, start: State) -> None:
        tree.map(lambda buffer, leaf: buffer.copy_(leaf), self.state, start)
        self._begin()

    def _begin(self) -> None:
        """The first step is next, and nothing is in the totals."""
        self._at.zero_()
        for total in self._totals:
            total.zero_()

    def put(self, slot: tuple[int, int], state: State, best: Any) -> None:
        """Let a member train in a slot, (slot, activation), from here on."""
        tree.map(lambda buffer, leaf: buffer[slot].copy_(leaf), self.state, state)
        tree.map(lambda buffer, leaf: buffer[slot].copy_(leaf), self.best, best)

    def take(self, slot: tuple[int, int]) -> tuple[State, Any]:
        """A copy of what a slot holds: the state, and the best parameters."""
        return (
            tree.map(lambda buffer: buffer[slot].clone(), self.state),
            tree.map(lambda buffer: buffer[slot].clone(), self.best),
        )

    def best_of(self, slot: tuple[int, int]) -> Any:
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
        self._begin()
        if self._graphs is None:
            self._run(on_step)
        else:
            self._replay()
            if on_step is not None:
                on_step(self.steps, self.steps)
        validation = self.split.validation.labels
        return EpochMetrics(
            self._totals.loss.cpu().double() / self.steps,
            losses.share(
                self._totals.correct.cpu(), self.steps * self.batch_size, self.split.train.labels
            ),
            losses.share(self._right.cpu(), len(validation), validation),
        )

    def _run(self, on_step: OnStep | None = None) -> None:
        for index in range(self.steps):
            self._step(index)
            if on_step is not None:
                on_step(index + 1, self.steps)
        self._validate()

    def _replay(self) -> None:
        assert self._graphs is not None
        step, validate = self._graphs
        for _ in range(self.steps):
            step()
        validate()

    def _step(self, index: int) -> None:
        """The step of that number."""
        self._train(self._order[index], self._rates[index])

    def _next(self) -> None:
        """The step whose number is on the device, which counts by itself: a graph can repeat it."""
        self._train(*(part.index_select(0, self._at)[0] for part in (self._order, self._rates)))
        self._at.add_(1).remainder_(self.steps)

    @torch.no_grad()
    def _train(self, rows: Tensor, rates: Tensor) -> None:
        new = self._advance(self.state, self.split.train, rows, rates, self._totals)
        self.state = new or self.state

    def _validate(self) -> None:
        params, images = self.state.params, self.split.validation
        self._right.copy_(
            ensemble_correct(self.activations, params, images, self._chunk, self.objective)
        )
