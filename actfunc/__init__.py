"""A laboratory for activation functions on torch.func.

    import actfunc
    gelu = actfunc.get("gelu")      # a record: gelu.f, gelu.df, gelu.d2f, gelu.formula, …
    gelu(x)                         # lifted: every torch.func transform sees those derivatives

The names below load on first use, so that `actfunc --help` does not wait for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from actfunc.activation import Activation
    from actfunc.catalogue import CATALOGUE, get, names
    from actfunc.errors import ActfuncError
    from actfunc.lifting import lift

__all__ = ["CATALOGUE", "ActfuncError", "Activation", "__version__", "get", "lift", "names"]

_HOME = {
    "Activation": "activation",
    "ActfuncError": "errors",
    "CATALOGUE": "catalogue",
    "get": "catalogue",
    "lift": "lifting",
    "names": "catalogue",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"actfunc.{_HOME[name]}"), name)
    raise AttributeError(f"module 'actfunc' has no attribute {name!r}")
