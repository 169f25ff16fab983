"""Our own epoch as `actfunc compare` trains on a CPU: a process a core, each on one thread."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from multiprocessing.connection import Connection

import torch

from actfunc.storage import WorkingSet, prepare
from contenders import Epoch, Scores
from contenders.ours import ours


def processes(work: WorkingSet, *, members: int) -> Epoch:
    """An epoch of as many networks as said, each in its own process, all at once.

    Its scores are the first one's, which begins with the weights of the working set's seed.
    """
    context = multiprocessing.get_context("spawn")
    ends = []
    for number in range(members):
        end, others_end = context.Pipe()
        # a daemon ends with this process, and so does one that waits for a word from it
        context.Process(target=_serve, args=(work.seed, number, others_end), daemon=True).start()
        ends.append(end)
    for end in ends:
        end.recv()

    def epoch() -> Scores:
        for end in ends:
            end.send("go")
        first, *_ = [end.recv() for end in ends]
        return first

    return epoch


def _serve(seed: int, number: int, end: Connection) -> None:
    torch.set_num_threads(1)
    work = prepare("fashion_mnist", seed=seed, device=torch.device("cpu"))
    epoch = ours(work, compiling=True, first=number)
    end.send("ready")
    with suppress(EOFError):  # the contest is over
        while end.recv():
            end.send(epoch())
