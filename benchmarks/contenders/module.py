"""A loop over an nn.Module as whoever knows torch well writes it, eager and under torch.compile."""

from __future__ import annotations

import itertools
import logging

import torch
from torch import Tensor, nn

from actfunc import mlp
from actfunc.storage import WorkingSet
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


def module(work: WorkingSet, *, compiling: bool) -> Epoch:
    """Images as uint8 on the device, gathered once an epoch, normalised batch by batch.

    Compiled are the forward pass with the loss, its backward pass, and the optimiser's step.
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

    def epoch() -> Scores:
        model.train()
        order = batches(work, next(number))
        images, labels = (
            part.index_select(0, order.flatten()).unflatten(0, order.shape)
            for part in work.split.train
        )
        total = torch.zeros((), device=work.device)
        right = torch.zeros((), dtype=torch.int64, device=work.device)
        for batch in zip(images, labels, strict=True):
            loss, correct = forward(*batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            advance()
            total += loss.detach()
            right += correct
        return Scores(total.item() / len(order), int(right))

    return epoch
