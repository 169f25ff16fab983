"""Tasks over the cores of this machine: a process a core, each on one thread.

Two processes on a core each train two networks faster than two threads train one after the other,
and a result that one thread computed does not depend on how many processes there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from multiprocessing.queues import SimpleQueue

from actfunc.compare.folder import Pool
from actfunc.compare.plan import Task
from actfunc.compare.ranks import HINT
from actfunc.compare.records import Result
from actfunc.compare.trainer import How, News, Trainer
from actfunc.machine import (
    SPAWN,
    begin_as_worker,
    hidden_from_ctrl_c,
    single_threaded,
    worker_processes,
)
from actfunc.storage import WorkingSet

Tell = Callable[[News], None]
Load = Callable[[], WorkingSet]


def train_all(
    tasks: Sequence[Task],
    load: Load,
    pool: Pool,
    how: How,
    *,
    processes: int,
    tell: Tell,
) -> Iterator[Result]:
    """The results of all tasks, as they are done. Raises ActfuncError where a process dies.

    load: gives what is worked on; each process calls it for itself, so it can be pickled.
    """
    if processes == 1 or len(tasks) < 2:
        work = load()
        with single_threaded(work.device):
            trainer = Trainer(work, pool, how)
            for task in tasks:
                yield from trainer.train(task, tell)
        return
    # written before `put` returns: what is told of a task is here before its results are
    news: SimpleQueue[News] = SPAWN.SimpleQueue()
    count = min(processes, len(tasks))
    with worker_processes(count, _begin, (load, pool, how, news), HINT) as workers:
        with hidden_from_ctrl_c():
            pending = {workers.submit(_train, task) for task in tasks}
        while pending:
            done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            _pass_on(news, tell)
            for job in done:
                yield from job.result()


def _pass_on(news: SimpleQueue[News], tell: Tell) -> None:
    while not news.empty():
        tell(news.get())


class _Own:
    """What a process of the pool has to itself from its beginning."""

    trainer: Trainer
    news: SimpleQueue[News]


def _begin(load: Load, pool: Pool, how: How, news: SimpleQueue[News]) -> None:
    begin_as_worker()
    _Own.trainer, _Own.news = Trainer(load(), pool, how), news


def _train(task: Task) -> list[Result]:
    return _Own.trainer.train(task, _Own.news.put)
