"""Many certificates at once: the functions are independent, and a process takes one core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

import torch

from actfunc.catalogue import CATALOGUE
from actfunc.certify.certificate import DTYPES, Certificate, certify


def certify_many(
    specs: Sequence[str], dtypes: Sequence[torch.dtype] = DTYPES, processes: int | None = None
) -> Iterator[Certificate]:
    """The certificates of these activations, as they are done, by one process for each core.

    specs: what `actfunc.get` takes; the processes find the records themselves.
    """
    # a fresh start: a forked process would inherit torch's threads in the middle of their work
    context = multiprocessing.get_context("spawn")
    workers = min(processes or len(os.sched_getaffinity(0)), len(specs))
    with ProcessPoolExecutor(workers, context, _alone) as pool:
        jobs = [pool.submit(_certify, spec, tuple(dtypes)) for spec in specs]
        try:
            for job in as_completed(jobs):
                yield job.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _alone() -> None:
    torch.set_num_threads(1)


def _certify(spec: str, dtypes: Sequence[torch.dtype]) -> Certificate:
    return certify(CATALOGUE.get(spec), dtypes=dtypes)
