"""The catalogue: one file a family of activations, one record an activation.

To add one, write its record into the `RECORDS` of its family. Tests, certificates, plots, the
command line and the docs take it from there.
"""

from __future__ import annotations

from actfunc.activation import Activation
from actfunc.catalogue import (
    algebraic,
    bell,
    composed,
    exponential,
    hard,
    logistic_gates,
    periodic,
    polynomial,
    rectified,
    self_gated,
    shrinkage,
    sigmoidal,
    signed,
    smooth,
)
from actfunc.catalogue.lookup import Catalogue

FAMILIES: dict[str, tuple[Activation, ...]] = {
    "sigmoidal": sigmoidal.RECORDS,
    "algebraic": algebraic.RECORDS,
    "rectified": rectified.RECORDS,
    "hard": hard.RECORDS,
    "shrinkage": shrinkage.RECORDS,
    "exponential": exponential.RECORDS,
    "smooth": smooth.RECORDS,
    "self-gated": self_gated.RECORDS,
    "logistic gates": logistic_gates.RECORDS,
    "composed gates": composed.RECORDS,
    "signed": signed.RECORDS,
    "periodic": periodic.RECORDS,
    "bell": bell.RECORDS,
    "polynomial": polynomial.RECORDS,
}

CATALOGUE = Catalogue(FAMILIES)

get = CATALOGUE.get
names = CATALOGUE.names
