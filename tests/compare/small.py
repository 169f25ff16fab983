"""Comparisons that take a moment: a few drawn images, small networks, a few epochs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from actfunc.compare.folder import Pool, document
from actfunc.compare.plan import Plan
from actfunc.compare.ranks import Ranks
from actfunc.compare.records import Arm, Member, Reading, Result
from actfunc.compare.run import arrange, common, compare
from actfunc.compare.trainer import How, News
from actfunc.storage import prepare
from actfunc.training import Epoch, Settings, optimizer

LOAD = partial(prepare, "silhouettes", seed=42, device=torch.device("cpu"), examples=600)
"""500 images to train on, 100 to validate, 100 to test; processes can load it for themselves."""

SETTINGS = Settings(batch_size=50, max_epochs=3, patience=1, early_stopping=False)
SGD = optimizer.canonical("sgd")
HIDDEN = (16, 8)


def plan_of(*activations: str, seeds: int | Sequence[int] = 3, **more: Any) -> Plan:
    """A plan for small networks, at a rate with which they learn in a few epochs."""
    counted = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    rest = {"learning_rates": (0.05,), "hidden": (HIDDEN,), "optimizers": (SGD,)} | more
    return Plan(activations or ("tanh", "elu:alpha=0.5"), counted, **rest)


def run(
    plan: Plan,
    folder: Path,
    settings: Settings = SETTINGS,
    *,
    processes: int = 1,
    at_a_time: int | None = 2,
    tell=lambda news: None,
) -> list[Result]:
    """What the command does with a plan."""
    work, alone, pool = LOAD(), Ranks(), Pool(folder)
    arrangement = arrange(plan, work, settings, alone, processes=processes, at_a_time=at_a_time)
    pool.begin(common(work, settings))
    how = How(settings, arrangement.at_a_time, compiling=False)
    return compare(plan, LOAD, pool, how, arrangement, alone, tell=tell)


def timeless(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Results as JSON values, in which a diverged loss equals itself, without the seconds."""
    documents = [document(result) for result in results]
    for each in documents:
        del each["seconds"]
        for epoch in each["history"]:
            del epoch["seconds"]
    return documents


class Cut(BaseException):
    """Cuts a comparison off."""


class Told:
    """Keeps the news of a comparison, and cuts it off after so many."""

    def __init__(self, cut_after: int | None = None) -> None:
        self.news: list[News] = []
        self._cut_after = cut_after

    def __call__(self, news: News) -> None:
        self.news.append(news)
        if len(self.news) == self._cut_after:
            raise Cut

    @property
    def finished(self) -> list[Member]:
        """The members that were done, in the order in which they were."""
        return [news.member for news in self.news if news.finished]


def made_up(
    activation: str = "relu", seed: int = 0, loss: float = 0.7, rate: float = 0.1
) -> Result:
    """A result that nothing was trained for."""
    history = (Epoch(1, 2.3, 0.1, 0.125, 0.5), Epoch(2, loss, 0.5, 0.534, 0.25))
    member = Member(Arm(activation, HIDDEN, SGD), rate, seed)
    return Result(member, Reading(53.4, 52.1, 2, 2), Reading(12.5, 10.0, 1, 1), history, 0.75)
