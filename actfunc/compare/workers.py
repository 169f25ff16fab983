"""Tasks over the cores of this machine: a process a core, each on one thread.

Two processes on a core each train two networks faster than two threads train one after the other,
and a result that one thread computed does not depend on how many processes there were.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue

import torch

from actfunc.compare.folder import Pool
from actfunc.compare.plan import Task
from actfunc.compare.ranks import HINT
from actfunc.compare.records import Result
from actfunc.compare.trainer import How, News, Trainer
from actfunc.errors import ActfuncError
from actfunc.machine import single_threaded
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
    # a fresh start: a forked process would inherit torch's threads in the middle of their work
    context = multiprocessing.get_context("spawn")
    # written before `put` returns: what is told of a task is here before its results are
    news: SimpleQueue[News] = context.SimpleQueue()
    others = {*multiprocessing.active_children()}
    executor = ProcessPoolExecutor(
        min(processes, len(tasks)), context, _begin, (load, pool, how, news)
    )
    try:
        with _no_ctrl_c():
            pending = {executor.submit(_train, task) for task in tasks}
        while pending:
            done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            _pass_on(news, tell)
            for job in done:
                yield from job.result()
    except BrokenProcessPool as error:
        raise ActfuncError("a process of the comparison has died", HINT) from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in {*multiprocessing.active_children()} - others:
            process.terminate()  # in the middle of an epoch; what came before is on disk


@contextmanager
def _no_ctrl_c() -> Iterator[None]:
    """Processes that are started here never hear Ctrl-C; this one hears it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pass_on(news: SimpleQueue[News], tell: Tell) -> None:
    while not news.empty():
        tell(news.get())


class _Own:
    """What a process of the pool has to itself from its beginning."""

    trainer: Trainer
    news: SimpleQueue[News]


def _begin(load: Load, pool: Pool, how: How, news: SimpleQueue[News]) -> None:
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    torch.set_num_threads(1)
    _Own.trainer, _Own.news = Trainer(load(), pool, how), news


def _train(task: Task) -> list[Result]:
    return _Own.trainer.train(task, _Own.news.put)


def _end_with_the_first() -> None:
    # killed, it cannot end the others, and they would wait for tasks for ever
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os._exit(1)
