"""Certificates that several tests of the tutorial look at, made once."""

from __future__ import annotations

import functools

import torch

from actfunc import get
from actfunc.certify.certificate import Certificate, certify


@functools.cache
def certified(spec: str) -> Certificate:
    """A certificate in the dtypes that the page tells of."""
    return certify(get(spec), dtypes=(torch.float64, torch.float32))
