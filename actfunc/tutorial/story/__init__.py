"""What each part of the tutorial shows of a study: figures, sentences made from it, tables.

Nothing is computed here but shares and ratios of what was found, and nothing is said of a result
that is not looked up in it.
"""

from __future__ import annotations

from actfunc.tutorial.story.trained import accuracies, conclusion, dead, distributions
from actfunc.tutorial.story.untrained import derivatives, examples, functions, gradients

__all__ = [
    "accuracies",
    "conclusion",
    "dead",
    "derivatives",
    "distributions",
    "examples",
    "functions",
    "gradients",
]
