"""The catalogue: one file a family of activations, one record an activation.

To add one, write its record into the `RECORDS` of its family. Tests, certificates, plots, the
command line and the docs take it from there.
"""

from __future__ import annotations

from actfunc.activation import Activation
from actfunc.catalogue import exponential, polynomial, rectified, self_gated, sigmoidal
from actfunc.catalogue.lookup import Catalogue

FAMILIES: dict[str, tuple[Activation, ...]] = {
    "sigmoidal": sigmoidal.RECORDS,
    "rectified": rectified.RECORDS,
    "exponential": exponential.RECORDS,
    "self-gated": self_gated.RECORDS,
    "polynomial": polynomial.RECORDS,
}

CATALOGUE = Catalogue(FAMILIES)

get = CATALOGUE.get
names = CATALOGUE.names
