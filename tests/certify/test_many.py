"""Any record's certificate by its kind, with what was asked for."""

from __future__ import annotations

import pytest
import torch

import actfunc
from actfunc.catalogue import PAIRS, VECTORS
from actfunc.certify import many
from actfunc.certify.many import certify_any
from actfunc.errors import UsageError

SUBJECTS = {
    "certify": actfunc.CATALOGUE["gelu"],
    "certify_pair": PAIRS["glu"],
    "certify_vector": VECTORS["softmax"],
}


@pytest.mark.parametrize("kind", SUBJECTS)
def test_what_is_asked_for_is_passed_on(kind, monkeypatch):
    asked = []
    monkeypatch.setattr(many, kind, lambda subject, **more: asked.append((subject, more)))
    told = [].append
    dtypes = (torch.float32, torch.float16)
    certify_any(SUBJECTS[kind], dtypes=dtypes, compiled=True, report=told)
    [(subject, more)] = asked
    assert subject is SUBJECTS[kind]
    assert more["compiled"] is True
    assert more["report"] is told
    assert list(more["dtypes"]) == list(dtypes[: 2 if kind == "certify" else 1])


@pytest.mark.parametrize("kind", ["certify_pair", "certify_vector"])
def test_what_other_kinds_have_not_is_refused(kind):
    with pytest.raises(UsageError, match="certified in float64 and float32"):
        certify_any(SUBJECTS[kind], dtypes=(torch.float16,))
    with pytest.raises(UsageError, match="judged by its own formula"):
        certify_any(SUBJECTS[kind], formula="x")
