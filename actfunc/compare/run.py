"""A comparison from its plan to its results: planned, shared out, trained, gathered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import NamedTuple

import torch

from actfunc import networks
from actfunc.compare.folder import Pool
from actfunc.compare.plan import Plan, Task, tasks
from actfunc.compare.ranks import Ranks
from actfunc.compare.records import Member, Result
from actfunc.compare.trainer import How, News
from actfunc.compare.workers import Load, train_all
from actfunc.data.intake import pixels
from actfunc.machine import available_cores
from actfunc.storage import WorkingSet, provenance
from actfunc.storage.run import objective_facts
from actfunc.training import Optimizer, Settings, losses, optimizer
from actfunc.training.arithmetic import FLOAT32, Arithmetic
from actfunc.training.memory import (
    Demand,
    demand,
    demand_of_a_graph,
    demand_of_any,
    fitting,
    worthwhile,
)

MOST_SIDE_BY_SIDE = 32
"""Activations in one program: each adds to what is compiled."""


class Arrangement(NamedTuple):
    """How members are trained on what there is.

    processes:     of this rank; each trains on one thread on a CPU.
    everywhere:    processes of all ranks.
    at_a_time:     members of one activation in a program.
    side_by_side:  whether a program holds all activations.
    wanted:        how many at a time would have been worth it; more than `at_a_time` where the
                   memory decided.
    """

    processes: int
    everywhere: int
    at_a_time: int
    side_by_side: bool
    wanted: int


def arrange(
    plan: Plan,
    work: WorkingSet,
    settings: Settings,
    ranks: Ranks,
    *,
    processes: int | None = None,
    at_a_time: int | None = None,
    compiling: bool = False,
) -> Arrangement:
    """How to train a plan on the device of `work`; what is None is chosen from what there is.

    All ranks get the same `at_a_time`, or they would not share out the same tasks. It depends on
    how many processes there are only where memory is short, so that they compute what one computes.
    """
    on_cpu = work.device.type == "cpu"
    processes = processes or (max(1, available_cores() // ranks.here) if on_cpu else 1)
    side_by_side = not on_cpu and 1 < len(plan.activations) <= MOST_SIDE_BY_SIDE
    beside = len(plan.activations) if side_by_side else 1
    sizes = [work.sizes(layers) for layers in plan.hidden]
    worth = [worthwhile(size, settings.batch_size, work.device) for size in sizes]
    # on a CPU members of another network follow one another in a program: a task each is as good
    worth += [1 if on_cpu else plan.alike for _ in plan.networks]
    wanted = at_a_time or min(plan.alike, *worth)
    sharing = processes * ranks.here if on_cpu else processes
    rules = [optimizer.named(spec) for spec in plan.optimizers]
    demands = [_each(size, rule, work, settings, compiling) for size in sizes for rule in rules]
    demands += [_measured(spec, rule, work, settings) for spec in plan.networks for rule in rules]
    room = min(fitting(each, work.device, sharing) for each in demands)
    fits = max(1, min(wanted, room // beside))
    theirs = ranks.gather((processes, fits))
    everywhere, least = sum(own for own, _ in theirs), min(fits for _, fits in theirs)
    return Arrangement(processes, everywhere, least, side_by_side, wanted)


def _each(
    sizes: Sequence[int], rule: Optimizer, work: WorkingSet, settings: Settings, compiling: bool
) -> Demand:
    if work.device.type == "cpu":
        return demand(sizes, rule, settings.batch_size)
    examples = len(work.split.train.labels)
    return demand_of_a_graph(sizes, rule, settings.batch_size, examples, compiling=compiling)


def _measured(spec: str, rule: Optimizer, work: WorkingSet, settings: Settings) -> Demand:
    inputs = pixels(work.split.train.images[:2], torch.float32)
    return demand_of_any(networks.get(spec), rule, inputs, settings.batch_size)


def common(
    work: WorkingSet,
    settings: Settings,
    arithmetic: Arithmetic = FLOAT32,
    loss: str = losses.CROSS_ENTROPY.name,
) -> dict[str, object]:
    """What all members of a pool have in common, as JSON values."""
    varied = ("learning_rate", "optimizer", "init", "seed")
    shared = {key: value for key, value in asdict(settings).items() if key not in varied}
    return {
        "dataset": work.dataset.name,
        "train": len(work.split.train.labels),
        "split_seed": work.split_seed,
        **shared,
        **asdict(arithmetic),
        **{key: told for key, told in objective_facts("", loss).items() if told},
        "made_by": provenance(work.device),
    }


def compare(
    plan: Plan,
    load: Load,
    pool: Pool,
    how: How,
    arrangement: Arrangement,
    ranks: Ranks,
    *,
    tell: Callable[[News], None],
) -> list[Result]:
    """Train what the pool lacks of a plan, and give the results of all its members, in its order.

    Each rank trains its share and has all results in the end; on machines of their own, each
    has the others' in its pool as well.
    """
    known = {
        result.member: result
        for results in ranks.gather([*filter(None, map(pool.result, plan.members))])
        for result in results
    }
    missing = [member for member in plan.members if member not in known]
    mine = _share(missing, arrangement, ranks)
    trained = list(
        train_all(mine, load, pool, how, processes=arrangement.processes, tell=tell) if mine else ()
    )
    for results in ranks.gather(trained):
        known.update((result.member, result) for result in results)
    for member in plan.members:
        if member not in pool:
            pool.keep(known[member])
    return [known[member] for member in plan.members]


def _share(missing: Sequence[Member], arrangement: Arrangement, ranks: Ranks) -> list[Task]:
    every = tasks(
        missing,
        side_by_side=arrangement.side_by_side,
        at_a_time=arrangement.at_a_time,
        shares=arrangement.everywhere,
    )
    return every[ranks.rank :: ranks.world]
