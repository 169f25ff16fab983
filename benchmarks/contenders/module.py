"""A loop over an nn.Module as whoever knows torch well writes it, eager and under torch.compile."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable

import torch
from torch import Tensor, nn

from actfunc import mlp
from actfunc.storage import WorkingSet
from actfunc.training.capture import captured
from contenders import MOMENTUM, RECIPE, Epoch, Scores, batches


def network(params: mlp.Params) -> nn.Sequential:
    """The network with ReLU and these weights, as a stack of nn.Linear."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(mlp.sizes(params)):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    stack = nn.Sequential(nn.Flatten(), *layers[:-1]).to(params[0].weight.device)
    with torch.no_grad():
        for parameter, leaf in zip(stack.parameters(), itertools.chain(*params), strict=True):
            parameter.copy_(leaf)
    return stack


def module(work: WorkingSet, *, compiling: bool, capturing: bool = False) -> Epoch:
    """Images as uint8 on the device, gathered once an epoch, normalised batch by batch.

    Compiled are the forward pass with the loss, its backward pass, and the optimiser's step.
    Captured is all of a step.
    """
    model = network(work.fresh())
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=RECIPE.learning_rate,
        momentum=MOMENTUM,
        # the fastest of its kinds where it is called as it is; the compiler fuses by itself
        **({"foreach": True} if compiling else {"fused": True}),
    )

    def forward(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = model(images.float().mul_(2 / 255).sub_(1))
        return criterion(logits, labels), (logits.argmax(dim=-1) == labels).sum()

    advance = optimizer.step
    if compiling:
        # it tells of profiling marks that it leaves out
        logging.getLogger("torch._dynamo").setLevel(logging.ERROR)
        forward = torch.compile(forward, fullgraph=True, dynamic=False)
        advance = torch.compile(optimizer.step)
    number = itertools.count()
    total = torch.zeros((), device=work.device)
    right = torch.zeros((), dtype=torch.int64, device=work.device)

    def step(images: Tensor, labels: Tensor) -> None:
        loss, correct = forward(images, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        advance()
        total.add_(loss.detach())
        right.add_(correct)

    run = _one_by_one(step)
    if capturing:
        run = _replayed(step, work, model, optimizer)

    def epoch() -> Scores:
        model.train()
        order = batches(work, next(number))
        images, labels = (
            part.index_select(0, order.flatten()).unflatten(0, order.shape)
            for part in work.split.train
        )
        total.zero_()
        right.zero_()
        run(images, labels)
        return Scores(total.item() / len(order), int(right))

    return epoch


Run = Callable[[Tensor, Tensor], None]


def _one_by_one(step: Run) -> Run:
    def run(images: Tensor, labels: Tensor) -> None:
        for batch in zip(images, labels, strict=True):
            step(*batch)

    return run


def _replayed(
    step: Run, work: WorkingSet, model: nn.Module, optimizer: torch.optim.Optimizer
) -> Run:
    """The step as a CUDA graph, for each batch of an epoch copied to where it reads.

    Warming up trains: weights are put back, and the momentum is that of a first step, 0.
    """
    shape = (RECIPE.batch_size, *work.split.train.images.shape[1:])
    images = torch.zeros(shape, dtype=torch.uint8, device=work.device)
    labels = torch.zeros(RECIPE.batch_size, dtype=torch.int64, device=work.device)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    (replay,) = captured(work.device, lambda: step(images, labels))
    with torch.no_grad():
        for parameter, leaf in zip(model.parameters(), before, strict=True):
            parameter.copy_(leaf)
            optimizer.state[parameter]["momentum_buffer"].zero_()

    def run(every: Tensor, theirs: Tensor) -> None:
        for one, its in zip(every, theirs, strict=True):
            images.copy_(one)
            labels.copy_(its)
            replay()

    return run
