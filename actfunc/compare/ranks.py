"""A comparison over several processes or machines that `torchrun` started."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from torch import distributed

from actfunc.errors import ActfuncError, ToldToEnd, told_to_end
from actfunc.machine import end_with_parent
from actfunc.storage import lock

Anything = TypeVar("Anything")

HINT = "what was finished is kept; the same command does what is missing"


class Ranks(NamedTuple):
    """This process among those of the run; `here` counts those on this machine."""

    rank: int = 0
    world: int = 1
    local: int = 0
    here: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that speaks and writes for all."""
        return self.rank == 0

    def gather(self, mine: Anything) -> list[Anything]:
        """What every process has, in the order of the ranks, to all of them."""
        if self.world == 1:
            return [mine]
        theirs: list[Any] = [None] * self.world
        try:
            distributed.all_gather_object(theirs, mine)
        except RuntimeError as error:  # the one class that torch has for a peer that is gone
            raise ActfuncError("another process of the run has ended", HINT) from error
        return theirs

    @contextmanager
    def alone(self, folder: Path) -> Iterator[None]:
        """Only processes of this run write into the folder, be it one for all or each one's own.

        Raises as `lock.alone` does.
        """
        run = self.gather(uuid.uuid4().hex if self.first else "")[0]
        with ExitStack() as stack:
            if self.first:
                stack.enter_context(lock.alone(folder, run))
            self.gather(None)  # nobody looks before the first has written whose it is
            if not self.first:
                stack.enter_context(lock.alone(folder, run))
            yield


@contextmanager
def joined() -> Iterator[Ranks]:
    """The processes that torchrun started, connected; alone where it did not.

    Raises ActfuncError where this process is told to end (SIGTERM).
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    before = signal.signal(signal.SIGTERM, told_to_end)
    try:
        if world == 1:
            yield Ranks()
        else:
            yield _connected(world)
            distributed.destroy_process_group()
    except ToldToEnd as told:
        # torchrun does it to the others when one has died
        why = ", as when another process of the run has died" if world > 1 else ""
        raise ActfuncError(f"told to end{why}", HINT) from told
    finally:
        signal.signal(signal.SIGTERM, before)


def _connected(world: int) -> Ranks:
    end_with_parent()
    # results alone go between the processes, and none of them is a tensor of a GPU;
    # who is done early waits for the others' training
    distributed.init_process_group("gloo", timeout=timedelta(days=30))
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    return Ranks(rank, world, local, int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
