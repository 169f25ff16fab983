"""Curvature of the tutorial's trained networks, beside SciPy's `eigsh` and plain Hutchinson.

The largest eigenvalues by ARPACK on the same operator, and the trace by many random vectors through
the whole Hessian, which share nothing with ours but its products. 1 where they are apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from contest import write
from rich.console import Console
from rich.table import Table
from scipy.sparse.linalg import LinearOperator, eigsh

from actfunc import data
from actfunc.analysis.curvature import flatten, hessian_product, operator
from actfunc.analysis.lanczos import Trace, gaussian, mean, signs
from actfunc.analysis.landscape import landscape
from actfunc.cli.console import print_error
from actfunc.defaults import EIGENVALUES, LANCZOS_STEPS, TRACE_PROBES
from actfunc.errors import ActfuncError
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.tutorial.checkpoints import FOLDER, read_six

WITHIN = 0.01
"""Relative distance of two eigenvalues that are the same."""

ERRORS = 4
"""Standard errors of the difference that two traces may be apart."""


def scipys(of: Callable[[torch.Tensor], torch.Tensor], start: torch.Tensor) -> dict[str, Any]:
    """The eigenvalues by ARPACK, in descending order, its products and seconds."""
    products = 0

    def multiply(vector: np.ndarray) -> np.ndarray:
        nonlocal products
        products += 1
        return of(torch.from_numpy(vector.ravel()).to(start)).double().numpy()

    square = LinearOperator((len(start),) * 2, matvec=multiply, dtype=np.float64)
    began = time.perf_counter()
    found = eigsh(square, k=EIGENVALUES, which="LA", tol=1e-5, v0=start.double().numpy())[0]
    seconds = time.perf_counter() - began
    return {"eigenvalues": sorted(found.tolist(), reverse=True), "products": products} | {
        "seconds": seconds
    }


def hutchinson(
    of: Callable[[torch.Tensor], torch.Tensor], like: torch.Tensor, count: int, seed: int
) -> Trace:
    """The trace as the mean of vᵀAv over vectors of random signs, in the shape of `like`.

    Hutchinson, A stochastic estimator of the trace of the influence matrix, 1990.
    """
    generator = torch.Generator().manual_seed(seed)
    probes = (signs(like, generator) for _ in range(count))
    return mean([(probe * of(probe)).sum() for probe in probes])


def measured(network: Checkpoint, batch: data.Examples, options: argparse.Namespace) -> dict:
    """One network's figures, ours and theirs."""
    params, phi = network.params, network.activation
    images, labels = batch.images, batch.labels
    began = time.perf_counter()
    ours = landscape(
        params, phi, images, labels, top=EIGENVALUES, steps=options.steps, probes=options.probes
    )
    seconds = time.perf_counter() - began
    of = operator(hessian_product, params, phi, images, labels)
    start = gaussian(flatten(params), 1)
    peer = scipys(of, start)
    few, many = (
        hutchinson(of, start, count, seed)
        for count, seed in ((options.probes, 1), (options.peer_probes, 2))
    )
    values = ours.top.values.double().numpy()
    apart = np.abs(values / np.array(peer["eigenvalues"]) - 1).max()
    both = torch.hypot(ours.trace.standard_error, many.standard_error)
    return {
        "eigenvalues": values.tolist(),
        "residuals": ours.top.residuals.tolist(),
        "landscape_seconds": seconds,
        "eigsh": peer,
        "apart": float(apart),
        "trace": plain(ours.trace),
        "hutchinson_same_probes": plain(few),
        "hutchinson": plain(many),
        "trace_apart_in_errors": float((ours.trace.value - many.value).abs() / both),
    }


def plain(trace: Trace) -> dict[str, float]:
    """A trace and its standard error as JSON values."""
    return {part: float(value) for part, value in trace._asdict().items()}


def table(found: dict[str, dict[str, Any]]) -> Table:
    """A network a row."""
    drawn = Table(title="curvature", title_justify="left")
    drawn.add_column("")
    for name in ("largest", "eigsh", "5 apart", "trace", "Hutchinson, as many", "and many more"):
        drawn.add_column(name, justify="right")
    for name, row in found.items():
        traces = (
            f"{row[kind]['value']:.4g} ± {row[kind]['standard_error']:.1g}"
            for kind in ("trace", "hutchinson_same_probes", "hutchinson")
        )
        largest, peers = row["eigenvalues"][0], row["eigsh"]["eigenvalues"][0]
        drawn.add_row(name, f"{largest:.5g}", f"{peers:.5g}", f"{row['apart']:.0e}", *traces)
    return drawn


def main() -> int:
    """Measure the six networks and write the results; 1 where the two ways are apart."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=256, help="training images")
    parser.add_argument("--steps", type=int, default=LANCZOS_STEPS, help="Lanczos steps")
    parser.add_argument(
        "--probes", type=int, default=TRACE_PROBES, help="random vectors of our trace"
    )
    parser.add_argument("--peer-probes", type=int, default=200, help="of plain Hutchinson's")
    options = parser.parse_args()
    console, device = Console(width=100), torch.device("cpu")
    try:
        loaded = data.load("fashion_mnist", download=False)
        networks = read_six(str(data.data_root() / FOLDER))
    except ActfuncError as error:
        print_error(error)
        return error.exit_code
    batch = data.Examples(*data.split(loaded).train.first(options.batch))
    found = {}
    for name, network in networks.items():
        found[name] = measured(network, batch, options)
        console.print(f"{name}: {found[name]['apart']:.0e} apart", markup=False)
    console.print(table(found))
    if wrong := [
        name
        for name, row in found.items()
        if not (row["apart"] < WITHIN and row["trace_apart_in_errors"] < ERRORS)
    ]:
        console.print(f"error: not the same figures: {', '.join(wrong)}")
        return 1
    document = {"title": "curvature", **vars(options), "networks": found}
    console.print(f"results: {write(document, device)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
