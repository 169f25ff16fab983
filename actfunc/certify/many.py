"""Many certificates at once: the functions are independent, and a process takes one core."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed

import torch

from actfunc.activation import Activation
from actfunc.catalogue import find
from actfunc.certify.certificate import DTYPES, FINE, Certificate, Report, certify
from actfunc.certify.pairs import certify_pair
from actfunc.certify.vectors import certify_vector
from actfunc.errors import UsageError
from actfunc.gated import GatedPair
from actfunc.machine import (
    available_cores,
    begin_as_worker,
    hidden_from_ctrl_c,
    worker_processes,
)
from actfunc.vector import VectorFunction


def certify_any(
    subject: Activation | GatedPair | VectorFunction,
    *,
    dtypes: Sequence[torch.dtype] = DTYPES,
    compiled: bool = False,
    formula: str | None = None,
    report: Report | None = None,
) -> Certificate:
    """The certificate of a record of any kind. Pairs and vector functions have no 16-bit part."""
    if isinstance(subject, Activation):
        return certify(subject, dtypes=dtypes, compiled=compiled, formula=formula, report=report)
    if formula is not None:
        raise UsageError(f"{subject.name} is judged by its own formula; leave --formula out")
    fine = fine_dtypes(subject.name, dtypes)
    # warnings may have been made errors, and none of torch's own is a finding
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(subject, GatedPair):
            return certify_pair(subject, dtypes=fine, compiled=compiled, report=report)
        return certify_vector(subject, dtypes=fine, compiled=compiled, report=report)


def fine_dtypes(name: str, dtypes: Sequence[torch.dtype]) -> list[torch.dtype]:
    """Those that a pair or a vector function is judged in. Raises UsageError where none is."""
    fine = [dtype for dtype in dtypes if dtype in FINE]
    if not fine:
        raise UsageError(f"{name} is certified in float64 and float32; name one of them")
    return fine


def certify_many(
    specs: Sequence[str],
    dtypes: Sequence[torch.dtype] = DTYPES,
    processes: int | None = None,
    *,
    compiled: bool = False,
) -> Iterator[Certificate]:
    """The certificates of these records, as they are done, by one process for each core.

    specs: what `find` takes; the processes find the records themselves.
    """
    count = min(processes or available_cores(), len(specs))
    with worker_processes(count, _alone, hint="perhaps for lack of memory") as workers:
        with hidden_from_ctrl_c():
            jobs = [workers.submit(_certify, spec, tuple(dtypes), compiled) for spec in specs]
        for job in as_completed(jobs):
            yield job.result()


def _alone() -> None:
    begin_as_worker()
    # the compiler would start as many processes of its own in each of these
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"


def _certify(spec: str, dtypes: Sequence[torch.dtype], compiled: bool) -> Certificate:
    return certify_any(find(spec), dtypes=dtypes, compiled=compiled)
