"""What to agree with: modules, hooks, the tutorial's loop; a comparison that shows where not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

from actfunc import mlp
from actfunc.analysis.lanczos import TraceEstimate, mean, signs


def needs_vmap_of_bits() -> None:
    """Skip where torch cannot map over a tensor seen as another dtype, as before 2.13."""
    try:
        torch.func.vmap(lambda x: x.view(torch.int32))(torch.zeros(2, 3))
    except RuntimeError as error:
        pytest.skip(f"torch {torch.__version__}: {str(error).partition(';')[0]}")


def hutchinson(
    product: Callable[[Tensor], Tensor], like: Tensor, count: int, seed: int
) -> TraceEstimate:
    """The trace of a matrix by so many vectors of random signs."""
    generator = torch.Generator().manual_seed(seed)
    probes = (signs(like, generator) for _ in range(count))
    return mean([(probe * product(probe)).sum() for probe in probes])


class Pointwise(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Network(nn.Module):
    """The tutorial's module: `layers` alternates nn.Linear and the activation."""

    def __init__(self, sizes: tuple[int, ...], function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for fan_in, fan_out in itertools.pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), Pointwise(function)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.flatten(1))

    @property
    def linear(self) -> list[nn.Linear]:
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]


def module_of(params: mlp.Params, function: Callable[[Tensor], Tensor]) -> Network:
    """The tutorial's module with copies of these parameters."""
    network = Network(mlp.sizes(params), function).to(params[0].weight.dtype)
    with torch.no_grad():
        for layer, (weight, bias) in zip(network.linear, params, strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    return network


@contextmanager
def outputs(modules: list[nn.Module]) -> Iterator[list[Tensor]]:
    """The list that forward hooks on the modules fill, in the order of the calls."""
    seen: list[Tensor] = []
    hooks = [m.register_forward_hook(lambda _m, _x, y: seen.append(y)) for m in modules]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def tutorials_loop(scores: list[float], max_epochs: int, patience: int) -> tuple[int, int]:
    """The notebook's loop over given validation scores: epochs run and the epoch saved, from 1."""
    val_scores: list[float] = []
    best_val_epoch = -1
    epoch = -1
    for epoch in range(max_epochs):
        val_acc = scores[epoch]
        val_scores.append(val_acc)
        if len(val_scores) == 1 or val_acc > val_scores[best_val_epoch]:
            best_val_epoch = epoch
        elif best_val_epoch <= epoch - patience:
            break
    return epoch + 1, best_val_epoch + 1


def assert_same(
    got: Tensor, want: Tensor, at: Tensor | None = None, flush: bool = False, what: str = ""
) -> None:
    """Equal bit for bit, but for the sign of zero and, with `flush`, below the smallest normal.

    A failure says `what` and lists the points furthest apart: input, got, wanted.
    """
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    same = (got == want) | (got.isnan() & want.isnan())
    if flush:
        tiny = torch.finfo(want.dtype).tiny
        same |= (got.abs() <= tiny) & (want.abs() <= tiny)
        # the lift halves a curvature and adds it twice, which loses a bit below twice that number
        step = tiny * torch.finfo(want.dtype).eps
        same |= (want.abs() < 2 * tiny) & ((got.double() - want.double()).abs() <= step)
    if not same.all():
        gap = (got.double() - want.double()).abs().nan_to_num(torch.inf).where(~same, -1.0)
        worst = gap.flatten().topk(min(5, gap.numel())).indices
        x = torch.full_like(want, torch.nan) if at is None else at
        lines = [
            f"  at {x.flatten()[i].item()!r}: got {got.flatten()[i].item()!r},"
            f" wanted {want.flatten()[i].item()!r}"
            for i in worst
            if gap.flatten()[i] >= 0
        ]
        raise AssertionError(
            f"{what} {int((~same).sum())} of {same.numel()} differ\n" + "\n".join(lines)
        )
