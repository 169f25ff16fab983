"""Is it right? An activation judged by its formula, torch's ways to a derivative, differences."""

from __future__ import annotations

from actfunc.certify.certificate import Certificate, certify
from actfunc.certify.many import certify_any, certify_many
from actfunc.formulas.formula import Formula, parse

__all__ = ["Certificate", "Formula", "certify", "certify_any", "certify_many", "parse"]
