"""Numbers that the command line and Python take alike where nobody says otherwise.

They stand apart from their functions because the command line shows them before torch is loaded.
"""

from __future__ import annotations

EIGENVALUES = 5
"""So many of the Hessian's largest are told."""

LANCZOS_STEPS = 30
"""Products of the Hessian, and as many of its Gauss-Newton part; more make residuals smaller."""

TRACE_PROBES = 20
"""Random vectors for the part of the Hessian's trace that is not known exactly."""
